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
  readonly deletions: readonly Deletion[]
  readonly held: readonly { readonly key: DeploymentKey }[]
}

/**
 * The states that a commit changes, before anything is planned.
 *
 * Shape:  what is blocked keeps what was desired of it; what is held stays as it was; what is deleted loses its file.
 * Order:  by key.
 */
export function nextStates(
  { commit, resolution, deletions }: Wanted,
  state: Pick<ServerState, 'deployment' | 'allObserved'>,
): readonly DeploymentState[] {
  const blocked = new Set(resolution.blocked)
  const declared = [...resolution.files].map(([key, file]) => {
    const before = state.deployment(key) ?? unknown(key, state)
    const deleteData = resolution.deleteData.has(key)
    const base = { ...withoutMarks(before), file, blocked: blocked.has(key), ...(deleteData ? { deleteData } : {}) }
    const resolved = resolution.instances.get(key)
    return resolved === undefined ? base : withDesired(base, resolved, commit)
  })
  const gone = deletions.flatMap(({ key, deleteData }) => {
    const before = state.deployment(key)
    if (before === undefined) return []
    const { file: _, desired: __, ...rest } = withoutMarks(before)
    return [{ ...rest, blocked: false, commit, ...(deleteData ? { deleteData } : {}) }]
  })
  return [...declared, ...gone]
    .filter((next) => !isSame(next, state.deployment(next.key)))
    .sort(byText(({ key }) => key))
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
  return {
    ...state,
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
