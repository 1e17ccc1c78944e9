import type { JsonObject } from '../../util/json.ts'

/** A field with what `kubectl explain` says of it. */
export function field(type: 'string' | 'boolean', description: string, more: JsonObject = {}): JsonObject {
  return { type, description, ...more }
}

/** A whole number. */
export function number(description: string, more: JsonObject = {}): JsonObject {
  return { type: 'integer', format: 'int64', description, ...more }
}

/** A point in time, RFC 3339. */
export function time(description: string): JsonObject {
  return { type: 'string', format: 'date-time', description }
}

/** An object with known fields. */
export function object(
  description: string,
  properties: Readonly<Record<string, JsonObject>>,
  required: readonly string[] = [],
): JsonObject {
  return { type: 'object', description, properties, ...(required.length === 0 ? {} : { required }) }
}

/** A list whose items are found by their keys. */
function listBy(keys: readonly string[], items: JsonObject, description: string): JsonObject {
  return { type: 'array', description, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys, items }
}

/** A list that is written as a whole. */
export function list(items: JsonObject, description: string): JsonObject {
  return { type: 'array', description, 'x-kubernetes-list-type': 'atomic', items }
}

/** Any JSON value. */
export function anything(description: string): JsonObject {
  return { description, 'x-kubernetes-preserve-unknown-fields': true }
}

/** `status.conditions`, exactly as `metav1.Condition`. */
export const CONDITIONS = listBy(
  ['type'],
  object(
    'What is true of the object.',
    {
      type: field('string', 'Ready is always there; Reconciling and Stalled only while they are true.', {
        maxLength: 316,
      }),
      status: field('string', 'True, False or Unknown.', { enum: ['True', 'False', 'Unknown'] }),
      observedGeneration: number('The generation of the object that this was said of.', { minimum: 0 }),
      lastTransitionTime: time('When the status changed last.'),
      reason: field('string', 'One word for machines.', {
        minLength: 1,
        maxLength: 1024,
        pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
      }),
      message: field('string', 'One sentence for people.', { maxLength: 32768 }),
    },
    ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
  ),
  'Ready, Reconciling and Stalled, as kstatus reads them.',
)

/** How a custom resource is presented. */
export interface CrdFacts {
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortName: string
  readonly columns: readonly JsonObject[]
  readonly schema: JsonObject
}

/** A column of `kubectl get`; a priority of 1 shows with `-o wide`. */
export function column(name: string, jsonPath: string, more: JsonObject = {}): JsonObject {
  return { name, type: 'string', jsonPath, ...more }
}

/** The CustomResourceDefinition of one of our kinds. */
export function definition({ kind, plural, singular, shortName, columns, schema }: CrdFacts): JsonObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.styrmin.io`, labels: { 'app.kubernetes.io/managed-by': 'styrmin' } },
    spec: {
      group: 'styrmin.io',
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [shortName], categories: ['styrmin'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  }
}
