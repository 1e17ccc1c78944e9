import type { Instance } from '../../domain/instance.ts'
import { objectTitle } from '../../domain/manifest.ts'
import type { Change, ObjectDiff } from '../../domain/plan.ts'
import { type Json, textAt } from '../../util/json.ts'
import { compareVersions, parseVersion } from '../../util/version.ts'
import { immutableChanges } from './immutable-fields.ts'
import type { ChangeFacts, Rule } from './judge-change.ts'

/** The table, most dangerous first; `create` and deletions stand before it because nothing else can be said of them. */
export const RULES: readonly Rule[] = [
  { name: 'same-instance', class: 'none', find: both((before, after) => found(before.digest === after.digest, [])) },
  { name: 'no-active-instance', class: 'create', find: created },
  {
    name: 'document-gone-with-data',
    class: 'delete-data',
    find: (facts) => (facts.deleteData ? deleted(facts) : undefined),
  },
  { name: 'document-gone', class: 'delete', find: deleted },
  { name: 'place-changed', class: 'move', find: both(moved) },
  { name: 'version-lower', class: 'downgrade', find: both((before, after) => versionStep(before, after, -1)) },
  { name: 'version-higher', class: 'upgrade', find: both((before, after) => versionStep(before, after, 1)) },
  { name: 'driver-changed', class: 'driver-upgrade', find: both(driverStep) },
  { name: 'immutable-field', class: 'recreate', find: ({ diff }) => some(diff.objects.flatMap(immutableEvidence)) },
  { name: 'state-stopped', class: 'stop', find: both((before, after) => stateStep(before, after, 'stopped')) },
  { name: 'state-running', class: 'start', find: both((before, after) => stateStep(before, after, 'running')) },
  { name: 'engine-only', class: 'engine', find: engineOnly },
  { name: 'replicas-only', class: 'scale', find: (facts) => only(facts, isReplicas) },
  { name: 'pod-template-metadata-only', class: 'restart', find: (facts) => only(facts, isTemplateMetadata) },
  { name: 'object-metadata-only', class: 'metadata', find: (facts) => only(facts, isMetadata) },
  { name: 'objects-differ', class: 'config', find: ({ diff }) => some(diff.objects.flatMap(objectEvidence)) },
  { name: 'no-object-differs', class: 'metadata', find: ({ diff }) => diff.inputs.map(({ at }) => at) },
]

function both(
  find: (before: Instance, after: Instance) => readonly string[] | undefined,
): (facts: ChangeFacts) => readonly string[] | undefined {
  return ({ before, after }) => (before === undefined || after === undefined ? undefined : find(before, after))
}

function found(fact: boolean, evidence: readonly string[]): readonly string[] | undefined {
  return fact ? evidence : undefined
}

function some(evidence: readonly string[]): readonly string[] | undefined {
  return found(evidence.length > 0, evidence)
}

function created({ before, after }: ChangeFacts): readonly string[] | undefined {
  if (before !== undefined || after === undefined) return undefined
  return [`${after.driver.name} ${after.appVersion} in namespace ${after.namespace}`]
}

function deleted({ before, after }: ChangeFacts): readonly string[] | undefined {
  if (before === undefined || after !== undefined) return undefined
  return [`${before.driver.name} ${before.appVersion} in namespace ${before.namespace}`]
}

function moved(before: Instance, after: Instance): readonly string[] | undefined {
  return some([
    ...(before.cluster === after.cluster ? [] : [`cluster ${before.cluster} -> ${after.cluster}`]),
    ...(before.namespace === after.namespace ? [] : [`namespace ${before.namespace} -> ${after.namespace}`]),
  ])
}

/** Versions that have no order count as a step up: that runs the procedure instead of leaving it out. */
function versionStep(before: Instance, after: Instance, direction: 1 | -1): readonly string[] | undefined {
  const [from, to] = [before.appVersion, after.appVersion]
  if (from === to) return undefined
  const ordered = parseVersion(from) !== undefined && parseVersion(to) !== undefined
  const step = ordered ? compareVersions(to, from) : 1
  if (step === 0 || step < 0 !== direction < 0) return undefined
  return [`application version ${from} -> ${to}`, ...(driverStep(before, after) ?? [])]
}

function driverStep(before: Instance, after: Instance): readonly string[] | undefined {
  if (before.driver.digest === after.driver.digest) return undefined
  const title = ({ driver }: Instance): string => `${driver.name} ${driver.version}`
  if (title(before) !== title(after)) return [`driver ${title(before)} -> ${title(after)}`]
  return [`driver ${title(after)} has other content`]
}

function immutableEvidence(diff: ObjectDiff): readonly string[] {
  return immutableChanges(diff).map(({ at }) => `${objectTitle(diff.ref)} ${at} cannot be changed in place`)
}

function stateStep(before: Instance, after: Instance, state: Instance['state']): readonly string[] | undefined {
  return found(before.state !== after.state && after.state === state, [`state ${before.state} -> ${after.state}`])
}

/** Same inputs, other engine: whatever differs in the objects, nobody asked for it now. */
function engineOnly({ before, after, diff }: ChangeFacts): readonly string[] | undefined {
  if (before === undefined || after === undefined || before.engineVersion === after.engineVersion) return undefined
  return found(diff.inputs.length === 0 && diff.values.length === 0, [
    `engine ${before.engineVersion} -> ${after.engineVersion}`,
  ])
}

type Fits = (diff: ObjectDiff, change: Change) => boolean

/** Evidence when objects differ, and in nothing but what fits. */
function only({ diff }: ChangeFacts, fits: Fits): readonly string[] | undefined {
  const { objects } = diff
  const all = objects.every(
    (object) => object.kind === 'changed' && object.changes.every((change) => fits(object, change)),
  )
  return all ? some(objects.flatMap(objectEvidence)) : undefined
}

const SCALED = new Set(['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController'])

function isReplicas({ ref }: ObjectDiff, { at }: Change): boolean {
  if (ref.kind === 'HorizontalPodAutoscaler') return at === '/spec/minReplicas' || at === '/spec/maxReplicas'
  return SCALED.has(ref.kind) && at === '/spec/replicas'
}

function isTemplateMetadata({ ref }: ObjectDiff, { at }: Change): boolean {
  const workload = SCALED.has(ref.kind) || ref.kind === 'DaemonSet'
  return workload && /^\/spec\/template\/metadata\/(annotations|labels)(\/|$)/.test(at)
}

function isMetadata(_: ObjectDiff, { at }: Change): boolean {
  return /^\/metadata\/(annotations|labels)(\/|$)/.test(at)
}

function objectEvidence(diff: ObjectDiff): readonly string[] {
  if (diff.kind !== 'changed') return [`${objectTitle(diff.ref)} ${diff.kind}`]
  return diff.changes.map((change) => `${objectTitle(diff.ref)} ${change.at}${valueStep(change)}`)
}

const SHORT = 60

/** `: 1 -> 2` where both values are short. */
function valueStep(change: Change): string {
  if (change.kind !== 'replaced') return ` ${change.kind}`
  const text = `: ${shown(change.before)} -> ${shown(change.after)}`
  return text.length > SHORT ? '' : text
}

function shown(value: Json): string {
  return textAt(value) ?? JSON.stringify(value)
}
