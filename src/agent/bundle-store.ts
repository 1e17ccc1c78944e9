import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { ApiError } from '../domain/api-error.ts'
import { SetupError } from '../domain/errors.ts'
import type { Digest } from '../domain/ids.ts'
import type { Bundle } from '../domain/wire.ts'
import type { Clock } from '../ports/clock.ts'
import type { ClusterApi } from '../ports/cluster.ts'
import { type JsonObject, textAt } from '../util/json.ts'
import { Lru } from '../util/lru.ts'
import { LABEL_MANAGED_BY } from './names.ts'
import { checkBundle, readBundle } from './server-client.ts'

/** Bytes of compressed bundle in one Secret; a Secret holds 1 MiB, and base64 is counted decoded. */
const CHUNK_BYTES = 900_000
/**
 * Bytes of bundle that are at hand. A fleet that changes as a whole is gone through several times, first to last:
 * what is forgotten meanwhile is read from the cluster each time.
 */
const CACHED_BYTES = 8 * 1024 * 1024
const LABEL_BUNDLE = 'styrmin.io/bundle'
/** A bundle is stored before anything refers to it: a younger one may be about to be used. */
const MIN_AGE_MS = 10 * 60_000

const compress = promisify(gzip)
const expand = promisify(gunzip)

/** Where bundles are kept, and where one comes from that was lost. */
export interface BundlePlace {
  readonly api: ClusterApi
  readonly clock: Clock
  readonly namespace: string
  /** A bundle's own bytes, checked against the digest. */
  readonly fetch: (digest: Digest, signal: AbortSignal) => Promise<string>
}

/** Bundles as immutable Secrets in the agent's namespace, so that resuming and repairing need no server. */
export class BundleStore {
  readonly #api: ClusterApi
  readonly #clock: Clock
  readonly #namespace: string
  readonly #fetch: BundlePlace['fetch']
  /** Short digests of what this process has written and not removed since. */
  readonly #stored = new Set<string>()
  readonly #cache = new Lru<Digest, { readonly bundle: Bundle; readonly bytes: number }>(
    CACHED_BYTES,
    ({ bytes }) => bytes,
  )

  constructor({ api, clock, namespace, fetch }: BundlePlace) {
    this.#api = api
    this.#clock = clock
    this.#namespace = namespace
    this.#fetch = fetch
  }

  /** Keeps a bundle's bytes; one that is there already is left as it is. The first chunk is written last. */
  async keep(digest: Digest, text: string, signal: AbortSignal): Promise<void> {
    if (this.#stored.has(shortDigest(digest))) return
    const bundle = readBundle(text)
    const bytes = await compress(text)
    const count = Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES))
    for (let index = count - 1; index >= 0; index--) {
      const data = bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)
      await this.#create(chunk(this.#namespace, digest, { index, count, data }), signal)
    }
    this.#stored.add(shortDigest(digest))
    this.#cache.set(digest, { bundle, bytes: text.length })
  }

  /** A bundle that is at hand. */
  peek(digest: Digest | undefined): Bundle | undefined {
    return digest === undefined ? undefined : this.#cache.get(digest)?.bundle
  }

  /** Errors: SetupError when neither the cluster nor the server has it, or it is not what its digest says. */
  async read(digest: Digest, signal: AbortSignal): Promise<Bundle> {
    const cached = this.#cache.get(digest)
    if (cached !== undefined) return cached.bundle
    const text = await this.#text(digest, signal)
    const bundle = readBundle(text)
    this.#cache.set(digest, { bundle, bytes: text.length })
    return bundle
  }

  /**
   * Removes every stored bundle that nothing refers to.
   *
   * Order: `inUse` is asked when it is known what is stored: what is stored later is not looked at.
   */
  async collect(inUse: () => ReadonlySet<string>, signal: AbortSignal): Promise<number> {
    const scope = { apiVersion: 'v1', kind: 'Secret', namespace: this.#namespace, labelSelector: LABEL_BUNDLE }
    const { items } = await this.#api.list(scope, signal)
    const used = new Set([...inUse()].map(shortDigest))
    let removed = 0
    for (const secret of items) {
      const short = textAt(secret, 'metadata', 'labels', LABEL_BUNDLE) ?? ''
      if (used.has(short) || this.#isYoung(secret)) continue
      // First forgotten, then removed: whoever keeps it meanwhile writes it again.
      this.#stored.delete(short)
      const name = textAt(secret, 'metadata', 'name') ?? ''
      if (await this.#api.remove(secretRef(this.#namespace, name), {}, signal)) removed++
    }
    return removed
  }

  #isYoung(secret: JsonObject): boolean {
    const madeMs = Date.parse(textAt(secret, 'metadata', 'creationTimestamp') ?? '')
    return this.#clock.now() - madeMs < MIN_AGE_MS
  }

  /** As it is stored; what was lost is fetched and stored again. Errors: the loss, when the server has it neither. */
  async #text(digest: Digest, signal: AbortSignal): Promise<string> {
    try {
      return await this.#storedText(digest, signal)
    } catch (error) {
      if (!(error instanceof SetupError && error.code === 'STY506')) throw error
      signal.throwIfAborted()
      const text = await this.#fetch(digest, signal).catch(() => undefined)
      if (text === undefined) throw error
      this.#stored.delete(shortDigest(digest))
      await this.keep(digest, text, signal)
      return text
    }
  }

  async #storedText(digest: Digest, signal: AbortSignal): Promise<string> {
    const first = await this.#chunk(digest, 0, signal)
    const parts = [dataOf(first)]
    const count = Number(textAt(first, 'metadata', 'annotations', 'styrmin.io/chunks') ?? '1')
    for (let index = 1; index < count; index++) parts.push(dataOf(await this.#chunk(digest, index, signal)))
    return checkBundle((await expand(Buffer.concat(parts))).toString('utf8'), digest)
  }

  async #create(secret: JsonObject, signal: AbortSignal): Promise<void> {
    try {
      await this.#api.create(secret, signal)
    } catch (error) {
      if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error
    }
  }

  async #chunk(digest: Digest, index: number, signal: AbortSignal): Promise<JsonObject> {
    const secret = await this.#api.get(secretRef(this.#namespace, chunkName(digest, index)), signal)
    if (secret !== undefined) return secret
    throw new SetupError('STY506', `the bundle ${digest} is not stored in the namespace ${this.#namespace}`, {
      hint: 'Push a commit that changes the deployment; the bundle is then sent again.',
    })
  }
}

function chunk(
  namespace: string,
  digest: Digest,
  part: { readonly index: number; readonly count: number; readonly data: Buffer },
): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: chunkName(digest, part.index),
      namespace,
      labels: { [LABEL_MANAGED_BY]: 'styrmin', [LABEL_BUNDLE]: shortDigest(digest) },
      annotations: { 'styrmin.io/digest': digest, 'styrmin.io/chunks': String(part.count) },
    },
    type: 'styrmin.io/bundle',
    immutable: true,
    data: { chunk: part.data.toString('base64') },
  }
}

function dataOf(secret: JsonObject): Buffer {
  return Buffer.from(textAt(secret, 'data', 'chunk') ?? '', 'base64')
}

function chunkName(digest: Digest, index: number): string {
  return `styrmin-bundle-${shortDigest(digest)}-${index}`
}

/** Long enough never to meet by chance, short enough for a label. */
function shortDigest(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 40)
}

function secretRef(namespace: string, name: string): Parameters<ClusterApi['get']>[0] {
  return { apiVersion: 'v1', kind: 'Secret', namespace, name }
}
