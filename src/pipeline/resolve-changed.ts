import { linkDocuments } from '../core/desired/link-documents.ts'
import type { DesiredDeployment } from '../domain/desired.ts'
import type { DeploymentDocument } from '../domain/documents.ts'
import { type DeploymentKey, deploymentKey } from '../domain/ids.ts'
import type { Problem } from '../domain/problem.ts'
import { changedDeployments, type DeploymentChanges, documentChanges, isFarReaching } from './changed-deployments.ts'
import { patchState } from './patch-state.ts'
import { readEntries } from './read-files.ts'
import type { PipelineTools } from './resolution.ts'
import { resolveOutcomes } from './resolve-outcomes.ts'
import type { ListedTree } from './resolve-whole.ts'
import { treeDelta } from './tree-delta.ts'
import type { TreeState } from './tree-state.ts'

const MAX_PATHS = 64

/** What the changed deployments say now. */
export interface ChangedLinks {
  readonly desired: readonly DesiredDeployment[]
  /** Those at changed files; errors affect deployments of these files alone. */
  readonly problems: readonly Problem[]
}

/**
 * Resolves a tree from one that differs little: only deployments whose documents changed are looked at.
 *
 * Shape:  gives exactly what `resolveWhole` would give.
 * Errors: `undefined` whenever that is not certain: shared documents, drivers, errors near by, collisions.
 */
export async function resolveChanged(
  state: TreeState,
  { tree, entries }: ListedTree,
  tools: PipelineTools,
  signal: AbortSignal,
): Promise<TreeState | undefined> {
  const delta = treeDelta(state.entries, entries, MAX_PATHS)
  if (delta === undefined || delta.some((change) => isFarReaching(change, state))) return undefined
  const documents = documentChanges(delta, state)
  const fresh = documents.flatMap(({ after }) => (after === undefined ? [] : [after]))
  const readings = await readEntries({ tree, entries: fresh }, tools.cache, signal)
  const changes = changedDeployments(documents, readings, state)
  const links = changes === undefined ? undefined : linkChanges(changes, state)
  if (changes === undefined || links === undefined) return undefined
  const outcomes = await resolveOutcomes(links.desired, state.loaded, tools, signal)
  return patchState(state, { entries, delta, changes, links, outcomes })
}

/** Links the changed deployments among themselves, what they depend on, and everything that is shared. */
function linkChanges(changes: DeploymentChanges, state: TreeState): ChangedLinks | undefined {
  if (changes.now.size === 0) return { desired: [], problems: [] }
  const around = closure(changes, state)
  if (around === undefined) return undefined
  const linked = linkDocuments({ documents: [...state.shared, ...around.values()], broken: state.broken, problems: [] })
  const problems = linked.problems.filter(({ at }) => at !== undefined && changes.files.has(at.file))
  const desired = linked.deployments.filter(({ key }) => changes.now.has(key))
  const explained = new Set([...desired.map(({ key }) => key), ...problems.flatMap(({ affects = [] }) => affects)])
  const loaded = new Set(state.loaded.flatMap((one) => (one.driver === undefined ? [] : [one.document])))
  const certain =
    desired.every(({ driver }) => loaded.has(driver)) &&
    [...explained].every((key) => changes.now.has(key)) &&
    [...changes.now.keys()].every((key) => explained.has(key)) &&
    problems.every(({ severity, affects = [] }) => severity !== 'error' || affects.length > 0)
  return certain && idsAreFree(changes.added, desired, state) ? { desired, problems } : undefined
}

/** Whether the ids of new deployments are known and belong to no other; those of changed ones stayed as they were. */
function idsAreFree(
  added: readonly DeploymentKey[],
  desired: readonly DesiredDeployment[],
  { resolution }: TreeState,
): boolean {
  if (added.length === 0) return true
  const ids = new Set(desired.flatMap(({ key, id }) => (added.includes(key) ? [id] : [])))
  return ids.size === added.length && [...resolution.instances.values()].every(({ instance }) => !ids.has(instance.id))
}

/** The changed deployments and all they need, over any number of steps; `undefined` when one of these is not there. */
function closure(
  { now, removed }: DeploymentChanges,
  { deployments }: TreeState,
): ReadonlyMap<DeploymentKey, DeploymentDocument> | undefined {
  const gone = new Set(removed)
  const found = new Map(now)
  for (const { environment, dependsOn } of found.values()) {
    for (const name of dependsOn) {
      const key = deploymentKey(environment, name)
      const document = found.get(key) ?? (gone.has(key) ? undefined : deployments.get(key))
      if (document === undefined) return undefined
      found.set(key, document)
    }
  }
  return found
}
