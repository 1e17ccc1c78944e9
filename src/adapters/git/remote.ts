import * as git from 'isomorphic-git'
import { mkdir, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError, StyrminError, UnreachableError } from '../../domain/errors.ts'
import { type GitCredential, gitHttp } from './http-client.ts'
import { NOTES_REF } from './notes.ts'
import { type Repository, refuseShallow } from './repository.ts'

/** A repository on a server of its own. */
export interface RemoteOptions {
  readonly url: string
  readonly branch: string
  readonly credentialOf: (host: string) => Promise<GitCredential | undefined>
}

/** Makes the folder of a bare mirror that holds the tracked branch and the notes; an existing one is kept. */
export async function ensureMirror(folder: string, { url }: RemoteOptions): Promise<void> {
  for (const part of ['objects/info', 'objects/pack', 'refs/heads', 'refs/notes']) {
    await mkdir(join(folder, part), { recursive: true })
  }
  if (!existsSync(join(folder, 'HEAD'))) await writeFile(join(folder, 'HEAD'), 'ref: refs/heads/main\n')
  await writeFile(join(folder, 'config'), mirrorConfig(url))
}

function mirrorConfig(url: string): string {
  const fetch = ['+refs/heads/*:refs/heads/*', '+refs/notes/*:refs/notes/*'].map((spec) => `\tfetch = ${spec}\n`)
  return `[core]\n\trepositoryformatversion = 0\n\tbare = true\n[remote "origin"]\n\turl = ${url}\n${fetch.join('')}`
}

/**
 * Brings branch and notes of the mirror up to date; does nothing but one request when neither moved.
 *
 * Errors: UnreachableError STY401, SetupError STY402 (credential), STY403 (no repository or branch), STY404 (shallow).
 */
export async function fetchMirror(repository: Repository, options: RemoteOptions, signal: AbortSignal): Promise<void> {
  const branch = `refs/heads/${options.branch}`
  const refs = await listRefs(options, signal)
  if (!refs.has(branch)) {
    throw new SetupError('STY403', `${options.url} has no branch "${options.branch}"`, {
      hint: 'Push the branch, or set `branch` in the configuration.',
    })
  }
  for (const ref of [branch, NOTES_REF]) await fetchRef(repository, { ref, oid: refs.get(ref) }, options, signal)
  await refuseShallow(repository.gitdir)
}

/** Brings only the notes up to date; gives their head. */
export async function fetchNotes(
  repository: Repository,
  options: RemoteOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const oid = (await listRefs(options, signal)).get(NOTES_REF)
  await fetchRef(repository, { ref: NOTES_REF, oid }, options, signal)
  return oid
}

/** Pushes the notes; `rejected` when the remote moved in between. */
export async function pushNotes(
  repository: Repository,
  options: RemoteOptions,
  signal: AbortSignal,
): Promise<'pushed' | 'rejected'> {
  try {
    const http = gitHttp(options.credentialOf, signal)
    await git.push({ ...repository.base(), http, url: options.url, ref: NOTES_REF, remoteRef: NOTES_REF })
    return 'pushed'
  } catch (cause) {
    if (cause instanceof git.Errors.PushRejectedError || cause instanceof git.Errors.GitPushError) return 'rejected'
    throw transportError(options.url, cause, signal)
  }
}

async function listRefs(options: RemoteOptions, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  try {
    const http = gitHttp(options.credentialOf, signal)
    const refs = await git.listServerRefs({ http, url: options.url, protocolVersion: 1 })
    return new Map(refs.map(({ ref, oid }) => [ref, oid]))
  } catch (cause) {
    throw transportError(options.url, cause, signal)
  }
}

async function fetchRef(
  repository: Repository,
  { ref, oid }: { readonly ref: string; readonly oid: string | undefined },
  options: RemoteOptions,
  signal: AbortSignal,
): Promise<void> {
  if (oid === undefined || (await upToDate(repository, ref, oid))) return
  try {
    const http = gitHttp(options.credentialOf, signal)
    await git.fetch({
      ...repository.base(),
      http,
      url: options.url,
      remote: 'origin',
      ref,
      remoteRef: ref,
      singleBranch: true,
      tags: false,
    })
  } catch (cause) {
    throw transportError(options.url, cause, signal)
  } finally {
    await repository.refresh()
  }
}

/** The library moves the ref before it writes the pack, so after a kill the ref alone proves nothing. */
async function upToDate(repository: Repository, ref: string, oid: string): Promise<boolean> {
  const here = await git.resolveRef({ ...repository.base(), ref }).catch(() => undefined)
  if (here !== oid) return false
  return git.readObject({ ...repository.base(), oid, format: 'deflated' }).then(
    () => true,
    () => false,
  )
}

function transportError(url: string, cause: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (cause instanceof StyrminError) return cause
  const where = withoutSecrets(url)
  const status = cause instanceof git.Errors.HttpError ? cause.data.statusCode : undefined
  if (status === 401 || status === 403) {
    return new SetupError('STY402', `${where} refused with ${status}`, {
      hint: 'Check the credential for this host (`git.credentials` in the configuration).',
      cause,
    })
  }
  if (status === 404) {
    return new SetupError('STY403', `there is no repository at ${where}`, {
      hint: 'Check `repository` in the configuration, and that the credential may read it.',
      cause,
    })
  }
  return new UnreachableError(
    'STY401',
    `${where} could not be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      hint: 'Check the git server; it is tried again.',
      cause,
    },
  )
}

function withoutSecrets(url: string): string {
  const parsed = new URL(url)
  return `${parsed.origin}${parsed.pathname}`
}
