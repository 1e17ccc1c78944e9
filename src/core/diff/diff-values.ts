import { isDeepStrictEqual } from 'node:util'
import type { JsonPointer } from '../../domain/ids.ts'
import type { Change } from '../../domain/plan.ts'
import { isObject, type Json, type JsonObject, own } from '../../util/json.ts'
import { pointerTo } from '../../util/pointer.ts'

/**
 * Lists the changes that turn `before` into `after`.
 *
 * Shape:  objects are compared key by key, arrays as whole values; a leaf that differs gives one entry.
 * Order:  by key, in code-unit order, so equal inputs give equal bytes.
 * Errors: none. Any two JSON objects have a difference, maybe empty.
 * Source: pointers are RFC 6901.
 */
export function diffValues(before: JsonObject, after: JsonObject): readonly Change[] {
  return diffAt('', before, after)
}

function diffAt(base: JsonPointer, before: JsonObject, after: JsonObject): readonly Change[] {
  if (before === after) return []
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return keys.flatMap((key) => changeAt(pointerTo(base, key), own(before, key), own(after, key)))
}

function changeAt(at: JsonPointer, before: Json | undefined, after: Json | undefined): readonly Change[] {
  if (after === undefined) return before === undefined ? [] : [{ kind: 'removed', at, before }]
  if (before === undefined) return [{ kind: 'added', at, after }]
  if (isObject(before) && isObject(after)) return diffAt(at, before, after)
  return isDeepStrictEqual(before, after) ? [] : [{ kind: 'replaced', at, before, after }]
}
