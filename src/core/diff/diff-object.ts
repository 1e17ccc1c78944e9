import { isDeepStrictEqual } from 'node:util'
import type { JsonPointer } from '../../domain/ids.ts'
import type { Change } from '../../domain/plan.ts'
import { isObject, type Json, type JsonObject, own } from '../../util/json.ts'
import { pointerTo } from '../../util/pointer.ts'

/**
 * Fields whose lists are maps in disguise, with the fields that name an item.
 *
 * Source: `x-kubernetes-list-map-keys` and `patchMergeKey` of the Kubernetes API; a field with several
 *         meanings has several rows, and the first that names every item of both lists counts.
 */
const LIST_KEYS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  conditions: [['type']],
  containers: [['name']],
  env: [['name']],
  ephemeralContainers: [['name']],
  hostAliases: [['ip']],
  imagePullSecrets: [['name']],
  initContainers: [['name']],
  ports: [['containerPort', 'protocol'], ['containerPort'], ['port', 'protocol'], ['port']],
  topologySpreadConstraints: [['topologyKey', 'whenUnsatisfiable']],
  versions: [['name']],
  volumeDevices: [['devicePath']],
  volumeMounts: [['mountPath']],
  volumes: [['name']],
  webhooks: [['name']],
}

/**
 * Lists the changes that turn one Kubernetes object into another.
 *
 * Shape:  as `diffValues`, but lists that are maps in disguise are compared item by item; such an item's step
 *         is its key in brackets: `/spec/template/spec/containers/[web]/image`.
 * Order:  by key, in code-unit order. A keyed list whose shared items changed places is one replaced list,
 *         because for some of them (`env`) order has a meaning.
 * Errors: none.
 */
export function diffObject(before: JsonObject, after: JsonObject): readonly Change[] {
  return diffMaps('', before, after)
}

function diffMaps(base: JsonPointer, before: JsonObject, after: JsonObject): readonly Change[] {
  if (before === after) return []
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return keys.flatMap((key) => diffField(base, key, { before: own(before, key), after: own(after, key) }))
}

interface Pair {
  readonly before: Json | undefined
  readonly after: Json | undefined
}

function diffField(base: JsonPointer, key: string, { before, after }: Pair): readonly Change[] {
  const at = pointerTo(base, key)
  if (after === undefined) return before === undefined ? [] : [{ kind: 'removed', at, before }]
  if (before === undefined) return [{ kind: 'added', at, after }]
  if (isObject(before) && isObject(after)) return diffMaps(at, before, after)
  if (isDeepStrictEqual(before, after)) return []
  const keyed = keyedLists(key, before, after)
  return keyed === undefined ? [{ kind: 'replaced', at, before, after }] : diffMaps(at, keyed.before, keyed.after)
}

/** Both lists as objects by the key of their items; `undefined` when they must be compared as a whole. */
function keyedLists(
  field: string,
  before: Json,
  after: Json,
): { readonly before: JsonObject; readonly after: JsonObject } | undefined {
  if (!Object.hasOwn(LIST_KEYS, field)) return undefined
  for (const fields of LIST_KEYS[field] ?? []) {
    const [left, right] = [itemsByKey(before, fields), itemsByKey(after, fields)]
    if (left === undefined || right === undefined) continue
    return sameOrder(left, right) ? { before: Object.fromEntries(left), after: Object.fromEntries(right) } : undefined
  }
  return undefined
}

function itemsByKey(items: Json, fields: readonly string[]): ReadonlyMap<string, Json> | undefined {
  if (!Array.isArray(items) || items.length === 0) return undefined
  const found = new Map<string, Json>()
  for (const item of items) {
    const key = itemKey(item, fields)
    if (key === undefined || found.has(key)) return undefined
    found.set(key, item)
  }
  return found
}

function itemKey(item: Json, fields: readonly string[]): string | undefined {
  if (!isObject(item)) return undefined
  const parts = fields.map((field) => own(item, field))
  const texts = parts.filter((part) => typeof part === 'string' || typeof part === 'number')
  return texts.length === fields.length ? `[${texts.join(',')}]` : undefined
}

function sameOrder(before: ReadonlyMap<string, Json>, after: ReadonlyMap<string, Json>): boolean {
  const left = [...before.keys()].filter((key) => after.has(key))
  const right = [...after.keys()].filter((key) => before.has(key))
  return isDeepStrictEqual(left, right)
}
