import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { SetupError } from '../../domain/errors.ts'
import { type ObjectFs, objectFs } from './object-fs.ts'

/** An object store with what isomorphic-git wants at every call. */
export interface Repository {
  readonly gitdir: string
  readonly files: ObjectFs
  /** Arguments for every call of isomorphic-git; read anew each time, since the cache is replaced after a repack. */
  base(): { readonly fs: ObjectFs['fs']; readonly gitdir: string; readonly cache: object }
  /** After a change from outside: new packs are seen, and packs that are gone are forgotten. */
  refresh(): Promise<void>
}

/** Opens the object store in a git folder. */
export function openRepository(gitdir: string): Repository {
  const files = objectFs()
  let cache = {}
  let packs: readonly string[] = []
  return {
    gitdir,
    files,
    base: () => ({ fs: files.fs, gitdir, cache }),
    refresh: async () => {
      files.invalidate()
      const now = await readdir(join(gitdir, 'objects/pack')).catch((): string[] => [])
      if (packs.some((name) => !now.includes(name))) cache = {}
      packs = now
    },
  }
}

/**
 * The git folder of a local path: a checkout, a linked worktree, or a bare repository.
 *
 * Errors: SetupError STY403 when there is none; STY404 for a shallow clone; STY405 for a format that is not read.
 */
export async function locateGitFolder(path: string): Promise<string> {
  const gitdir = await findGitFolder(resolve(path))
  if (gitdir === undefined) {
    throw new SetupError('STY403', `${path} is not a git repository`, { hint: 'Name a checkout or a bare repository.' })
  }
  await checkFormat(gitdir)
  return gitdir
}

async function findGitFolder(path: string): Promise<string | undefined> {
  const dotGit = join(path, '.git')
  const facts = await stat(dotGit).catch(() => undefined)
  if (facts?.isDirectory() === true) return dotGit
  if (facts?.isFile() === true) return commonFolder(path, await readFile(dotGit, 'utf8'))
  return existsSync(join(path, 'HEAD')) && existsSync(join(path, 'objects')) ? path : undefined
}

/** A linked worktree has its own folder, but objects and branches are in the common one. */
async function commonFolder(path: string, dotGit: string): Promise<string | undefined> {
  const link = /^gitdir: (.+)$/m.exec(dotGit)?.[1]
  if (link === undefined) return undefined
  const gitdir = isAbsolute(link) ? link : resolve(path, link)
  const common = await readFile(join(gitdir, 'commondir'), 'utf8').catch(() => undefined)
  return common === undefined ? gitdir : resolve(gitdir, common.trim())
}

async function checkFormat(gitdir: string): Promise<void> {
  await refuseShallow(gitdir)
  const config = await readFile(join(gitdir, 'config'), 'utf8').catch(() => '')
  if (/^\s*objectformat\s*=\s*sha256/im.test(config)) throw unread(gitdir, 'SHA-256 object ids')
  if (/^\s*refstorage\s*=\s*reftable/im.test(config)) throw unread(gitdir, 'the reftable format')
  if (/^\s*partialclone\s*=/im.test(config)) throw unread(gitdir, 'a partial clone')
  if (existsSync(join(gitdir, 'objects/info/alternates'))) throw unread(gitdir, 'alternates (git clone --shared)')
}

/** Errors: SetupError STY404 when the history is cut off. */
export async function refuseShallow(gitdir: string): Promise<void> {
  const shallow = await readFile(join(gitdir, 'shallow'), 'utf8').catch(() => '')
  if (shallow.trim() === '') return
  throw new SetupError('STY404', `${gitdir} is a shallow clone: its history is cut off`, {
    hint: 'Fetch the whole history: in CI set `fetch-depth: 0`, elsewhere run `git fetch --unshallow`.',
  })
}

function unread(gitdir: string, what: string): SetupError {
  return new SetupError('STY405', `${gitdir} uses ${what}, which is not read`, {
    hint: 'Make a plain full clone with `git clone --no-local` and name that.',
  })
}
