import { claimsOf } from '../core/render/claims.ts'
import type { DeploymentKey } from '../domain/ids.ts'
import type { Problem } from '../domain/problem.ts'
import type { TreeEntry } from '../ports/source-tree.ts'
import { compareText } from '../util/json.ts'
import { patchMap } from '../util/patched-map.ts'
import type { DeploymentChanges } from './changed-deployments.ts'
import { mergeProblems } from './merge-problems.ts'
import type { Resolution } from './resolution.ts'
import type { ChangedLinks } from './resolve-changed.ts'
import type { Outcome } from './resolve-cache.ts'
import type { PathChange } from './tree-delta.ts'
import type { TreeState } from './tree-state.ts'

/** What changed between two trees, resolved. */
export interface Patch {
  readonly entries: readonly TreeEntry[]
  readonly delta: readonly PathChange[]
  readonly changes: DeploymentChanges
  readonly links: ChangedLinks
  readonly outcomes: ReadonlyMap<DeploymentKey, Outcome>
}

/** The state of the new tree. Errors: `undefined` when a change collides with anything. */
export function patchState(state: TreeState, patch: Patch): TreeState | undefined {
  const { changes, links, outcomes } = patch
  const owners = patchedOwners(state, patch)
  if (owners === undefined) return undefined
  const renderProblems = patchedRenderProblems(state, patch)
  const linkProblems = [
    ...state.linkProblems.filter(({ at }) => at === undefined || !changes.files.has(at.file)),
    ...links.problems,
  ]
  const readings = patchMap(
    state.readings,
    changes.readings,
    [...changes.files].filter((path) => !changes.readings.has(path)),
  )
  const rendered = [...renderProblems.values()].flat()
  return {
    ...state,
    entries: patch.entries,
    readings,
    deployments: patchMap(state.deployments, changes.now, changes.removed),
    linkProblems,
    renderProblems,
    owners,
    resolution: {
      ...state.resolution,
      ...patchedInstances(state.resolution, changes, outcomes),
      ...patchedDeclarations(state.resolution, changes),
      ...patchedPaths(state.resolution, patch),
      problems: mergeProblems([...linkProblems, ...state.driverProblems, ...rendered]),
    },
  }
}

function patchedOwners({ owners, resolution }: TreeState, { changes, outcomes }: Patch): TreeState['owners'] {
  const gone = [...changes.removed, ...changes.now.keys()]
  const given = gone.flatMap((key) => {
    const resolved = resolution.instances.get(key)
    return resolved === undefined ? [] : [claimsOf(resolved, resolved.manifests)]
  })
  const made = [...outcomes.values()].flatMap(({ claims }) => (claims === undefined ? [] : [claims]))
  return owners?.after(given, made)
}

function patchedRenderProblems(state: TreeState, { changes, outcomes }: Patch): TreeState['renderProblems'] {
  const all = new Map<DeploymentKey, readonly Problem[]>(state.renderProblems)
  for (const key of [...changes.removed, ...changes.now.keys()]) all.delete(key)
  for (const [key, { problems }] of outcomes) if (problems.length > 0) all.set(key, problems)
  return all
}

function patchedInstances(
  { instances, renderRequests, blocked }: Resolution,
  { now, removed }: DeploymentChanges,
  outcomes: ReadonlyMap<DeploymentKey, Outcome>,
): Pick<Resolution, 'instances' | 'renderRequests' | 'blocked'> {
  const entries = [...outcomes].flatMap(([key, { resolved, request }]) =>
    resolved === undefined || request === undefined ? [] : [{ key, resolved, request }],
  )
  const failed = [...now.keys()].filter((key) => outcomes.get(key)?.resolved === undefined)
  const gone = [...removed, ...failed]
  return {
    instances: patchMap(instances, new Map(entries.map(({ key, resolved }) => [key, resolved])), gone),
    renderRequests: patchMap(renderRequests, new Map(entries.map(({ key, request }) => [key, request])), gone),
    blocked: [...blocked.filter((key) => !now.has(key) && !removed.includes(key)), ...failed].sort(compareText),
  }
}

function patchedDeclarations(
  { files, deleteData }: Resolution,
  { now, removed }: DeploymentChanges,
): Pick<Resolution, 'files' | 'deleteData'> {
  const places = new Map([...now].map(([key, { at }]) => [key, at.file]))
  const marked = new Set(deleteData)
  for (const key of removed) marked.delete(key)
  for (const [key, document] of now) {
    if (document.deleteData) marked.add(key)
    else marked.delete(key)
  }
  return { files: patchMap(files, places, removed), deleteData: marked }
}

function patchedPaths(
  { readFiles, presentFiles }: Resolution,
  { delta, changes }: Patch,
): Pick<Resolution, 'readFiles' | 'presentFiles'> {
  if (delta.every(({ before, after }) => before !== undefined && after !== undefined))
    return { readFiles, presentFiles }
  const [read, present] = [new Set(readFiles), new Set(presentFiles)]
  for (const { path, after } of delta) {
    if (after === undefined) present.delete(path)
    else present.add(path)
    if (changes.readings.has(path)) read.add(path)
    else read.delete(path)
  }
  return { readFiles: read, presentFiles: present }
}
