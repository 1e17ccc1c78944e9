// In:    a local path or an HTTP(S) address, a branch, credentials by host.
// Out:   a GitSource: commits, trees and notes, objects only.
// Never: a work tree, a checkout, or a credential sent to a host that it is not for.
import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as git from 'isomorphic-git'
import { SetupError, UnreachableError } from '../../domain/errors.ts'
import type { GitSource } from '../../ports/git-source.ts'
import { commitsOf } from './commits.ts'
import type { GitCredential } from './http-client.ts'
import { addLines, NOTES_REF, type NoteLines, readNoteAt } from './notes.ts'
import { ensureMirror, fetchMirror, fetchNotes, pushNotes, type RemoteOptions } from './remote.ts'
import { resolveRef, resolveRevision } from './revision.ts'
import { locateGitFolder, openRepository, type Repository } from './repository.ts'
import { treesOf } from './tree.ts'

export interface GitSourceOptions {
  /** A local path, `file://` address, or `http(s)://` address. */
  readonly repository: string
  readonly branch: string
  /** Only files below it count; `''` for all. */
  readonly path: string
  /** Where the mirror of a remote is kept. */
  readonly folder: string
  readonly credentialOf: (host: string) => Promise<GitCredential | undefined>
}

const PUSH_TRIES = 8
const LOCK_TRIES = 100
const LOCK_WAIT_MS = 50
/** Nobody holds the lock of a ref this long; whoever made it was killed. */
const LOCK_STALE_MS = 60_000

/**
 * Opens a repository; a remote one is not fetched yet.
 *
 * Errors: SetupError STY403, STY404, STY405 (see `locateGitFolder`).
 */
export async function openGitSource(options: GitSourceOptions): Promise<GitSource> {
  return /^https?:\/\//.test(options.repository) ? openRemote(options) : openLocal(options)
}

/** The git folder of a repository that is read in place; `undefined` for a remote one. */
export async function localGitFolder(repository: string): Promise<string | undefined> {
  return /^https?:\/\//.test(repository) ? undefined : locateGitFolder(repository.replace(/^file:\/\//, ''))
}

async function openLocal(options: GitSourceOptions): Promise<GitSource> {
  const repository = openRepository(await locateGitFolder(options.repository.replace(/^file:\/\//, '')))
  return {
    ...reading(repository, options),
    fetch: async () => repository.refresh(),
    appendNotes: (lines, signal) => appendLocally(repository, lines, signal),
  }
}

async function openRemote(options: GitSourceOptions): Promise<GitSource> {
  const remote: RemoteOptions = { url: options.repository, branch: options.branch, credentialOf: options.credentialOf }
  const name = createHash('sha256').update(options.repository).digest('hex').slice(0, 16)
  const folder = join(options.folder, `${name}.git`)
  await ensureMirror(folder, remote)
  const repository = openRepository(folder)
  return {
    ...reading(repository, options),
    fetch: (signal) => fetchMirror(repository, remote, signal),
    appendNotes: (lines, signal) => appendRemotely(repository, { lines, remote }, signal),
  }
}

function reading(repository: Repository, { branch, path }: GitSourceOptions): Omit<GitSource, 'fetch' | 'appendNotes'> {
  const commits = commitsOf(repository)
  const trees = treesOf(repository, path.replace(/^\/+|\/+$/g, ''))
  return {
    head: () => resolveRef(repository, `refs/heads/${branch}`),
    walk: ({ from, to }, signal) => commits.walk(from, to, signal),
    resolve: (revision) => resolveRevision(repository, commits, revision),
    tree: (commit) => trees.of(commit),
    readNote: async (commit) => readNoteAt(repository, await resolveRef(repository, NOTES_REF), commit),
    close: () => Promise.resolve(),
  }
}

async function appendRemotely(
  repository: Repository,
  { lines, remote }: { readonly lines: NoteLines; readonly remote: RemoteOptions },
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 0; attempt < PUSH_TRIES; attempt++) {
    const parent = await fetchNotes(repository, remote, signal)
    const next = await addLines(repository, parent, lines)
    if (next === undefined) return
    await git.writeRef({ ...repository.base(), ref: NOTES_REF, value: next, force: true })
    if ((await pushNotes(repository, remote, signal)) === 'pushed') return
    await delay(2 ** attempt * 20, undefined, { signal })
  }
  throw new UnreachableError(
    'STY410',
    `${NOTES_REF} could not be pushed: the remote moved or refused ${PUSH_TRIES} times`,
    {
      hint: 'Check that the credential may write refs/notes/*; it is tried again.',
    },
  )
}

/** Takes git's own lock on the ref, so that `git notes` and we never overwrite each other. */
async function appendLocally(repository: Repository, lines: NoteLines, signal: AbortSignal): Promise<void> {
  const path = join(repository.gitdir, NOTES_REF)
  await mkdir(dirname(path), { recursive: true })
  const lock = await takeLock(`${path}.lock`, signal)
  try {
    await repository.refresh()
    const next = await addLines(repository, await resolveRef(repository, NOTES_REF), lines)
    if (next === undefined) return await rm(`${path}.lock`)
    await lock.writeFile(`${next}\n`)
    await lock.sync()
    await rename(`${path}.lock`, path)
  } catch (cause) {
    await rm(`${path}.lock`, { force: true })
    throw cause
  } finally {
    await lock.close()
  }
}

async function takeLock(path: string, signal: AbortSignal): Promise<Awaited<ReturnType<typeof open>>> {
  for (let attempt = 0; attempt < LOCK_TRIES; attempt++) {
    try {
      return await open(path, 'wx')
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw lockError(path, cause)
    }
    if (await isStale(path)) await rm(path, { force: true })
    else await delay(LOCK_WAIT_MS, undefined, { signal })
  }
  throw lockError(path, new Error(`${path} exists: ${await readFile(path, 'utf8').catch(() => '')}`))
}

async function isStale(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > LOCK_STALE_MS
}

function lockError(path: string, cause: unknown): SetupError {
  return new SetupError('STY410', `${path} could not be taken`, {
    hint: 'Remove the lock file when no git command is running, and check that the folder can be written.',
    cause,
  })
}
