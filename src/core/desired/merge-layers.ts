import type { JsonPointer } from '../../domain/ids.ts'
import type { Layer, Origin, SourceRef } from '../../domain/source.ts'
import { isObject, type Json, type JsonObject, own } from '../../util/json.ts'
import { pointerTo } from '../../util/pointer.ts'

/** One layer of settings and where its values were written. */
export interface ConfigLayer {
  readonly layer: Layer
  readonly value: JsonObject
  readonly placeOf: (pointer: JsonPointer) => SourceRef
  /** Pointer of `value` in its document. */
  readonly base: JsonPointer
}

/** Merged settings and who set each leaf; pointers are from the merged object's root. */
export interface Merged {
  readonly value: JsonObject
  readonly origins: ReadonlyMap<JsonPointer, Origin>
}

/**
 * Merges layers, widest first.
 *
 * Shape:  objects merge key by key, lists and scalars replace, `null` deletes what was inherited.
 * Order:  keys in code-unit order, so equal layers give equal bytes.
 */
export function mergeLayers(layers: readonly ConfigLayer[]): Merged {
  const origins = new Map<JsonPointer, Origin>()
  const value = mergeObjects(
    layers.map((layer) => ({ ...layer, value: layer.value })),
    '',
    origins,
  )
  return { value, origins }
}

function mergeObjects(
  layers: readonly ConfigLayer[],
  here: JsonPointer,
  origins: Map<JsonPointer, Origin>,
): JsonObject {
  const keys = [...new Set(layers.flatMap(({ value }) => Object.keys(value)))].sort()
  const entries = keys.flatMap((key): readonly (readonly [string, Json])[] => {
    const merged = mergeKey(layers, key, here, origins)
    return merged === undefined ? [] : [[key, merged]]
  })
  return Object.fromEntries(entries)
}

function mergeKey(
  layers: readonly ConfigLayer[],
  key: string,
  here: JsonPointer,
  origins: Map<JsonPointer, Origin>,
): Json | undefined {
  const pointer = pointerTo(here, key)
  const objects: ConfigLayer[] = []
  for (const layer of layers.toReversed()) {
    const value = own(layer.value, key)
    if (value === undefined) continue
    const base = pointerTo(layer.base, key)
    if (!isObject(value)) {
      if (objects.length > 0 || value === null) break
      noteLeaves(value, { ...layer, base }, pointer, origins)
      return value
    }
    objects.unshift({ ...layer, value, base })
  }
  if (objects.length === 0) return undefined
  const merged = mergeObjects(objects, pointer, origins)
  const narrowest = objects.at(-1)
  if (Object.keys(merged).length === 0 && narrowest !== undefined) origins.set(pointer, originOf(narrowest))
  return merged
}

/** Notes who set a value and each leaf in it. */
export function noteLeaves(
  value: Json,
  layer: Omit<ConfigLayer, 'value'>,
  pointer: JsonPointer,
  origins: Map<JsonPointer, Origin>,
): void {
  const entries = Array.isArray(value) ? [...value.entries()] : isObject(value) ? Object.entries(value) : []
  if (entries.length === 0 || Array.isArray(value)) origins.set(pointer, originOf(layer))
  for (const [key, item] of entries)
    noteLeaves(item, { ...layer, base: pointerTo(layer.base, key) }, pointerTo(pointer, key), origins)
}

function originOf({ layer, placeOf, base }: Omit<ConfigLayer, 'value'>): Origin {
  return { layer, at: placeOf(base) }
}
