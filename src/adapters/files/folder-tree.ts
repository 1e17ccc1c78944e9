// In:    a folder of the file system.
// Out:   its files as a SourceTree, with the ids git would give them; word of changes to a repository's refs.
// Never: follow a symbolic link, or read below a `.git` folder.
import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, UnreachableError } from '../../domain/errors.ts'
import type { SourceTree, TreeEntry } from '../../ports/source-tree.ts'
import { byText } from '../../util/json.ts'

const EXECUTABLE = 0o111

/**
 * The files of a folder as they lie there, committed or not.
 *
 * Shape:  modes and ids as git would give them; a symbolic link is listed as `120000` and read as its target's path.
 * Errors: InputError STY419 when there is no such folder; UnreachableError STY420 when a file cannot be read.
 */
export function folderTree(folder: string): SourceTree {
  return {
    list: async (signal) => {
      const facts = await lstat(folder).catch(() => undefined)
      if (facts === undefined)
        throw new InputError('STY419', `there is no folder ${folder}`, {
          hint: 'Name the folder of a GitOps repository.',
        })
      return (await listFolder(folder, '', signal)).toSorted(byText(({ path }) => path))
    },
    read: async (entry, maxBytes, signal) => {
      signal.throwIfAborted()
      const bytes = await contentOf(join(folder, entry.path), entry.mode)
      return bytes.byteLength > maxBytes ? 'too-large' : bytes
    },
  }
}

async function listFolder(root: string, prefix: string, signal: AbortSignal): Promise<readonly TreeEntry[]> {
  signal.throwIfAborted()
  const found = await readdir(join(root, prefix), { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(join(root, prefix), cause)
  })
  const entries: TreeEntry[] = []
  for (const item of found) {
    if (item.name === '.git') continue
    const path = `${prefix}${item.name}`
    if (item.isDirectory()) entries.push(...(await listFolder(root, `${path}/`, signal)))
    else if (item.isFile() || item.isSymbolicLink()) entries.push(await entryOf(root, path, item))
  }
  return entries
}

async function entryOf(root: string, path: string, item: Dirent): Promise<TreeEntry> {
  const mode = item.isSymbolicLink() ? '120000' : await fileMode(join(root, path))
  const bytes = await contentOf(join(root, path), mode)
  return { path, mode, oid: blobId(bytes) }
}

async function fileMode(path: string): Promise<string> {
  const { mode } = await lstat(path)
  return (mode & EXECUTABLE) === 0 ? '100644' : '100755'
}

async function contentOf(path: string, mode: string): Promise<Uint8Array> {
  try {
    return mode === '120000' ? new TextEncoder().encode(await readlink(path)) : await readFile(path)
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** The id that git gives a file's content. */
function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.byteLength}\0`).update(bytes).digest('hex')
}

function unreadable(path: string, cause: unknown): UnreachableError {
  return new UnreachableError('STY420', `${path} cannot be read`, { hint: 'Check the rights of the file.', cause })
}
