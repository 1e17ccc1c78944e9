import type { ResolvedInstance } from '../domain/instance.ts'
import { Lru } from '../util/lru.ts'

/** What is kept between resolutions, so that a commit costs what it changed; bounded, and safe to throw away. */
export interface ResolveCache {
  /** Frozen instances by the digest of everything they were made from. */
  readonly instances: Lru<string, ResolvedInstance>
}

const MAX_INSTANCES = 20_000

/** A new, empty cache; one for each level of trust, so that an untrusted head never writes what the tracked branch reads. */
export function createResolveCache(maxInstances: number = MAX_INSTANCES): ResolveCache {
  return { instances: new Lru(maxInstances) }
}
