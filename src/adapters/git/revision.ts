import * as git from 'isomorphic-git'
import type { CommitSha } from '../../domain/ids.ts'
import { type Commits, shaOf } from './commits.ts'
import type { Repository } from './repository.ts'

/** The commit that a full ref names, or `undefined`. */
export async function resolveRef(repository: Repository, ref: string): Promise<CommitSha | undefined> {
  return git.resolveRef({ ...repository.base(), ref }).then(shaOf, () => undefined)
}

/** The commit of `<ref or id>` with any of `~`, `~<n>`, `^`, `^<n>` behind it; `undefined` when there is none. */
export async function resolveRevision(
  repository: Repository,
  commits: Commits,
  revision: string,
): Promise<CommitSha | undefined> {
  const [, name = '', steps = ''] = /^([^~^]+)((?:[~^]\d*)*)$/.exec(revision) ?? []
  let sha = name === '' ? undefined : await resolveName(repository, name)
  for (const parent of steps.match(/[~^]\d*/g)?.flatMap(parentIndexes) ?? []) {
    if (sha === undefined) return undefined
    sha = (await commits.read(sha)).parents[parent]
  }
  return sha
}

/** Which parents a step goes through: `~2` is the first twice, `^2` the second once, `^0` none. */
function parentIndexes(step: string): readonly number[] {
  const count = step.length === 1 ? 1 : Number(step.slice(1))
  if (step.startsWith('~')) return Array.from({ length: count }, () => 0)
  return count === 0 ? [] : [count - 1]
}

async function resolveName(repository: Repository, name: string): Promise<CommitSha | undefined> {
  const base = repository.base()
  const named = await git.resolveRef({ ...base, ref: name }).catch(() => undefined)
  const oid = named ?? (await expandId(repository, name))
  if (oid === undefined) return undefined
  return git.readCommit({ ...base, oid }).then(
    (commit) => shaOf(commit.oid),
    () => undefined,
  )
}

async function expandId(repository: Repository, name: string): Promise<string | undefined> {
  if (!/^[0-9a-f]{4,40}$/.test(name)) return undefined
  return git.expandOid({ ...repository.base(), oid: name }).catch(() => undefined)
}
