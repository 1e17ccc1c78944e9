import { documentEntries, isLink } from '../core/documents/own-files.ts'
import { joinReadings, type Reading } from '../core/documents/read-documents.ts'
import { type FileReading, MAX_FILE_BYTES, readFileDocuments } from '../core/documents/read-file.ts'
import type { SourceTree, TreeEntry } from '../ports/source-tree.ts'
import { mapLimited } from '../util/map-limited.ts'
import type { ResolveCache } from './resolve-cache.ts'
import type { ListedTree } from './resolve-whole.ts'

const READS_AT_ONCE = 16

/** Reads the documents of a tree, and says what each file holds; blobs that were read before are not read again. */
export async function readFiles(
  { tree, entries }: ListedTree,
  cache: ResolveCache,
  signal: AbortSignal,
): Promise<{ readonly reading: Reading; readonly readings: ReadonlyMap<string, FileReading> }> {
  const readings = await readEntries({ tree, entries: documentEntries(entries) }, cache, signal)
  return { reading: joinReadings([...readings].map(([path, reading]) => ({ path, reading }))), readings }
}

/** Reads entries that hold documents. Order: of the entries. */
export async function readEntries(
  { tree, entries }: ListedTree,
  cache: ResolveCache,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FileReading>> {
  const known = entries.map((entry) => ({ entry, reading: cache.files.get(fileKey(entry)) }))
  const missing = known.flatMap(({ entry, reading }) => (reading === undefined ? [entry] : []))
  const read = await mapLimited(missing, READS_AT_ONCE, async (entry) => {
    const reading = await readOne(tree, entry, signal)
    cache.files.set(fileKey(entry), reading)
    return [entry.path, reading] as const
  })
  const fresh = new Map(read)
  return new Map(
    known.flatMap(({ entry: { path }, reading = fresh.get(path) }) => (reading === undefined ? [] : [[path, reading]])),
  )
}

function fileKey({ path, mode, oid }: TreeEntry): string {
  return `${oid} ${mode} ${path}`
}

async function readOne(tree: SourceTree, entry: TreeEntry, signal: AbortSignal): Promise<FileReading> {
  signal.throwIfAborted()
  const { path, mode } = entry
  const bytes = isLink(mode) ? new Uint8Array() : await tree.read(entry, MAX_FILE_BYTES, signal)
  return readFileDocuments({ path, mode, bytes })
}
