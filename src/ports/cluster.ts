import type { ObjectRef } from '../domain/manifest.ts'
import type { JsonObject } from '../util/json.ts'

/** What is watched: one kind, in one namespace or all, by label. */
export interface WatchScope {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
  readonly labelSelector?: string
}

export interface ApplyOptions {
  readonly fieldManager: string
  readonly force: boolean
  readonly dryRun?: boolean
  readonly subresource?: 'status'
}

export interface DeleteOptions {
  readonly uid?: string
  readonly resourceVersion?: string
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan'
}

/**
 * A Kubernetes API, as raw JSON.
 *
 * Errors: ApiError (see `domain/api-error.ts`) with the Status' code and reason; UnreachableError when nothing answered.
 */
export interface ClusterApi {
  get(ref: ObjectRef, signal: AbortSignal): Promise<JsonObject | undefined>
  /** All pages of a list. */
  list(
    scope: WatchScope,
    signal: AbortSignal,
  ): Promise<{ readonly items: readonly JsonObject[]; readonly resourceVersion: string }>
  create(object: JsonObject, signal: AbortSignal): Promise<JsonObject>
  apply(object: JsonObject, options: ApplyOptions, signal: AbortSignal): Promise<JsonObject>
  /** Replaces by PUT; the object's resourceVersion guards it. */
  replace(object: JsonObject, options: { readonly subresource?: 'status' }, signal: AbortSignal): Promise<JsonObject>
  mergePatch(
    ref: ObjectRef,
    patch: JsonObject,
    options: { readonly subresource?: 'status' | 'scale' },
    signal: AbortSignal,
  ): Promise<JsonObject>
  /** False when it was not there. */
  remove(ref: ObjectRef, options: DeleteOptions, signal: AbortSignal): Promise<boolean>
  /** Raw watch events from a resourceVersion; ends when the server ends it. Errors: ApiError 410 when the version is gone. */
  watch(scope: WatchScope, resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchEvent>
  /** Whether a kind is there and namespaced; `undefined` when no such kind is served. */
  describeKind(
    apiVersion: string,
    kind: string,
    signal: AbortSignal,
  ): Promise<{ readonly namespaced: boolean; readonly plural: string } | undefined>
  version(signal: AbortSignal): Promise<string>
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: JsonObject
}
