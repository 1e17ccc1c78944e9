import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { ApiError } from '../domain/api-error.ts'
import { SetupError } from '../domain/errors.ts'
import type { Digest } from '../domain/ids.ts'
import type { Bundle } from '../domain/wire.ts'
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

const compress = promisify(gzip)
const expand = promisify(gunzip)

/** Bundles as immutable Secrets in the agent's namespace, so that resuming and repairing need no server. */
export class BundleStore {
  readonly #api: ClusterApi
  readonly #namespace: string
  readonly #cache = new Lru<Digest, { readonly bundle: Bundle; readonly bytes: number }>(
    CACHED_BYTES,
    ({ bytes }) => bytes,
  )

  constructor(api: ClusterApi, namespace: string) {
    this.#api = api
    this.#namespace = namespace
  }

  /** Keeps a bundle's bytes; one that is there already is left as it is. The first chunk is written last. */
  async keep(digest: Digest, text: string, signal: AbortSignal): Promise<void> {
    if (this.#cache.get(digest) !== undefined) return
    const bundle = readBundle(text)
    const bytes = await compress(text)
    const count = Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES))
    for (let index = count - 1; index >= 0; index--) {
      const data = bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)
      await this.#create(chunk(this.#namespace, digest, { index, count, data }), signal)
    }
    this.#cache.set(digest, { bundle, bytes: text.length })
  }

  /** A bundle that is at hand. */
  peek(digest: Digest | undefined): Bundle | undefined {
    return digest === undefined ? undefined : this.#cache.get(digest)?.bundle
  }

  /** Errors: SetupError when it is not there or is not what its digest says. */
  async read(digest: Digest, signal: AbortSignal): Promise<Bundle> {
    const cached = this.#cache.get(digest)
    if (cached !== undefined) return cached.bundle
    const first = await this.#chunk(digest, 0, signal)
    const parts = [dataOf(first)]
    const count = Number(textAt(first, 'metadata', 'annotations', 'styrmin.io/chunks') ?? '1')
    for (let index = 1; index < count; index++) parts.push(dataOf(await this.#chunk(digest, index, signal)))
    const text = (await expand(Buffer.concat(parts))).toString('utf8')
    const bundle = readBundle(checkBundle(text, digest))
    this.#cache.set(digest, { bundle, bytes: text.length })
    return bundle
  }

  /** Removes every stored bundle that nothing refers to. */
  async collect(inUse: ReadonlySet<string>, signal: AbortSignal): Promise<number> {
    const scope = { apiVersion: 'v1', kind: 'Secret', namespace: this.#namespace, labelSelector: LABEL_BUNDLE }
    const used = new Set([...inUse].map(shortDigest))
    let removed = 0
    for (const secret of (await this.#api.list(scope, signal)).items) {
      if (used.has(textAt(secret, 'metadata', 'labels', LABEL_BUNDLE) ?? '')) continue
      const name = textAt(secret, 'metadata', 'name') ?? ''
      if (await this.#api.remove(secretRef(this.#namespace, name), {}, signal)) removed++
    }
    return removed
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
