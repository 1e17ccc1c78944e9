import type { Digest } from '../domain/ids.ts'
import type { ResolvedInstance } from '../domain/instance.ts'
import { resolveTree } from '../pipeline/resolve-tree.ts'
import type { RenderRequest } from '../ports/renderer.ts'
import type { StoredBundle } from '../ports/store.ts'
import type { ServerTools } from './tools.ts'

/** What an Instance was rendered from. */
export interface InstanceRequest {
  readonly resolved: ResolvedInstance
  readonly request: RenderRequest
}

/**
 * The render request of a bundle, made again from the commit it came from: git has everything that goes in, and the
 * cache of resolutions makes it cheap while the commit is fresh.
 *
 * Errors: `undefined` when the commit no longer gives that Instance (another engine); those of git and the renderer.
 */
export async function requestOf(
  { commit, key }: StoredBundle,
  instance: Digest,
  { git, renderer, cache }: ServerTools,
  signal: AbortSignal,
): Promise<InstanceRequest | undefined> {
  const { instances, renderRequests } = await resolveTree(git.tree(commit), { renderer, cache }, signal)
  const [resolved, request] = [instances.get(key), renderRequests.get(key)]
  if (resolved === undefined || request === undefined || resolved.instance.digest !== instance) return undefined
  return { resolved, request }
}
