import { isDeepStrictEqual } from 'node:util'
import type { JsonPointer } from '../domain/ids.ts'
import { isObject, type Json, type JsonObject } from '../util/json.ts'
import { pointerTo } from '../util/pointer.ts'

/** What stands for a leaf that depends on chance or clock, in everything that is compared or has a digest. */
const GENERATED = '<generated>'

/**
 * Where two renders of one object differ, so where chance or clock decided.
 *
 * Order: sorted. Where keys or lengths differ, the whole object or list counts as one leaf.
 */
export function generatedLeaves(first: Json, second: Json): readonly JsonPointer[] {
  return leavesAt('', first, second).sort()
}

function leavesAt(pointer: JsonPointer, first: Json, second: Json): JsonPointer[] {
  if (Array.isArray(first) && Array.isArray(second) && first.length === second.length) {
    return first.flatMap((item: Json, index) => leavesAt(pointerTo(pointer, index), item, second[index] as Json))
  }
  if (isObject(first) && isObject(second) && sameKeys(first, second)) {
    return Object.keys(first).flatMap((key) =>
      leavesAt(pointerTo(pointer, key), first[key] ?? null, second[key] ?? null),
    )
  }
  return isDeepStrictEqual(first, second) ? [] : [pointer]
}

function sameKeys(first: JsonObject, second: JsonObject): boolean {
  const keys = Object.keys(first)
  return keys.length === Object.keys(second).length && keys.every((key) => Object.hasOwn(second, key))
}

/** The object with its generated leaves replaced by the mark. */
export function withMarks(object: JsonObject, pointers: readonly JsonPointer[]): JsonObject {
  if (pointers.length === 0) return object
  const wanted = new Set(pointers)
  const copy = (pointer: JsonPointer, value: Json): Json => {
    if (wanted.has(pointer)) return GENERATED
    if (Array.isArray(value)) return value.map((item: Json, index) => copy(pointerTo(pointer, index), item))
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(pointerTo(pointer, key), item)]))
  }
  const marked = copy('', object)
  return isObject(marked) ? marked : object
}

/** Whether a text of a chart, or of its values, can name a function whose result depends on chance or clock. */
export function mayGenerate(text: string): boolean {
  return CHANCE.test(text)
}

/**
 * Function names are fixed text in Go templates, so a chart without any of them gives the same bytes each time.
 *
 * Source: sprig's functions that read crypto/rand, math/rand or time.Now, and Helm's own.
 */
const CHANCE =
  /rand|shuffle|uuid|now|ago|date|genPrivateKey|genCA|genSelfSigned|genSigned|buildCustomCert|htpasswd|bcrypt|encryptAES|getHostByName/i
