import { belongsTo, workloadFacts, type WorkloadFacts } from '../../core/health/workload-facts.ts'
import type { Manifest, ObjectRef } from '../../domain/manifest.ts'
import type { Bundle } from '../../domain/wire.ts'
import { isObject, type Json, type JsonObject, objectAt, textAt } from '../../util/json.ts'
import { pointerSteps } from '../../util/pointer.ts'
import { ANNOTATION_INSTANCE, LABEL_ID } from '../names.ts'
import type { Stopped } from '../resources.ts'

/** What a manifest lacks until it is applied. */
export interface Dressing {
  readonly ref: ObjectRef
  readonly bundle: Bundle
  readonly stopped: Stopped
  /** Values of its generated leaves, by pointer. */
  readonly generated: JsonObject
}

/**
 * The object to apply: our marks, the generated values, and 0 replicas where it is held.
 *
 * A workload that an autoscaler of the same bundle drives carries no replicas, unless it is held.
 */
export function desiredObject(manifest: Manifest, { ref, bundle, stopped, generated }: Dressing): JsonObject {
  const filled = manifest.generated.reduce<JsonObject>(
    (object, pointer) => setAt(object, pointerSteps(pointer), generated[pointer] ?? null),
    manifest.object,
  )
  const metadata = objectAt(filled, 'metadata')
  const marked: JsonObject = {
    ...filled,
    metadata: {
      ...metadata,
      ...(ref.namespace === '' ? {} : { namespace: ref.namespace }),
      labels: { ...objectAt(metadata, 'labels'), [LABEL_ID]: bundle.deployment.id },
      annotations: {
        ...objectAt(metadata, 'annotations'),
        ...(bundle.instance === undefined ? {} : { [ANNOTATION_INSTANCE]: bundle.instance }),
      },
    },
  }
  const facts = workloadFacts(marked)
  return facts === undefined ? marked : withReplicas(marked, facts, { bundle, stopped })
}

/** Whether a workload stays at 0, because everything is stopped or a component it belongs to is. */
export function isHeld(facts: WorkloadFacts, components: Bundle['components'], stopped: Stopped): boolean {
  return stopped.all || stopped.components.some((name) => belongsTo(facts.podLabels, components[name]?.labels ?? {}))
}

/** Whether an autoscaler of the bundle drives the workload. */
export function isAutoscaled({ kind, name }: Pick<WorkloadFacts, 'kind' | 'name'>, bundle: Bundle): boolean {
  return bundle.manifests.some(
    ({ object }) =>
      object['kind'] === 'HorizontalPodAutoscaler' &&
      textAt(object, 'spec', 'scaleTargetRef', 'kind') === kind &&
      textAt(object, 'spec', 'scaleTargetRef', 'name') === name,
  )
}

function withReplicas(
  object: JsonObject,
  facts: WorkloadFacts,
  { bundle, stopped }: Pick<Dressing, 'bundle' | 'stopped'>,
): JsonObject {
  const spec = objectAt(object, 'spec')
  if (isHeld(facts, bundle.components, stopped)) {
    if (facts.kind === 'CronJob') return { ...object, spec: { ...spec, suspend: true } }
    return isScalable(facts) ? { ...object, spec: { ...spec, replicas: 0 } } : object
  }
  if (!isScalable(facts) || !isAutoscaled(facts, bundle)) return object
  const { replicas: _replicas, ...rest } = spec
  return { ...object, spec: rest }
}

/** Whether the kind has replicas. */
export function isScalable({ kind }: Pick<WorkloadFacts, 'kind'>): boolean {
  return kind === 'Deployment' || kind === 'StatefulSet'
}

/** A copy with one value set; the way there exists, because the pointer was taken from the object. */
function setAt(value: JsonObject, steps: readonly string[], leaf: Json): JsonObject {
  return setIn(value, steps, leaf) as JsonObject
}

function setIn(value: Json, [step, ...rest]: readonly string[], leaf: Json): Json {
  if (step === undefined) return leaf
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((item, index) => (String(index) === step ? setIn(item, rest, leaf) : item))
  }
  return isObject(value) ? { ...value, [step]: setIn(value[step] ?? null, rest, leaf) } : value
}
