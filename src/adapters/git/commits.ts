import * as git from 'isomorphic-git'
import { type CommitSha, parseCommitSha } from '../../domain/ids.ts'
import { SetupError } from '../../domain/errors.ts'
import type { CommitFacts } from '../../ports/git-source.ts'
import type { Repository } from './repository.ts'

/** How many commits' facts are kept; a commit never changes. */
const KEPT_COMMITS = 20_000

/** Commits of one repository. */
export interface Commits {
  read(sha: CommitSha): Promise<CommitFacts>
  /** As `GitSource.walk`. */
  walk(from: CommitSha | undefined, to: CommitSha, signal: AbortSignal): Promise<readonly CommitFacts[] | undefined>
}

/** Reads commits and keeps what was read. */
export function commitsOf(repository: Repository): Commits {
  const known = new Map<CommitSha, CommitFacts>()
  const read = async (sha: CommitSha): Promise<CommitFacts> => {
    const kept = known.get(sha)
    if (kept !== undefined) return kept
    const facts = await readFacts(repository, sha)
    if (known.size >= KEPT_COMMITS) known.clear()
    known.set(sha, facts)
    return facts
  }
  return { read, walk: (from, to, signal) => walk(read, { from, to }, signal) }
}

type Read = (sha: CommitSha) => Promise<CommitFacts>

async function walk(
  read: Read,
  { from, to }: { readonly from: CommitSha | undefined; readonly to: CommitSha },
  signal: AbortSignal,
): Promise<readonly CommitFacts[] | undefined> {
  const line = await firstParents(read, to, (sha) => sha === from, signal)
  if (line.stopped || from === undefined) return line.commits.toReversed()
  return walkAround(read, { from, to }, signal)
}

/** `from` may still be an ancestor through another parent, after a merge the wrong way round. */
async function walkAround(
  read: Read,
  { from, to }: { readonly from: CommitSha; readonly to: CommitSha },
  signal: AbortSignal,
): Promise<readonly CommitFacts[] | undefined> {
  if (!(await ancestors(read, to, signal)).has(from)) return undefined
  const old = await ancestors(read, from, signal)
  const line = await firstParents(read, to, (sha) => old.has(sha), signal)
  return line.commits.toReversed()
}

async function firstParents(
  read: Read,
  to: CommitSha,
  stop: (sha: CommitSha) => boolean,
  signal: AbortSignal,
): Promise<{ readonly commits: readonly CommitFacts[]; readonly stopped: boolean }> {
  const commits: CommitFacts[] = []
  for (let next: CommitSha | undefined = to; next !== undefined; ) {
    signal.throwIfAborted()
    if (stop(next)) return { commits, stopped: true }
    const facts: CommitFacts = await read(next)
    commits.push(facts)
    next = facts.parents[0]
  }
  return { commits, stopped: false }
}

async function ancestors(read: Read, tip: CommitSha, signal: AbortSignal): Promise<ReadonlySet<CommitSha>> {
  const seen = new Set<CommitSha>([tip])
  for (const sha of seen) {
    signal.throwIfAborted()
    for (const parent of (await read(sha)).parents) seen.add(parent)
  }
  return seen
}

async function readFacts(repository: Repository, sha: CommitSha): Promise<CommitFacts> {
  const { commit } = await git.readCommit({ ...repository.base(), oid: sha }).catch((cause: unknown) => {
    throw unreadable(`commit ${sha}`, cause)
  })
  const [subject = '', ...body] = commit.message.split('\n')
  return {
    sha,
    parents: commit.parent.map(shaOf),
    subject,
    body: body.join('\n').trim(),
    author: `${commit.author.name} <${commit.author.email}>`,
    committedAtSeconds: commit.committer.timestamp,
  }
}

/** A checked id from git. Errors: RangeError when it is none (our bug). */
export function shaOf(oid: string): CommitSha {
  const sha = parseCommitSha(oid)
  if (sha === undefined) throw new RangeError(`not a commit id: ${oid}`)
  return sha
}

/** The error for an object that is missing or damaged. */
export function unreadable(what: string, cause: unknown): SetupError {
  return new SetupError('STY412', `${what} cannot be read from git`, {
    hint: 'Run `git fsck` on the repository and restore the missing objects.',
    cause,
  })
}
