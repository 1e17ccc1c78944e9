import type { Deletion } from '../domain/desired.ts'
import type { CommitSha, DeploymentKey } from '../domain/ids.ts'
import type { ResolvedInstance } from '../domain/instance.ts'
import type { Resolution } from '../pipeline/resolution.ts'
import type { DeploymentState } from '../ports/store.ts'
import { byText } from '../util/json.ts'
import type { ServerState } from './state.ts'

/** What a commit says of all deployments. */
export interface Wanted {
  readonly commit: CommitSha
  readonly resolution: Resolution
  /** What the commit before said, when it is remembered: then only what differs is looked at. */
  readonly before: Resolution | undefined
  readonly deletions: readonly Deletion[]
}

/**
 * The states that a commit changes, before anything is planned.
 *
 * Shape:  what is blocked keeps what was desired of it; what is held stays as it was; what is deleted loses its file.
 * Order:  by key.
 */
export function nextStates(
  { commit, resolution, before: remembered, deletions }: Wanted,
  state: Pick<ServerState, 'deployment' | 'allObserved'>,
): readonly DeploymentState[] {
  const blocked = new Set(resolution.blocked)
  const declared = changedKeys(resolution, remembered).flatMap((key) => {
    const file = resolution.files.get(key)
    if (file === undefined) return []
    const before = state.deployment(key) ?? unknown(key, state)
    const deleteData = resolution.deleteData.has(key)
    const base = { ...withoutMarks(before), file, blocked: blocked.has(key), ...(deleteData ? { deleteData } : {}) }
    const resolved = resolution.instances.get(key)
    return [resolved === undefined ? base : withDesired(base, resolved, commit)]
  })
  const gone = deletions.flatMap(({ key, deleteData }) => {
    const before = state.deployment(key)
    if (before === undefined) return []
    const { file: _, desired: __, refused: ___, ...rest } = withoutMarks(before)
    return [{ ...rest, blocked: false, commit, ...(deleteData ? { deleteData } : {}) }]
  })
  return [...declared, ...gone]
    .filter((next) => !isSame(next, state.deployment(next.key)))
    .sort(byText(({ key }) => key))
}

/** Deployments of which two trees do not say the same; all of them when the tree before is not remembered. */
function changedKeys(now: Resolution, before: Resolution | undefined): readonly DeploymentKey[] {
  if (before === undefined) return [...now.files.keys()]
  const changed = new Set<DeploymentKey>([
    ...differing(now.instances, before.instances),
    ...differing(now.files, before.files),
    ...oneSided(new Set(now.blocked), new Set(before.blocked)),
    ...oneSided(now.deleteData, before.deleteData),
  ])
  return [...changed]
}

function differing<V>(
  now: ReadonlyMap<DeploymentKey, V>,
  before: ReadonlyMap<DeploymentKey, V>,
): readonly DeploymentKey[] {
  if (now === before) return []
  const keys: DeploymentKey[] = []
  for (const [key, value] of now) if (before.get(key) !== value) keys.push(key)
  return keys
}

function oneSided(now: ReadonlySet<DeploymentKey>, before: ReadonlySet<DeploymentKey>): readonly DeploymentKey[] {
  return [...now.symmetricDifference(before)]
}

function withoutMarks(state: DeploymentState): Omit<DeploymentState, 'deleteData'> {
  const { deleteData: _, ...rest } = state
  return rest
}

/** Field by field is enough: what does not change is carried over as it is. */
function isSame(next: DeploymentState, before: DeploymentState | undefined): boolean {
  if (before === undefined) return false
  const [left, right] = [Object.entries(next), Object.entries(before)]
  return left.length === right.length && left.every(([key, value]) => Object.is(value, own(before, key)))
}

function own(state: DeploymentState, key: string): unknown {
  return (state as unknown as Readonly<Record<string, unknown>>)[key]
}

/** A deployment that this store has never had; the cluster may know it, when the store is younger than the cluster. */
function unknown(key: DeploymentKey, { allObserved }: Pick<ServerState, 'allObserved'>): DeploymentState {
  const [environment = '', name = ''] = key.split('/')
  const report = allObserved().get(key)?.report
  const active = report?.active
  return {
    key,
    environment,
    name,
    blocked: false,
    epoch: report?.epoch ?? 0,
    ...(active === undefined ? {} : { active }),
  }
}

function withDesired(state: DeploymentState, { instance }: ResolvedInstance, commit: CommitSha): DeploymentState {
  const same = state.desired === instance.digest
  const { refused, ...rest } = state
  return {
    ...rest,
    ...(same && refused === true ? { refused } : {}),
    id: instance.id,
    cluster: instance.cluster,
    namespace: instance.namespace,
    driver: sameDriver(state.driver, instance.driver),
    version: instance.appVersion,
    desired: instance.digest,
    ...(same ? {} : { commit }),
  }
}

function sameDriver(before: DeploymentState['driver'], { name, version }: { name: string; version: string }) {
  return before?.name === name && before.version === version ? before : { name, version }
}
