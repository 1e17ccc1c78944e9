import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from '../../domain/api-error.ts'
import type { ClusterApi, WatchScope } from '../../ports/cluster.ts'
import { type JsonObject, textAt } from '../../util/json.ts'

/** What a reflector calls; `before` and `now` are what `keep` made of the object. */
export interface ReflectorOptions<T> {
  readonly scope: WatchScope
  /** What is held in memory of each object. */
  readonly keep: (object: JsonObject) => T
  readonly onChange: (key: string, now: T | undefined, before: T | undefined) => void
  /** Told of each failure; the reflector goes on by itself. */
  readonly onError: (error: unknown) => void
}

/** A copy of a part of the cluster that follows it. Keys are `namespace/name`. */
export interface Reflector<T> {
  get(key: string): T | undefined
  entries(): IterableIterator<readonly [string, T]>
  readonly size: number
  /** Resolves when the first list is in. Rejects when the reflector ends before. */
  readonly synced: Promise<void>
  /** Takes in what a write answered, so that this copy is never older than our own writes. */
  note(object: JsonObject): void
  /** Resolves when the reflector has ended. */
  readonly done: Promise<void>
}

interface Entry<T> {
  readonly version: bigint
  readonly value: T
}

const FIRST_WAIT_MS = 200
const MAX_WAIT_MS = 30_000
const MAX_DELETED = 1_000

/** `namespace/name` of an object. */
function cacheKey(object: JsonObject): string {
  return `${textAt(object, 'metadata', 'namespace') ?? ''}/${textAt(object, 'metadata', 'name') ?? ''}`
}

/**
 * Follows one kind: a paged list, then a watch, and a new list whenever the watch cannot go on.
 *
 * Order:  changes of one key are told in the order the API server made them; nothing is told twice.
 * Errors: told to `onError` and tried again with jittered back-off; only the signal ends it.
 */
export function startReflector<T>(api: ClusterApi, options: ReflectorOptions<T>, signal: AbortSignal): Reflector<T> {
  const reflection = new Reflection(api, options, signal)
  return reflection.start()
}

class Reflection<T> {
  readonly #api: ClusterApi
  readonly #options: ReflectorOptions<T>
  readonly #signal: AbortSignal
  readonly #entries = new Map<string, Entry<T>>()
  readonly #first = Promise.withResolvers<undefined>()
  /** Versions of what was deleted lately, so that a late answer to a write does not bring it back. */
  readonly #deleted = new Map<string, bigint>()
  /** From where a watch goes on; `undefined` when only a new list helps. */
  #version: string | undefined

  constructor(api: ClusterApi, options: ReflectorOptions<T>, signal: AbortSignal) {
    this.#api = api
    this.#options = options
    this.#signal = signal
  }

  start(): Reflector<T> {
    const done = this.#follow()
    const entries = this.#entries
    this.#first.promise.catch(() => {})
    return {
      get: (key) => entries.get(key)?.value,
      entries: function* () {
        for (const [key, { value }] of entries) yield [key, value] as const
      },
      get size() {
        return entries.size
      },
      synced: this.#first.promise,
      note: (object) => this.#upsert(object),
      done,
    }
  }

  async #follow(): Promise<void> {
    for (let failures = 0; !this.#signal.aborted; ) {
      try {
        if (this.#version === undefined) await this.#list()
        await this.#watch()
        failures = 0
      } catch (error) {
        if (this.#signal.aborted) break
        // A watch that broke goes on from its last version; only an answer of the server says that it cannot.
        if (error instanceof ApiError) this.#version = undefined
        if (!isExpired(error)) {
          this.#options.onError(error)
          await this.#wait(++failures)
        }
      }
    }
    this.#first.reject(new Error('the reflector was ended'))
  }

  async #wait(failures: number): Promise<void> {
    const ceiling = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20))
    await sleep(ceiling / 2 + (Math.random() * ceiling) / 2, undefined, { signal: this.#signal }).catch(() => {})
  }

  async #list(): Promise<void> {
    const { items, resourceVersion } = await this.#api.list(this.#options.scope, this.#signal)
    const listed = toVersion(resourceVersion)
    const seen = new Set<string>()
    for (const item of items) {
      seen.add(cacheKey(item))
      this.#upsert(item)
    }
    for (const [key, entry] of this.#entries) {
      // Our own write may be newer than the list.
      if (!seen.has(key) && entry.version <= listed) this.#drop(key, listed)
    }
    this.#version = resourceVersion
    this.#first.resolve(undefined)
  }

  async #watch(): Promise<void> {
    for await (const event of this.#api.watch(this.#options.scope, this.#version ?? '', this.#signal)) {
      this.#version = textAt(event.object, 'metadata', 'resourceVersion') ?? this.#version
      if (event.type === 'DELETED') this.#dropUnlessNewer(event.object)
      else if (event.type !== 'BOOKMARK') this.#upsert(event.object)
    }
  }

  #upsert(object: JsonObject): void {
    const key = cacheKey(object)
    const version = versionOf(object)
    const before = this.#entries.get(key)
    if ((before?.version ?? this.#deleted.get(key) ?? -1n) >= version) return
    const value = this.#options.keep(object)
    this.#entries.set(key, { version, value })
    this.#options.onChange(key, value, before?.value)
  }

  #dropUnlessNewer(object: JsonObject): void {
    const key = cacheKey(object)
    const entry = this.#entries.get(key)
    if (entry === undefined) this.#remember(key, versionOf(object))
    else if (entry.version <= versionOf(object)) this.#drop(key, versionOf(object))
  }

  #drop(key: string, version: bigint): void {
    const before = this.#entries.get(key)
    this.#entries.delete(key)
    this.#remember(key, version)
    this.#options.onChange(key, undefined, before?.value)
  }

  #remember(key: string, version: bigint): void {
    this.#deleted.set(key, version)
    const [oldest] = this.#deleted.keys()
    if (this.#deleted.size > MAX_DELETED && oldest !== undefined) this.#deleted.delete(oldest)
  }
}

function isExpired(error: unknown): boolean {
  return error instanceof ApiError && error.status === 410
}

function versionOf(object: JsonObject): bigint {
  return toVersion(textAt(object, 'metadata', 'resourceVersion') ?? '')
}

/** Kubernetes 1.35 makes the order of versions a promise; before that every server kept it all the same. */
function toVersion(text: string): bigint {
  return /^\d+$/.test(text) ? BigInt(text) : 0n
}
