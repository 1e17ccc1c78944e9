import { documentEntries, isLink } from '../core/documents/own-files.ts'
import { joinReadings, type Reading } from '../core/documents/read-documents.ts'
import { type FileReading, MAX_FILE_BYTES, readFileDocuments } from '../core/documents/read-file.ts'
import type { SourceTree, TreeEntry } from '../ports/source-tree.ts'
import { mapLimited } from '../util/map-limited.ts'
import type { ResolveCache } from './resolve-cache.ts'

const READS_AT_ONCE = 16

/** Reads the documents of a tree, and says which paths were read; blobs that were read before are not read again. */
export async function readFiles(
  { tree, entries }: { readonly tree: SourceTree; readonly entries: readonly TreeEntry[] },
  cache: ResolveCache,
  signal: AbortSignal,
): Promise<{ readonly reading: Reading; readonly paths: readonly string[] }> {
  const own = documentEntries(entries)
  const readings = new Map<string, FileReading>()
  const missing: TreeEntry[] = []
  for (const entry of own) {
    const known = cache.files.get(fileKey(entry))
    if (known === undefined) missing.push(entry)
    else readings.set(entry.path, known)
  }
  await mapLimited(missing, READS_AT_ONCE, async (entry) => {
    const reading = await readOne(tree, entry, signal)
    cache.files.set(fileKey(entry), reading)
    readings.set(entry.path, reading)
  })
  const paths = own.map(({ path }) => path)
  return { reading: joinReadings(paths.flatMap((path) => withPath(path, readings.get(path)))), paths }
}

function withPath(
  path: string,
  reading: FileReading | undefined,
): readonly { readonly path: string; readonly reading: FileReading }[] {
  return reading === undefined ? [] : [{ path, reading }]
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
