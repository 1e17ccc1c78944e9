// Comes in: a tree of files, a renderer, and what is remembered of other trees. Goes out: everything the tree says.
// Never: a change of anything but the cache; the same tree gives the same answer, whatever the cache holds.
import type { Reading } from '../core/documents/read-documents.ts'
import { type Linked, linkDocuments } from '../core/desired/link-documents.ts'
import { findCollisions } from '../core/render/claims.ts'
import type { DesiredDeployment } from '../domain/desired.ts'
import type { DriverDocument } from '../domain/documents.ts'
import { type DeploymentKey, deploymentKey } from '../domain/ids.ts'
import type { Problem } from '../domain/problem.ts'
import type { SourceTree } from '../ports/source-tree.ts'
import { byText, compareText } from '../util/json.ts'
import { mapLimited } from '../util/map-limited.ts'
import { type LoadedDriver, loadDrivers } from './load-drivers.ts'
import { mergeProblems } from './merge-problems.ts'
import { readFiles } from './read-files.ts'
import type { PipelineTools, Resolution, ResolvedDriver } from './resolution.ts'
import type { Outcome, ResolveCache } from './resolve-cache.ts'
import { resolveOne } from './resolve-one.ts'

const RENDERS_AT_ONCE = 8

/**
 * Resolves a tree: documents, references, drivers, contexts, renders, Instances.
 *
 * Shape:  one bad document costs the deployments that depend on it, and nothing else.
 * Errors: bad input as problems; UnreachableError of the tree and BugError of the renderer are thrown.
 */
export async function resolveTree(tree: SourceTree, tools: PipelineTools, signal: AbortSignal): Promise<Resolution> {
  const { cache } = tools
  const entries = await tree.list(signal)
  const { reading, paths } = await readFiles({ tree, entries }, cache, signal)
  const linked = linkDocuments({ ...reading, memory: cache.links })
  const documents = reading.documents.filter((document) => document.kind === 'ApplicationDriver')
  const loaded = await loadDrivers(documents, { tree, entries }, cache, signal)
  const drivers = new Map(loaded.map((driver) => [driver.document, driver]))

  const outcomes = new Map<DeploymentKey, Outcome>()
  const missing: DesiredDeployment[] = []
  for (const desired of linked.deployments) {
    const driver = drivers.get(desired.driver)
    const known = driver === undefined ? undefined : cache.outcomes.get(outcomeKey(desired, driver, cache))
    if (known === undefined) missing.push(desired)
    else outcomes.set(desired.key, known)
  }
  await mapLimited(missing, RENDERS_AT_ONCE, async (desired) => {
    signal.throwIfAborted()
    outcomes.set(desired.key, await resolveWith(desired, drivers, { tools, signal }))
  })
  return assemble({ reading, linked, loaded, outcomes, present: entries.map(({ path }) => path), read: paths })
}

async function resolveWith(
  desired: DesiredDeployment,
  drivers: ReadonlyMap<DriverDocument, LoadedDriver>,
  { tools, signal }: { readonly tools: PipelineTools; readonly signal: AbortSignal },
): Promise<Outcome> {
  const loaded = drivers.get(desired.driver)
  if (loaded?.driver === undefined) return { problems: [] }
  const outcome = await resolveOne({ desired, driver: loaded.driver, actions: loaded.actions }, tools, signal)
  if (isLasting(outcome)) tools.cache.outcomes.set(outcomeKey(desired, loaded, tools.cache), outcome)
  return outcome
}

/** What a slow or crowded machine did is tried again; what the input did is not. */
const PASSING = new Set<string>(['STY310', 'STY311', 'STY312', 'STY313'])

function isLasting({ problems }: Outcome): boolean {
  return problems.every(({ code }) => !PASSING.has(code))
}

/** The documents by identity: a blob that was read before gives the same document. */
function outcomeKey(desired: DesiredDeployment, { driver }: LoadedDriver, { identities }: ResolveCache): string {
  const { document, environment, cluster } = desired
  const numbers = [document, environment, cluster, desired.driver].map((value) => identities.numberOf(value))
  return `${numbers.join(' ')} ${desired.appVersion} ${driver?.digest ?? ''}`
}

interface Pieces {
  readonly reading: Reading
  readonly linked: Linked
  readonly loaded: readonly LoadedDriver[]
  readonly outcomes: ReadonlyMap<DeploymentKey, Outcome>
  readonly present: readonly string[]
  readonly read: readonly string[]
}

function assemble({ reading, linked, loaded, outcomes, present, read }: Pieces): Resolution {
  const claims = [...outcomes.values()].flatMap((outcome) => (outcome.claims === undefined ? [] : [outcome.claims]))
  const collisions = findCollisions(claims)
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
    declaredTwice: linked.declaredTwice,
    files: linked.declared,
    deleteData: deleteDataKeys(reading),
    unsureFiles: reading.unsureFiles,
    readFiles: new Set(read),
    presentFiles: new Set(present),
    clusters: linked.clusters,
    environments: linked.environments,
    drivers: loaded.flatMap(resolvedDriver).sort(byText(({ name, version }) => `${name}\0${version}`)),
    problems: mergeProblems([
      ...linked.problems,
      ...driverProblems(loaded, linked),
      ...[...outcomes.values()].flatMap(({ problems }) => problems),
      ...collisions,
    ]),
  }
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

function driverProblems(loaded: readonly LoadedDriver[], { deployments }: Linked): readonly Problem[] {
  return loaded.flatMap(({ document, problems }) => {
    if (problems.length === 0) return []
    const affects = deployments.filter(({ driver }) => driver === document).map(({ key }) => key)
    return problems.map((problem) => (affects.length === 0 ? problem : { ...problem, affects }))
  })
}
