import { ApiError } from '../../domain/api-error.ts'
import { SetupError, StyrminError } from '../../domain/errors.ts'
import { type ObjectRef, objectTitle } from '../../domain/manifest.ts'
import { refKey } from '../../domain/object-ref.ts'
import type { Bundle } from '../../domain/wire.ts'
import type { Json, JsonObject } from '../../util/json.ts'
import type { InventoryEntry, RunResource, Stopped } from '../resources.ts'
import type { AgentWorld } from '../world.ts'

/** What the steps of one run work with. */
export interface RunScope {
  readonly world: AgentWorld
  readonly bundle: Bundle
  readonly run: RunResource
  /** `namespace/name` of the StyrminDeployment. */
  readonly key: string
  /** uid of the StyrminRun: what it owns goes with it. */
  readonly runUid: string
  readonly namespace: string
  readonly id: string
  /** What belongs to the deployment, by `refKey`; each step's result is folded in. */
  readonly inventory: Map<string, InventoryEntry>
  /** Whether a newer intent waits for this run to end. */
  readonly isSuperseded: () => boolean
  readonly stopped: () => Stopped
  /** Writes down what stays at 0; durable when it resolves. */
  readonly saveStopped: (stopped: Stopped, signal: AbortSignal) => Promise<void>
}

/** The result of a step that touched objects: their places in the inventory. */
export function inventoryResult(entries: readonly InventoryEntry[], gone: readonly string[] = []): JsonObject {
  return { inventory: entries as readonly unknown[] as readonly Json[], gone }
}

/** Where a ref of a manifest really is: namespaced kinds without a namespace are in the environment's. */
export async function locate(ref: ObjectRef, scope: RunScope, signal: AbortSignal): Promise<ObjectRef> {
  const kind = await scope.world.api.describeKind(ref.apiVersion, ref.kind, signal)
  if (kind === undefined) {
    throw new SetupError('STY509', `the cluster serves no kind ${ref.kind} of ${ref.apiVersion}`, {
      hint: 'Install the CustomResourceDefinition that brings it, or let the chart carry it.',
    })
  }
  if (!kind.namespaced) return { ...ref, namespace: '' }
  if (ref.namespace === '' || ref.namespace === scope.namespace) return { ...ref, namespace: scope.namespace }
  throw new SetupError('STY508', `${objectTitle(ref)} lies in the namespace ${ref.namespace}`, {
    hint: `Let the chart put it into the namespace of the release, which is ${scope.namespace}.`,
  })
}

/** The inventory's entry for an object as the API server answered it. */
export function entryOf(ref: ObjectRef, uid: string, fields: string): InventoryEntry {
  const { apiVersion, kind, namespace, name } = ref
  return { apiVersion, kind, namespace, name, uid, fields }
}

/** Whether the same request may meet another answer: nobody has to act. */
export function isTransient(error: unknown): boolean {
  if (error instanceof StyrminError) return error.actor === 'nobody'
  if (!(error instanceof ApiError)) return false
  // 401: a token that was replaced in its file is read again.
  return error.status === 401 || error.status === 409 || error.status === 429 || error.status >= 500
}

/** An answer of the API server as an error that names the object; others as they are. */
export function explain(error: unknown, ref: ObjectRef): unknown {
  if (!(error instanceof ApiError) || isTransient(error)) return error
  const causes = error.causes.length === 0 ? '' : ` (${error.causes.join('; ')})`
  return new SetupError('STY502', `${objectTitle(ref)}: ${error.message}${causes}`, {
    hint:
      error.status === 403 ? 'Give the agent the right to do this.' : 'Correct the chart or the values that make it.',
    cause: error,
  })
}

/** Folds the result of a step into the inventory; the same in the first run and in a replay. */
export function foldInventory(
  inventory: Map<string, InventoryEntry>,
  entries: readonly InventoryEntry[],
  gone: readonly string[],
): void {
  for (const key of gone) inventory.delete(key)
  for (const entry of entries) inventory.set(refKey(entry), entry)
}
