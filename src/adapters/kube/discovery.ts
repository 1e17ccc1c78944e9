import { ApiError } from '../../domain/api-error.ts'
import { listAt, textAt, at } from '../../util/json.ts'
import type { KubeHttp } from './http.ts'

/** A kind as a Kubernetes API serves it. */
export interface ServedKind {
  readonly namespaced: boolean
  readonly plural: string
}

type Kinds = ReadonlyMap<string, ServedKind>

/** A kind that was not found is looked for again after this long: a new CustomResourceDefinition takes a moment. */
const MISS_AGE_MS = 500

/** The path under which a group/version is served. */
export function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}

/** What kinds a cluster serves; read once for each group/version and again when a kind is missing. */
export class Discovery {
  readonly #http: KubeHttp
  readonly #groups = new Map<string, { readonly kinds: Promise<Kinds>; readonly readAtMs: number }>()

  constructor(http: KubeHttp) {
    this.#http = http
  }

  async find(apiVersion: string, kind: string, signal: AbortSignal): Promise<ServedKind | undefined> {
    const group = this.#groups.get(apiVersion)
    if (group !== undefined) {
      const found = (await group.kinds).get(kind)
      if (found !== undefined || performance.now() - group.readAtMs < MISS_AGE_MS) return found
    }
    // Nobody else may have asked again while this one waited for the old answer.
    if (this.#groups.get(apiVersion) === group) this.#read(apiVersion, signal)
    return (await this.#groups.get(apiVersion)?.kinds)?.get(kind)
  }

  #read(apiVersion: string, signal: AbortSignal): void {
    const kinds = this.#fetch(apiVersion, signal)
    kinds.catch(() => this.#groups.delete(apiVersion))
    this.#groups.set(apiVersion, { kinds, readAtMs: performance.now() })
  }

  async #fetch(apiVersion: string, signal: AbortSignal): Promise<Kinds> {
    try {
      const answer = await this.#http.json({ method: 'GET', path: groupPath(apiVersion) }, signal)
      const kinds = new Map<string, ServedKind>()
      for (const resource of listAt(answer, 'resources')) {
        const [name, kind] = [textAt(resource, 'name') ?? '', textAt(resource, 'kind') ?? '']
        if (!name.includes('/')) kinds.set(kind, { plural: name, namespaced: at(resource, 'namespaced') === true })
      }
      return kinds
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return new Map()
      throw error
    }
  }
}
