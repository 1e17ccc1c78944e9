// Comes in: a kubeconfig, objects and selectors as raw JSON. Goes out: what the API server answered, as raw JSON.
// Never: a decision about what is right; a typed model of Kubernetes objects, which would drop unknown fields.
import { ApiError } from '../../domain/api-error.ts'
import { SetupError, UnreachableError } from '../../domain/errors.ts'
import type { ObjectRef } from '../../domain/manifest.ts'
import { refOf } from '../../domain/object-ref.ts'
import type { ApplyOptions, ClusterApi, DeleteOptions, WatchEvent, WatchScope } from '../../ports/cluster.ts'
import type { PodLogs } from '../../ports/pod-logs.ts'
import { isObject, type Json, type JsonObject, listAt, textAt } from '../../util/json.ts'
import { type ClusterAddress, openConnection } from './connection.ts'
import { Discovery, groupPath, type ServedKind } from './discovery.ts'
import { KubeHttp, type OnRequest } from './http.ts'
import { watchError } from './status-error.ts'

const PAGE = 500
const WATCH_MIN_SECONDS = 300
/** A line has no limit of its own. */
const MAX_LOG_BYTES = 16_384

/** A Kubernetes API with what only pods have. */
export interface KubeApi extends ClusterApi, PodLogs {
  close(): void
}

/**
 * Opens a Kubernetes API.
 *
 * Errors: SetupError when the kubeconfig cannot be used; nothing is asked of the API yet.
 */
export async function openKubeApi(address: ClusterAddress, onRequest: OnRequest = () => {}): Promise<KubeApi> {
  return new HttpKubeApi(new KubeHttp(await openConnection(address), onRequest))
}

class HttpKubeApi implements KubeApi {
  readonly #http: KubeHttp
  readonly #discovery: Discovery

  constructor(http: KubeHttp) {
    this.#http = http
    this.#discovery = new Discovery(http)
  }

