import type { Manifest } from '../../domain/manifest.ts'
import type { ProblemCode } from '../../domain/problem.ts'
import { at, isObject, type JsonObject, objectAt, textAt } from '../../util/json.ts'
import { isDeclared, kindId } from './kinds.ts'

/** What is wrong with one object, in terms of its own. */
export interface ObjectFault {
  readonly code: ProblemCode
  readonly message: string
  readonly hint: string
}

/** What an object may be in this place. */
export interface ObjectRules {
  readonly namespace: string
  readonly clusterScoped: readonly string[]
  readonly isClusterScoped: (kindId: string) => boolean
}

/** Source: etcd's request limit as kube-apiserver sets it, 1.5 MiB. */
const MAX_OBJECT_BYTES = 1_572_864
/** Source: `totalAnnotationSizeLimitB` in apimachinery's validation. */
const MAX_ANNOTATION_BYTES = 256 * 1024
/** Source: `DNS1123SubdomainMaxLength` and `DNS1123LabelMaxLength` in apimachinery's validation. */
const MAX_NAME = 253
const MAX_LABEL = 63
/** Kinds whose names must be DNS labels. CronJob: its Jobs add 11 characters. */
const SHORT_NAMES: ReadonlyMap<string, number> = new Map([
  ['/Service', MAX_LABEL],
  ['/Namespace', MAX_LABEL],
  ['apps/StatefulSet', MAX_LABEL],
  ['batch/CronJob', MAX_LABEL - 11],
  ['batch/Job', MAX_LABEL],
])

/** Everything an API server, or our own rules, would refuse in one object; empty when it is fine. */
export function checkObject({ object }: Manifest, rules: ObjectRules): readonly ObjectFault[] {
  const name = textAt(object, 'metadata', 'name')
  const missing = ['apiVersion', 'kind'].filter((key) => (textAt(object, key) ?? '') === '')
  if (missing.length > 0 || name === undefined || name === '') {
    const what = [...missing, ...(name === undefined || name === '' ? ['metadata.name'] : [])].join(', ')
    return [fault('STY330', `has no ${what}`, 'Give each object an apiVersion, a kind and a metadata.name.')]
  }
  return [
    ...checkName(object, name),
    ...checkPlace(object, rules),
    ...checkSize(object),
    ...checkLabels(object),
    ...checkReplicas(object),
  ]
}

function fault(code: ProblemCode, message: string, hint: string): ObjectFault {
  return { code, message, hint }
}

function checkName(object: JsonObject, name: string): readonly ObjectFault[] {
  const limit = SHORT_NAMES.get(kindId(object)) ?? MAX_NAME
  if (name.length > limit) {
    return [
      fault(
        'STY331',
        `has a name of ${name.length} characters; ${textAt(object, 'kind') ?? ''} allows ${limit}`,
        'Set fullnameOverride in values.j2.yml to something short.',
      ),
    ]
  }
  const upperCase = kindId(object).startsWith('rbac.authorization.k8s.io/')
  if (upperCase || /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)) return []
  return [
    fault(
      'STY331',
      'has a name that Kubernetes does not allow',
      'Use lower-case letters, digits, "-" and "." in names.',
    ),
  ]
}

function checkPlace(object: JsonObject, rules: ObjectRules): readonly ObjectFault[] {
  const id = kindId(object)
  if (isReserved(object, id)) {
    return [fault('STY334', 'is of a kind that only Styrmin itself makes', 'Remove it from the chart.')]
  }
  if (rules.isClusterScoped(id)) {
    if (isDeclared(id, rules.clusterScoped)) return []
    const [, kind = ''] = id.split('/')
    return [
      fault(
        'STY333',
        'lives outside namespaces, and the driver does not declare that it makes such objects',
        `Add ${kind} to spec.cluster_scoped of the driver, or switch the object off in values.j2.yml.`,
      ),
    ]
  }
  const namespace = textAt(object, 'metadata', 'namespace') ?? rules.namespace
  if (namespace === rules.namespace) return []
  return [
    fault(
      'STY332',
      `is in the namespace "${namespace}", but its environment's is "${rules.namespace}"`,
      'Leave metadata.namespace out of the chart, or use .Release.Namespace.',
    ),
  ]
}

/** Namespaces are made by the agent, custom resources of ours by the agent alone, release records are Helm's own. */
function isReserved(object: JsonObject, id: string): boolean {
  if (id === '/Namespace' || /(^|\.)styrmin\.io\//.test(id)) return true
  if (id === '/Secret' && textAt(object, 'type') === 'helm.sh/release.v1') return true
  const group = textAt(object, 'spec', 'group')
  return (
    id === 'apiextensions.k8s.io/CustomResourceDefinition' &&
    (group === 'styrmin.io' || (group ?? '').endsWith('.styrmin.io'))
  )
}

function checkSize(object: JsonObject): readonly ObjectFault[] {
  const bytes = sizeBytes(JSON.stringify(object))
  if (bytes > MAX_OBJECT_BYTES) {
    return [
      fault(
        'STY336',
        `is ${bytes} bytes large; Kubernetes stores ${MAX_OBJECT_BYTES}`,
        'Split it, or keep large files in a volume.',
      ),
    ]
  }
  const annotations = Object.entries(objectAt(object, 'metadata', 'annotations'))
  const total = annotations.reduce(
    (sum, [key, value]) => sum + sizeBytes(key) + sizeBytes(textAt(value) ?? JSON.stringify(value)),
    0,
  )
  if (total <= MAX_ANNOTATION_BYTES) return []
  return [
    fault(
      'STY337',
      `has ${total} bytes of annotations; Kubernetes allows ${MAX_ANNOTATION_BYTES}`,
      'Move the text into a ConfigMap.',
    ),
  ]
}

function sizeBytes(text: string): number {
  return new TextEncoder().encode(text).byteLength
}

function checkLabels(object: JsonObject): readonly ObjectFault[] {
  const texts = (['labels', 'annotations'] as const).flatMap((field) => {
    const value = at(object, 'metadata', field)
    if (value === undefined || value === null) return []
    if (!isObject(value)) return [`metadata.${field} is no map`]
    return Object.entries(value).flatMap(([key, text]) => labelFaults(field, key, text))
  })
  return texts.map((text) => fault('STY338', text, 'Quote numbers and booleans; keep label values to 63 characters.'))
}

function labelFaults(field: 'labels' | 'annotations', key: string, value: unknown): readonly string[] {
  if (typeof value !== 'string') return [`metadata.${field}["${key}"] is no text`]
  if (field === 'annotations') return []
  const allowed = value.length <= MAX_LABEL && /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/.test(value)
  return allowed ? [] : [`metadata.labels["${key}"] is no label value`]
}

function checkReplicas(object: JsonObject): readonly ObjectFault[] {
  const replicas = at(object, 'spec', 'replicas')
  const counted = ['apps/Deployment', 'apps/StatefulSet', 'apps/ReplicaSet'].includes(kindId(object))
  if (!counted || replicas === undefined || replicas === null) return []
  if (typeof replicas === 'number' && Number.isInteger(replicas) && replicas >= 0) return []
  return [
    fault('STY339', `has spec.replicas ${JSON.stringify(replicas)}`, 'Give replicas as a whole number of at least 0.'),
  ]
}
