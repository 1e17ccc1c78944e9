import { documentEntries } from '../core/documents/own-files.ts'
import { joinReadings } from '../core/documents/read-documents.ts'
import type { FileReading } from '../core/documents/read-file.ts'
import { isDriverFile } from '../core/instances/read-driver.ts'
import type { DeploymentDocument } from '../domain/documents.ts'
import { type DeploymentKey, deploymentKey } from '../domain/ids.ts'
import type { PathChange } from './tree-delta.ts'
import type { TreeState } from './tree-state.ts'

/** A change of paths that touches documents of deployments only. */
export interface DeploymentChanges {
  /** Paths of documents that changed. */
  readonly files: ReadonlySet<string>
  readonly readings: ReadonlyMap<string, FileReading>
  /** Every deployment that stands in a changed file now. */
  readonly now: ReadonlyMap<DeploymentKey, DeploymentDocument>
  readonly added: readonly DeploymentKey[]
  readonly removed: readonly DeploymentKey[]
}

/** Whether a path could be more than a document of a deployment: then the whole tree must be looked at. */
export function isFarReaching({ path }: PathChange, { shared }: TreeState): boolean {
  if (/(^|\/)Chart\.ya?ml$/.test(path) || path.endsWith('styrmin.lock.yaml')) return true
  return shared.some((document) => {
    if (document.kind !== 'ApplicationDriver') return false
    const prefix = document.folder === '' ? '' : `${document.folder}/`
    return path.startsWith(prefix) && isDriverFile(document, path.slice(prefix.length))
  })
}

/** The changes whose path is one that documents are read from. */
export function documentChanges(changes: readonly PathChange[], { chartMarks }: TreeState): readonly PathChange[] {
  return changes.filter(({ path, before, after }) => {
    const entry = after ?? before
    return entry !== undefined && documentEntries([...chartMarks, entry]).some((own) => own.path === path)
  })
}

/**
 * What changed, when it is nothing but sound documents of deployments.
 *
 * Errors: `undefined` when anything else is touched, or when what was wrong before could come into it.
 */
export function changedDeployments(
  changes: readonly PathChange[],
  readings: ReadonlyMap<string, FileReading>,
  state: TreeState,
): DeploymentChanges | undefined {
  const before = changes.flatMap(({ path }) => present(state.readings.get(path)))
  const after = [...readings.values()]
  if (![...before, ...after].every(isSound)) return undefined
  if (joinReadings([...readings].map(([path, reading]) => ({ path, reading }))).problems.length > 0) return undefined
  const [old, now] = [deploymentsOf(before), deploymentsOf(after)]
  if (old === undefined || now === undefined) return undefined
  const added = [...now.keys()].filter((key) => !old.has(key))
  const removed = [...old.keys()].filter((key) => !now.has(key))
  const found = { files: new Set(changes.map(({ path }) => path)), readings, now, added, removed }
  return isApart(found, old, state) ? found : undefined
}

function present(reading: FileReading | undefined): readonly FileReading[] {
  return reading === undefined ? [] : [reading]
}

function isSound({ documents, broken, problems, unsure }: FileReading): boolean {
  const plain = broken.length === 0 && problems.length === 0 && !unsure
  return plain && documents.every(({ kind }) => kind === 'Deployment')
}

/** By key; `undefined` when one is there twice. */
function deploymentsOf(readings: readonly FileReading[]): ReadonlyMap<DeploymentKey, DeploymentDocument> | undefined {
  const found = new Map<DeploymentKey, DeploymentDocument>()
  for (const document of readings.flatMap(({ documents }) => documents)) {
    if (document.kind !== 'Deployment') return undefined
    const key = deploymentKey(document.environment, document.name)
    if (found.has(key)) return undefined
    found.set(key, document)
  }
  return found
}

/** Whether what the tree says of all other deployments stays true. */
function isApart(
  { files, now, added, removed }: DeploymentChanges,
  old: ReadonlyMap<DeploymentKey, DeploymentDocument>,
  state: TreeState,
): boolean {
  const { resolution } = state
  const keys = new Set([...old.keys(), ...now.keys()])
  if (resolution.blocked.some((key) => keys.has(key) && !isOwnTrouble(key, { keys, files }, state))) return false
  if ([...now].some(([key, { id }]) => old.has(key) && old.get(key)?.id !== id)) return false
  if (added.length === 0 && removed.length === 0) return true
  if (resolution.problems.some(({ severity }) => severity === 'error')) return false
  return !added.some((key) => resolution.files.has(key)) && !isNeeded(removed, state.deployments)
}

/** Whether a blocked deployment is blocked by what stands in its own file, so that no other can be freed with it. */
function isOwnTrouble(
  key: DeploymentKey,
  { keys, files }: { readonly keys: ReadonlySet<DeploymentKey>; readonly files: ReadonlySet<string> },
  { linkProblems, driverProblems, resolution }: TreeState,
): boolean {
  if (resolution.declaredTwice.includes(key)) return false
  return [...linkProblems, ...driverProblems]
    .filter(({ affects = [] }) => affects.includes(key))
    .every(
      ({ at, affects = [] }) => at !== undefined && files.has(at.file) && affects.every((other) => keys.has(other)),
    )
}

function isNeeded(removed: readonly DeploymentKey[], deployments: TreeState['deployments']): boolean {
  if (removed.length === 0) return false
  const gone = new Set<string>(removed)
  return [...deployments.values()].some(({ environment, dependsOn }) =>
    dependsOn.some((name) => gone.has(deploymentKey(environment, name))),
  )
}