  async get(ref: ObjectRef, signal: AbortSignal): Promise<JsonObject | undefined> {
    const kind = await this.#discovery.find(ref.apiVersion, ref.kind, signal)
    if (kind === undefined) return undefined
    try {
      return toObject(await this.#http.json({ method: 'GET', path: objectPath(ref, kind) }, signal))
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  async list(
    scope: WatchScope,
    signal: AbortSignal,
  ): Promise<{ readonly items: readonly JsonObject[]; readonly resourceVersion: string }> {
    const path = await this.#collection(scope, signal)
    const items: JsonObject[] = []
    for (let next: string | undefined; ; ) {
      const query = { limit: String(PAGE), continue: next, labelSelector: scope.labelSelector }
      const page = await this.#http.json({ method: 'GET', path, query }, signal)
      for (const item of listAt(page, 'items')) {
        // Items of a typed list carry neither; everything here is read as a whole object.
        items.push({ ...toObject(item), apiVersion: scope.apiVersion, kind: scope.kind })
      }
      next = textAt(page, 'metadata', 'continue') || undefined
      if (next === undefined) return { items, resourceVersion: textAt(page, 'metadata', 'resourceVersion') ?? '' }
    }
  }

  async create(object: JsonObject, signal: AbortSignal): Promise<JsonObject> {
    const ref = refOf(object)
    const path = collectionPath(ref, await this.#known(ref, signal))
    return toObject(
      await this.#http.json({ method: 'POST', path, query: { fieldManager: 'styrmin' }, body: object }, signal),
    )
  }

  async apply(object: JsonObject, options: ApplyOptions, signal: AbortSignal): Promise<JsonObject> {
    const ref = refOf(object)
    const kind = await this.#known(ref, signal)
    const query = {
      fieldManager: options.fieldManager,
      force: options.force ? 'true' : undefined,
      dryRun: options.dryRun === true ? 'All' : undefined,
    }
    const path = objectPath(ref, kind, options.subresource)
    const contentType = 'application/apply-patch+yaml' // JSON is YAML; the API server reads both under this name.
    return toObject(await this.#http.json({ method: 'PATCH', path, query, body: object, contentType }, signal))
  }

  async replace(
    object: JsonObject,
    { subresource }: { readonly subresource?: 'status' },
    signal: AbortSignal,
  ): Promise<JsonObject> {
    const ref = refOf(object)
    const path = objectPath(ref, await this.#known(ref, signal), subresource)
    const query = { fieldManager: 'styrmin' }
    return toObject(await this.#http.json({ method: 'PUT', path, query, body: object }, signal))
  }

  async mergePatch(
    ref: ObjectRef,
    patch: JsonObject,
    { subresource }: { readonly subresource?: 'status' | 'scale' },
    signal: AbortSignal,
  ): Promise<JsonObject> {
    const path = objectPath(ref, await this.#known(ref, signal), subresource)
    const contentType = 'application/merge-patch+json'
    const query = { fieldManager: 'styrmin' }
    return toObject(await this.#http.json({ method: 'PATCH', path, query, body: patch, contentType }, signal))
  }

  async remove(ref: ObjectRef, options: DeleteOptions, signal: AbortSignal): Promise<boolean> {
    const kind = await this.#discovery.find(ref.apiVersion, ref.kind, signal)
    if (kind === undefined) return false
    const { uid, resourceVersion, propagation } = options
    const guard = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    }
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: propagation ?? 'Background',
      ...(Object.keys(guard).length === 0 ? {} : { preconditions: guard }),
    }
    try {
      await this.#http.json({ method: 'DELETE', path: objectPath(ref, kind), body }, signal)
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  async *watch(scope: WatchScope, resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const path = await this.#collection(scope, signal)
    const query = {
      watch: 'true',
      resourceVersion,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(WATCH_MIN_SECONDS + Math.floor(Math.random() * WATCH_MIN_SECONDS)),
      labelSelector: scope.labelSelector,
    }
    for await (const line of this.#http.lines({ method: 'GET', path, query }, signal)) yield toEvent(line)
  }

  async describeKind(apiVersion: string, kind: string, signal: AbortSignal): Promise<ServedKind | undefined> {
    return this.#discovery.find(apiVersion, kind, signal)
  }

  async version(signal: AbortSignal): Promise<string> {
    return textAt(await this.#http.json({ method: 'GET', path: '/version' }, signal), 'gitVersion') ?? ''
  }

  async tail(
    pod: { readonly namespace: string; readonly name: string },
    lines: number,
    signal: AbortSignal,
  ): Promise<string> {
    const path = `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/log`
    try {
      const query = { tailLines: String(lines), limitBytes: String(MAX_LOG_BYTES) }
      return await this.#http.text({ method: 'GET', path, query }, signal)
    } catch (error) {
      // Whatever stands in the way of a log must not hide the failure that it should explain.
      if (error instanceof ApiError || error instanceof UnreachableError) return ''
      throw error
    }
  }

  close(): void {
    this.#http.close()
  }

  async #known(ref: ObjectRef, signal: AbortSignal): Promise<ServedKind> {
    const kind = await this.#discovery.find(ref.apiVersion, ref.kind, signal)
    if (kind !== undefined) return kind
    throw new SetupError('STY509', `the cluster serves no kind ${ref.kind} of ${ref.apiVersion}`, {
      hint: 'Install the CustomResourceDefinition that brings it, or let the chart carry it.',
    })
  }

  async #collection(scope: WatchScope, signal: AbortSignal): Promise<string> {
    const ref = { ...scope, namespace: scope.namespace ?? '', name: '' }
    return collectionPath(ref, await this.#known(ref, signal))
  }
}

function collectionPath(ref: ObjectRef, kind: ServedKind): string {
  const namespace = kind.namespaced && ref.namespace !== '' ? `/namespaces/${ref.namespace}` : ''
  return `${groupPath(ref.apiVersion)}${namespace}/${kind.plural}`
}

function objectPath(ref: ObjectRef, kind: ServedKind, subresource?: string): string {
  const path = `${collectionPath(ref, kind)}/${encodeURIComponent(ref.name)}`
  return subresource === undefined ? path : `${path}/${subresource}`
}

function toEvent(line: string): WatchEvent {
  let event: Json
  try {
    event = JSON.parse(line) as Json
  } catch (cause) {
    throw new UnreachableError('STY500', 'the watch sent what is no JSON', { hint: 'Nothing to do.', cause })
  }
  const type = textAt(event, 'type')
  const object = isObject(event) ? toObject(event['object']) : {}
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' || type === 'BOOKMARK') return { type, object }
  throw watchError(object)
}

function toObject(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}

function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404
}
