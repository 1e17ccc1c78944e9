import { createLinkMemory, type LinkMemory } from '../core/desired/link-memory.ts'
import type { FileReading } from '../core/documents/read-file.ts'
import type { Claims } from '../core/render/claims.ts'
import type { ResolvedInstance } from '../domain/instance.ts'
import type { Manifest } from '../domain/manifest.ts'
import type { Problem } from '../domain/problem.ts'
import type { Digest } from '../domain/ids.ts'
import type { RenderRequest } from '../ports/renderer.ts'
import type { JsonObject } from '../util/json.ts'
import { Lru } from '../util/lru.ts'
import type { LoadedDriver } from './load-drivers.ts'
import type { TreeState } from './tree-state.ts'

/** What is kept between resolutions, so that a commit costs what it changed; bounded, and safe to throw away. */
export interface ResolveCache {
  /** What a file says, by path, mode and blob. */
  readonly files: Lru<string, FileReading>
  /** Drivers by their folder and the blobs in it. */
  readonly drivers: Lru<string, LoadedDriver>
  /** Checked renders by the digest of everything that went in. */
  readonly renders: Lru<string, CheckedRender>
  /** Outcomes by the identities of the documents they were made from. */
  readonly outcomes: Lru<string, Outcome>
  /** Deployments linked to the same documents before. */
  readonly links: LinkMemory
  /** The trees resolved last, newest first. */
  readonly trees: TreeState[]
  /** A number for each document that was seen, which is never given again. */
  readonly identities: Identities
}

/** What came out of the renderer, after it was checked. */
export interface CheckedRender {
  readonly values: JsonObject
  readonly manifests: readonly Manifest[]
  readonly digest: Digest
  readonly problems: readonly Problem[]
}

/** What one deployment resolves to; without an error it has all of them. */
export interface Outcome {
  readonly resolved?: ResolvedInstance
  readonly request?: RenderRequest
  readonly claims?: Claims
  readonly problems: readonly Problem[]
}

/** How many entries of each kind are kept. */
export interface CacheLimits {
  readonly files: number
  readonly drivers: number
  readonly deployments: number
}

const LIMITS: CacheLimits = { files: 40_000, drivers: 500, deployments: 20_000 }

/** A new, empty cache; one for each level of trust, so that an untrusted head never writes what the tracked branch reads. */
export function createResolveCache(limits: Partial<CacheLimits> = {}): ResolveCache {
  const { files, drivers, deployments } = { ...LIMITS, ...limits }
  return {
    files: new Lru(files),
    drivers: new Lru(drivers),
    renders: new Lru(deployments),
    outcomes: new Lru(deployments),
    links: createLinkMemory(),
    trees: [],
    identities: new Identities(),
  }
}

/** Tells values that were read once from values that were read again, without holding them. */
export class Identities {
  readonly #numbers = new WeakMap<object, number>()
  #last = 0

  numberOf(value: object): number {
    const known = this.#numbers.get(value)
    if (known !== undefined) return known
    this.#last += 1
    this.#numbers.set(value, this.#last)
    return this.#last
  }
}
