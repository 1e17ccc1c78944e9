import { isObject, type Json, type JsonObject, own } from '../util/json.ts'

/** An object while it is being put together; what is stored is never changed. */
export interface Draft {
  [key: string]: Json
}

/** A deep copy that may be changed. */
export function copy(value: JsonObject): Draft {
  const out: Draft = {}
  for (const key of Object.keys(value)) out[key] = copyValue(value[key] ?? null)
  return out
}

/** A deep copy of any JSON value. */
export function copyValue(value: Json): Json {
  if (Array.isArray(value)) return value.map(copyValue)
  return isObject(value) ? copy(value) : value
}

/** The object at a path of a draft, made where it is missing; what it replaces was no object. */
export function draftAt(draft: Draft, ...path: readonly string[]): Draft {
  let here = draft
  for (const key of path) {
    const found = own(here, key)
    const next: Draft = isDraft(found) ? found : {}
    if (next !== found) here[key] = next
    here = next
  }
  return here
}

/** Whether a value can be changed in place; true for every object of a draft, as a draft shares nothing. */
export function isDraft(value: unknown): value is Draft {
  return isObject(value)
}

/** The items of a list of a draft that are objects, to be changed in place. */
export function draftsAt(draft: JsonObject, key: string): readonly Draft[] {
  const list = own(draft, key)
  return Array.isArray(list) ? list.filter(isDraft) : []
}

/** Sets a key where it is missing or null. */
export function setDefault(draft: Draft, key: string, value: Json): void {
  if ((own(draft, key) ?? null) === null) draft[key] = value
}

/** A value as text: a text as it is, nothing as the empty text, all else as JSON. */
export function textOf(value: Json | undefined): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Whether two JSON values are the same; the order of keys does not count. */
export function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && sameList(a, b)
  return isObject(a) && isObject(b) && sameObject(a, b)
}

function sameList(a: readonly Json[], b: readonly Json[]): boolean {
  return a.length === b.length && a.every((item, index) => same(item, b[index]))
}

function sameObject(a: JsonObject, b: JsonObject): boolean {
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
}

/** A copy without the named keys. */
export function without(value: JsonObject, ...keys: readonly string[]): Draft {
  const out: Draft = {}
  for (const key of Object.keys(value)) if (!keys.includes(key)) out[key] = value[key] ?? null
  return out
}
