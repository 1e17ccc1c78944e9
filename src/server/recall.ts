import type { CommitSha, DeploymentKey, Digest } from '../domain/ids.ts'
import type { ResolvedInstance } from '../domain/instance.ts'
import { resolveTree } from '../pipeline/resolve-tree.ts'
import type { ServerTools } from './tools.ts'

/** How many commits before the head are searched. */
const RECALL_DEPTH = 100

/** Finds Instances. */
export type FindInstance = (digest: Digest, key: DeploymentKey) => Promise<ResolvedInstance | undefined>

/**
 * An Instance from the store, or made again from the history of the branch: a store that was lost, or is older than
 * the cluster, must not keep a deployment from being changed.
 *
 * Errors: `undefined` when no commit of the newest ones gives it; those of git and the renderer.
 */
export function instanceFinder(
  { store, git, state, renderer, cache }: Pick<ServerTools, 'store' | 'git' | 'state' | 'renderer' | 'cache'>,
  signal: AbortSignal,
): FindInstance {
  const resolve = async (commit: CommitSha, key: DeploymentKey): Promise<ResolvedInstance | undefined> => {
    const { instances } = await resolveTree(git.tree(commit), { renderer, cache }, signal)
    return instances.get(key)
  }
  return async (digest, key) => {
    const stored = await store.instance(digest)
    const to = state.head()?.commit
    if (stored !== undefined || to === undefined) return stored
    const commits = (await git.walk({ to }, signal)) ?? []
    for (const { sha } of commits.slice(-RECALL_DEPTH).toReversed()) {
      const found = await resolve(sha, key)
      if (found?.instance.digest === digest) return found
    }
    return undefined
  }
}
