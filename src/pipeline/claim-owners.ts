import type { Claims } from '../core/render/claims.ts'
import type { DeploymentKey } from '../domain/ids.ts'

const MAX_PATCH = 4_000

/**
 * Who claims what, for a tree in which nothing is claimed twice.
 *
 * Shape: a large map that is never changed and a small patch over it, so that the next tree's owners cost what changed.
 */
export class ClaimOwners {
  readonly #base: ReadonlyMap<string, DeploymentKey>
  /** `undefined`: claimed by nobody any more. */
  readonly #patch: ReadonlyMap<string, DeploymentKey | undefined>

  private constructor(
    base: ReadonlyMap<string, DeploymentKey>,
    patch: ReadonlyMap<string, DeploymentKey | undefined> = new Map(),
  ) {
    this.#base = base
    this.#patch = patch
  }

  static of(claims: readonly Claims[]): ClaimOwners {
    const owners = new Map<string, DeploymentKey>()
    for (const claim of claims) for (const text of textsOf(claim)) owners.set(text, claim.key)
    return new ClaimOwners(owners)
  }

  /** The owners after some deployments gave their claims up and others made theirs; `undefined` when two claim the same. */
  after(given: readonly Claims[], made: readonly Claims[]): ClaimOwners | undefined {
    const patch = new Map(this.#patch)
    for (const claim of given) for (const text of textsOf(claim)) patch.set(text, undefined)
    for (const claim of made) {
      for (const text of textsOf(claim)) {
        const owner = patch.has(text) ? patch.get(text) : this.#base.get(text)
        if (owner !== undefined) return undefined
        patch.set(text, claim.key)
      }
    }
    return patch.size > MAX_PATCH ? new ClaimOwners(folded(this.#base, patch)) : new ClaimOwners(this.#base, patch)
  }
}

/** Objects and hosts are apart: their texts differ in the number of words. */
function textsOf({ objects, hosts }: Claims): readonly string[] {
  return [...objects, ...hosts]
}

function folded(
  base: ReadonlyMap<string, DeploymentKey>,
  patch: ReadonlyMap<string, DeploymentKey | undefined>,
): ReadonlyMap<string, DeploymentKey> {
  const owners = new Map(base)
  for (const [text, key] of patch) {
    if (key === undefined) owners.delete(text)
    else owners.set(text, key)
  }
  return owners
}
