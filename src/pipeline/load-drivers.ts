import { isDriverFile, readDriver } from '../core/instances/read-driver.ts'
import type { DriverDocument } from '../domain/documents.ts'
import type { Driver } from '../domain/driver.ts'
import type { LinkedAction } from '../domain/instance.ts'
import type { Problem } from '../domain/problem.ts'
import type { SourceTree, TreeEntry } from '../ports/source-tree.ts'
import { mapLimited } from '../util/map-limited.ts'
import { linkActions } from './link-actions.ts'
import type { ResolveCache } from './resolve-cache.ts'

/** A driver document with the driver it declares; without one, `problems` say why. */
export interface LoadedDriver {
  readonly document: DriverDocument
  readonly driver?: Driver
  readonly actions: readonly LinkedAction[]
  readonly problems: readonly Problem[]
}

const READS_AT_ONCE = 16
const MAX_DRIVER_FILE_BYTES = 5 * 1024 * 1024
const MAX_DRIVER_BYTES = 32 * 1024 * 1024

/** Reads the files of each driver; a folder whose blobs were read before is not read again. Order: as the documents. */
export async function loadDrivers(
  documents: readonly DriverDocument[],
  { tree, entries }: { readonly tree: SourceTree; readonly entries: readonly TreeEntry[] },
  cache: ResolveCache,
  signal: AbortSignal,
): Promise<readonly LoadedDriver[]> {
  return mapLimited(documents, 1, async (document) => {
    const own = entriesOf(document, entries)
    const key = [
      `${cache.identities.numberOf(document)}`,
      ...own.map(({ entry, path }) => `${path} ${entry.mode} ${entry.oid}`),
    ].join('\n')
    const known = cache.drivers.get(key)
    if (known !== undefined) return known
    const loaded = await loadDriver(document, { tree, own }, signal)
    cache.drivers.set(key, loaded)
    return loaded
  })
}

interface OwnEntry {
  readonly entry: TreeEntry
  /** From the driver's folder. */
  readonly path: string
}

function entriesOf(document: DriverDocument, entries: readonly TreeEntry[]): readonly OwnEntry[] {
  const prefix = document.folder === '' ? '' : `${document.folder}/`
  return entries.flatMap((entry) => {
    if (!entry.path.startsWith(prefix)) return []
    const path = entry.path.slice(prefix.length)
    return isDriverFile(document, path) ? [{ entry, path }] : []
  })
}

async function loadDriver(
  document: DriverDocument,
  { tree, own }: { readonly tree: SourceTree; readonly own: readonly OwnEntry[] },
  signal: AbortSignal,
): Promise<LoadedDriver> {
  const links = own.filter(({ entry }) => entry.mode === '120000' || entry.mode === '160000')
  if (links.length > 0)
    return refused(
      document,
      links.map(({ entry }) => linkProblem(document, entry.path)),
    )
  const files = new Map<string, Uint8Array>()
  let total = 0
  const read = await mapLimited(own, READS_AT_ONCE, async ({ entry, path }) => {
    const data = total > MAX_DRIVER_BYTES ? 'too-large' : await tree.read(entry, MAX_DRIVER_FILE_BYTES, signal)
    total += data === 'too-large' ? 0 : data.length
    return { path, file: entry.path, data }
  })
  for (const { path, data } of read) if (data !== 'too-large') files.set(path, data)
  const large = read.filter(({ data }) => data === 'too-large')
  if (large.length > 0)
    return refused(
      document,
      large.map(({ file }) => sizeProblem(document, file)),
    )

  const { driver, problems } = readDriver(document, files)
  if (driver === undefined) return refused(document, problems)
  const linked = linkActions(driver, document)
  if (linked.problems.length > 0) return refused(document, linked.problems)
  return { document, driver, actions: linked.actions, problems }
}

function refused(document: DriverDocument, problems: readonly Problem[]): LoadedDriver {
  return { document, actions: [], problems }
}

function sizeProblem({ name }: DriverDocument, file: string): Problem {
  return {
    code: 'STY259',
    severity: 'error',
    at: { file, line: 1, col: 1 },
    message: `the file is too large for the driver "${name}": 5 MiB a file and 32 MiB in all are read`,
    hint: "Leave it out of the chart, or name it in the chart's .helmignore and keep it elsewhere.",
  }
}

function linkProblem({ name }: DriverDocument, file: string): Problem {
  return {
    code: 'STY261',
    severity: 'error',
    at: { file, line: 1, col: 1 },
    message: `the driver "${name}" has a symbolic link or submodule among its files; neither is followed`,
    hint: 'Put the file itself here.',
  }
}
