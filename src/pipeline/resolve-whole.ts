import { type Linked, linkDocuments } from '../core/desired/link-documents.ts'
import type { Reading } from '../core/documents/read-documents.ts'
import { findCollisions } from '../core/render/claims.ts'
import { type DeploymentKey, deploymentKey } from '../domain/ids.ts'
import type { Problem } from '../domain/problem.ts'
import type { SourceTree, TreeEntry } from '../ports/source-tree.ts'
import { byText, compareText } from '../util/json.ts'
import { ClaimOwners } from './claim-owners.ts'
import { type LoadedDriver, loadDrivers } from './load-drivers.ts'
import { mergeProblems } from './merge-problems.ts'
import { readFiles } from './read-files.ts'
import type { PipelineTools, Resolution, ResolvedDriver } from './resolution.ts'
import type { Outcome } from './resolve-cache.ts'
import { resolveOutcomes } from './resolve-outcomes.ts'
import type { TreeState } from './tree-state.ts'

/** A tree with its entries. */
export interface ListedTree {
  readonly tree: SourceTree
  readonly entries: readonly TreeEntry[]
}

/** Resolves a tree from all its documents; what is remembered is not read or rendered again. */
export async function resolveWhole(listed: ListedTree, tools: PipelineTools, signal: AbortSignal): Promise<TreeState> {
  const { cache } = tools
  const { reading, readings } = await readFiles(listed, cache, signal)
  const linked = linkDocuments({ ...reading, memory: cache.links })
  const documents = reading.documents.filter((document) => document.kind === 'ApplicationDriver')
  const loaded = await loadDrivers(documents, listed, cache, signal)
  const outcomes = await resolveOutcomes(linked.deployments, loaded, tools, signal)
  return assemble({ listed, reading, readings, linked, loaded, outcomes })
}

interface Pieces {
  readonly listed: ListedTree
  readonly reading: Reading
  readonly readings: TreeState['readings']
  readonly linked: Linked
  readonly loaded: readonly LoadedDriver[]
  readonly outcomes: ReadonlyMap<DeploymentKey, Outcome>
}

function assemble(pieces: Pieces): TreeState {
  const { listed, reading, readings, linked, loaded, outcomes } = pieces
  const claims = [...outcomes.values()].flatMap((outcome) => (outcome.claims === undefined ? [] : [outcome.claims]))
  const collisions = findCollisions(claims)
  const driverProblems = problemsOfDrivers(loaded, linked)
  const renderProblems = problemsOfRenders(outcomes)
  const rendered = [...renderProblems.values()].flat()
  return {
    entries: listed.entries,
    chartMarks: listed.entries.filter(({ path }) => /(^|\/)Chart\.ya?ml$/.test(path)),
    readings,
    shared: reading.documents.filter((document) => document.kind !== 'Deployment'),
    broken: reading.broken,
    deployments: deploymentsOf(reading, linked),
    loaded,
    linkProblems: linked.problems,
    driverProblems,
    renderProblems,
    ...(collisions.length > 0 ? {} : { owners: ClaimOwners.of(claims) }),
    resolution: {
      ...instancesOf(linked, outcomes, collisions),
      declaredTwice: linked.declaredTwice,
      files: linked.declared,
      deleteData: deleteDataKeys(reading),
      unsureFiles: reading.unsureFiles,
      readFiles: new Set(readings.keys()),
      presentFiles: new Set(listed.entries.map(({ path }) => path)),
      clusters: linked.clusters,
      environments: linked.environments,
      drivers: loaded.flatMap(resolvedDriver).sort(byText(({ name, version }) => `${name}\0${version}`)),
      problems: mergeProblems([...linked.problems, ...driverProblems, ...rendered, ...collisions]),
    },
  }
}

function instancesOf(
  linked: Linked,
  outcomes: ReadonlyMap<DeploymentKey, Outcome>,
  collisions: readonly Problem[],
): Pick<Resolution, 'instances' | 'renderRequests' | 'blocked'> {
  const collided = new Set(collisions.flatMap(({ affects = [] }) => affects))
  const good = linked.deployments.flatMap(({ key }) => {
    const { resolved, request } = outcomes.get(key) ?? {}
    return resolved === undefined || request === undefined || collided.has(key) ? [] : [{ key, resolved, request }]
  })
  const instances = new Map(good.map(({ key, resolved }) => [key, resolved]))
  const blocked = linked.deployments.map(({ key }) => key).filter((key) => !instances.has(key))
  return {
    instances,
    renderRequests: new Map(good.map(({ key, request }) => [key, request])),
    blocked: [...linked.blocked, ...blocked].sort(compareText),
  }
}

function deploymentsOf({ documents }: Reading, { declaredTwice }: Linked): TreeState['deployments'] {
  const twice = new Set(declaredTwice)
  const entries = documents.flatMap((document) =>
    document.kind === 'Deployment' ? [[deploymentKey(document.environment, document.name), document] as const] : [],
  )
  return new Map(entries.filter(([key]) => !twice.has(key)))
}

function deleteDataKeys({ documents }: Reading): ReadonlySet<DeploymentKey> {
  return new Set(
    documents.flatMap((document) =>
      document.kind === 'Deployment' && document.deleteData ? [deploymentKey(document.environment, document.name)] : [],
    ),
  )
}

function resolvedDriver({ driver }: LoadedDriver): readonly ResolvedDriver[] {
  if (driver === undefined) return []
  const { name, spec, digest, at } = driver
  return [{ name, version: spec.version, digest, at }]
}

function problemsOfDrivers(loaded: readonly LoadedDriver[], { deployments }: Linked): readonly Problem[] {
  return loaded.flatMap(({ document, problems }) => {
    if (problems.length === 0) return []
    const affects = deployments.filter(({ driver }) => driver === document).map(({ key }) => key)
    return problems.map((problem) => (affects.length === 0 ? problem : { ...problem, affects }))
  })
}

function problemsOfRenders(outcomes: ReadonlyMap<DeploymentKey, Outcome>): TreeState['renderProblems'] {
  return new Map([...outcomes].flatMap(([key, { problems }]) => (problems.length === 0 ? [] : [[key, problems]])))
}
