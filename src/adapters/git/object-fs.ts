import { promises } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { basename, dirname } from 'node:path'

/** What isomorphic-git needs of a file system. */
export interface GitFs {
  readonly promises: FsPromises
}

interface FsPromises {
  readFile(path: string, options?: unknown): Promise<Uint8Array | string>
  writeFile(path: string, data: Uint8Array | string, options?: unknown): Promise<void>
  unlink(path: string): Promise<void>
  readdir(path: string): Promise<readonly string[]>
  mkdir(path: string, mode?: unknown): Promise<unknown>
  rmdir(path: string): Promise<void>
  stat(path: string): Promise<unknown>
  lstat(path: string): Promise<unknown>
  readlink(path: string, options?: unknown): Promise<string>
  symlink(target: string, path: string): Promise<void>
  chmod(path: string, mode: number): Promise<void>
}

/** A file system for one repository, with what makes reading its objects fast. */
export interface ObjectFs {
  readonly fs: GitFs
  /** Forget what was remembered: after a fetch, and when the repository was changed from outside. */
  invalidate(): void
}

const LOOSE = /[\\/]objects[\\/][0-9a-f]{2}[\\/][0-9a-f]{38}$/

/**
 * Remembers the listings of the object folders, because isomorphic-git looks for a loose file and lists the packs for every object.
 *
 * Writing is atomic (a new file, then a rename), so that a kill never leaves half a pack, index or ref.
 */
export function objectFs(): ObjectFs {
  const listings = new Map<string, Promise<ReadonlySet<string>>>()
  const listing = (folder: string): Promise<ReadonlySet<string>> => {
    const known = listings.get(folder)
    if (known !== undefined) return known
    const fresh = promises.readdir(folder).then(
      (names) => new Set(names),
      () => new Set<string>(),
    )
    listings.set(folder, fresh)
    return fresh
  }
  const present = async (path: string): Promise<void> => {
    if (LOOSE.test(path) && !(await listing(dirname(path))).has(basename(path))) throw missing(path)
  }
  return {
    fs: {
      promises: {
        ...plainFs(),
        readFile: async (path, options) => {
          await present(path)
          return promises.readFile(path, options as BufferEncoding)
        },
        stat: async (path) => {
          await present(path)
          return promises.stat(path)
        },
        lstat: async (path) => {
          await present(path)
          return promises.lstat(path)
        },
        readdir: async (path) => (isPackFolder(path) ? [...(await listing(path))] : promises.readdir(path)),
        writeFile: async (path, data, options) => {
          await writeWhole(path, data, options)
          listings.delete(dirname(path))
        },
      },
    },
    invalidate: () => listings.clear(),
  }
}

function plainFs(): Pick<FsPromises, 'unlink' | 'mkdir' | 'rmdir' | 'readlink' | 'symlink' | 'chmod'> {
  return {
    unlink: (path) => promises.unlink(path),
    mkdir: (path, mode) => promises.mkdir(path, mode as { recursive: boolean }),
    rmdir: (path) => promises.rmdir(path),
    readlink: (path) => promises.readlink(path),
    symlink: (target, path) => promises.symlink(target, path),
    chmod: (path, mode) => promises.chmod(path, mode),
  }
}

async function writeWhole(path: string, data: Uint8Array | string, options: unknown): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`
  await promises.writeFile(draft, data, options as BufferEncoding)
  await promises.rename(draft, path)
}

function isPackFolder(path: string): boolean {
  return /[\\/]objects[\\/]pack[\\/]?$/.test(path)
}

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' })
}
