import type { Manifest, ObjectRef } from '../../domain/manifest.ts'
import { objectTitle } from '../../domain/manifest.ts'
import { isObject, type JsonObject, listAt, textAt } from '../../util/json.ts'
import { refOf } from '../../domain/object-ref.ts'
import type { StepDraft } from './draft-steps.ts'
import type { PlanInput } from './make-plan.ts'

/** The environment's namespace, made when it is not there. */
export function namespaceStep({ after }: PlanInput): StepDraft {
  const namespace = after?.instance.namespace ?? ''
  return step('namespace', {
    args: { name: namespace, podSecurity: after?.instance.policy.podSecurity ?? '' },
    title: `Make sure of namespace ${namespace}`,
  })
}

/** The built-in apply: all objects of the Instance, by the digest of their bytes. */
export function applyStep({ after, recreate }: PlanInput): StepDraft {
  const count = after?.manifests.length ?? 0
  const anew = recreate.length === 0 ? '' : `, ${recreate.map(objectTitle).join(', ')} anew`
  return step('apply', {
    args: {
      manifests: after?.instance.manifestsDigest ?? '',
      ...(recreate.length === 0 ? {} : { recreate: recreate.map(refArgs) }),
    },
    title: `Apply ${counted(count, 'object')}${anew}`,
  })
}

/** Removes what the Instance no longer has; left out when nothing vanishes. Volume claims stay: only `delete-data` removes data. */
export function pruneSteps({ before, after }: PlanInput): readonly StepDraft[] {
  const kept = new Set((after?.manifests ?? []).map(identity))
  const gone = (before?.manifests ?? []).filter(
    (manifest) => !kept.has(identity(manifest)) && isRemovable(manifest) && !isClaim(manifest),
  )
  if (gone.length === 0) return []
  const objects = gone.map(({ object }) => refOf(object)).reverse()
  return [step('prune', { args: { objects: objects.map(refArgs) }, title: `Remove ${titles(objects)}` })]
}

export function waitReadyStep(): StepDraft {
  return step('wait-ready', { args: {}, title: 'Wait until everything is ready' })
}

export function scaleDownStep(): StepDraft {
  return step('scale-down', { args: {}, title: 'Stop all components' })
}

export function scaleUpStep(): StepDraft {
  return step('scale-up', { args: {}, title: 'Start all components' })
}

/** Workloads first, then the rest in reverse order of installation; volumes only when the class says so. */
export function deleteSteps({ before, verdict }: PlanInput): readonly StepDraft[] {
  const manifests = [...(before?.manifests ?? [])].filter(isRemovable).reverse()
  const claims = manifests.filter(isClaim)
  const workloads = manifests.filter(isWorkload)
  const rest = manifests.filter((manifest) => !isClaim(manifest) && !isWorkload(manifest))
  return [
    ...deleteStep(
      'delete-workloads',
      workloads.map(({ object }) => refOf(object)),
    ),
    ...deleteStep(
      'delete-objects',
      rest.map(({ object }) => refOf(object)),
    ),
    ...(verdict.class === 'delete-data' ? [deleteDataStep(claims, workloads)] : []),
  ]
}

function deleteStep(name: string, objects: readonly ObjectRef[]): readonly StepDraft[] {
  if (objects.length === 0) return []
  return [{ ...step('delete', { args: { objects: objects.map(refArgs) }, title: `Delete ${titles(objects)}` }), name }]
}

/** Claims the chart makes, and those its StatefulSets make from their templates. */
function deleteDataStep(claims: readonly Manifest[], workloads: readonly Manifest[]): StepDraft {
  const templates = workloads.flatMap(({ object }) =>
    listAt(object, 'spec', 'volumeClaimTemplates').map((template) => ({
      statefulSet: textAt(object, 'metadata', 'name') ?? '',
      template: textAt(template, 'metadata', 'name') ?? '',
    })),
  )
  const names = [
    ...claims.map(({ object }) => textAt(object, 'metadata', 'name') ?? ''),
    ...templates.map(({ statefulSet, template }) => `${template}-${statefulSet}-*`),
  ]
  return {
    ...step('delete', {
      args: { objects: claims.map(({ object }) => refOf(object)).map(refArgs), claimTemplates: templates },
      title: `Delete volumes ${names.join(', ') || '(none)'}`,
    }),
    name: 'delete-data',
  }
}

function step(kind: StepDraft['kind'], { args, title }: Pick<StepDraft, 'args' | 'title'>): StepDraft {
  return { name: kind, kind, args, live: false, title }
}

const WORKLOADS = new Set([
  'CronJob',
  'DaemonSet',
  'Deployment',
  'Job',
  'Pod',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
])

function isWorkload({ object }: Manifest): boolean {
  return WORKLOADS.has(textAt(object, 'kind') ?? '')
}

function isClaim({ object }: Manifest): boolean {
  return textAt(object, 'kind') === 'PersistentVolumeClaim'
}

/** Neither a hook, nor a CRD (removing one removes all its objects, anywhere), nor marked to be kept. */
function isRemovable({ object, hook, crd }: Manifest): boolean {
  const metadata = object['metadata']
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined
  return hook === undefined && !crd && textAt(annotations, 'helm.sh/resource-policy') !== 'keep'
}

/** Group without version: an object whose API version changes is the same object. */
function identity(manifest: Manifest): string {
  const { apiVersion, kind, namespace, name } = refOf(manifest.object)
  return [apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '', kind, namespace, name].join(
    '\0',
  )
}

function refArgs({ apiVersion, kind, namespace, name }: ObjectRef): JsonObject {
  return { apiVersion, kind, namespace, name }
}

const SHOWN = 3

function titles(objects: readonly ObjectRef[]): string {
  const shown = objects.slice(0, SHOWN).map(objectTitle).join(', ')
  return objects.length > SHOWN ? `${shown} and ${objects.length - SHOWN} more` : shown
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
