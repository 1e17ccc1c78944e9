import { compareText, isObject, type Json, type JsonObject } from '../util/json.ts'
import type { Draft } from './values.ts'

/**
 * A set of paths into an object, as managed fields record them.
 *
 * Shape: a tree; keys are path elements in the form of FieldsV1 (`f:name`, `k:{"name":"x"}`, `v:"x"`);
 *        `own` says that the path itself is in the set.
 * Source: structured-merge-diff, fieldpath.Set and its serialisation.
 */
export interface FieldSet {
  own: boolean
  readonly children: Map<string, FieldSet>
}

/** A set with nothing in it. */
export function emptySet(): FieldSet {
  return { own: false, children: new Map() }
}

/** The set below a path element, made when it is missing. */
export function child(set: FieldSet, element: string): FieldSet {
  const found = set.children.get(element)
  if (found !== undefined) return found
  const made = emptySet()
  set.children.set(element, made)
  return made
}

/** Whether no path is in the set. */
export function isEmpty(set: FieldSet): boolean {
  if (set.own) return false
  for (const below of set.children.values()) if (!isEmpty(below)) return false
  return true
}

/** The paths of either set. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  const out: FieldSet = { own: a.own || b.own, children: new Map(a.children) }
  for (const [element, below] of b.children) {
    const there = a.children.get(element)
    out.children.set(element, there === undefined ? below : union(there, below))
  }
  return out
}

/** The paths of both sets. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const out: FieldSet = { own: a.own && b.own, children: new Map() }
  for (const [element, below] of a.children) {
    const there = b.children.get(element)
    if (there === undefined) continue
    const both = intersection(below, there)
    if (!isEmpty(both)) out.children.set(element, both)
  }
  return out
}

/** The paths of the first set that are not in the second; a path below one of the second stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const out: FieldSet = { own: a.own && !b.own, children: new Map() }
  for (const [element, below] of a.children) {
    const there = b.children.get(element)
    const rest = there === undefined ? below : difference(below, there)
    if (!isEmpty(rest)) out.children.set(element, rest)
  }
  return out
}

/** The set without some paths and all that is below them. */
export function cut(set: FieldSet, paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce((rest, path) => cutOne(rest, path), set)
}

function cutOne(set: FieldSet, [element, ...more]: readonly string[]): FieldSet {
  if (element === undefined) return emptySet()
  const below = set.children.get(element)
  if (below === undefined) return set
  const rest = cutOne(below, more)
  const children = new Map(set.children)
  if (isEmpty(rest)) children.delete(element)
  else children.set(element, rest)
  return { own: set.own, children }
}

/** Whether two sets hold the same paths. */
export function sameSet(a: FieldSet, b: FieldSet): boolean {
  return isEmpty(difference(a, b)) && isEmpty(difference(b, a))
}

/** The FieldsV1 form, keys in the order of the real server. */
export function encodeSet(set: FieldSet): JsonObject {
  const out: Draft = {}
  const elements = [...set.children.keys()].sort(compareText)
  for (const element of elements) {
    const below = set.children.get(element) ?? emptySet()
    if (isEmpty(below)) continue
    const fields = encodeSet(below)
    out[element] = below.own && Object.keys(fields).length > 0 ? { '.': {}, ...fields } : fields
  }
  return out
}

/** Reads the FieldsV1 form; what is no object counts as empty. */
export function decodeSet(fields: Json | undefined): FieldSet {
  const out = emptySet()
  if (!isObject(fields)) return out
  const keys = Object.keys(fields)
  for (const key of keys) {
    if (key === '.') continue
    const below = decodeSet(fields[key])
    below.own = below.children.size === 0 || Object.hasOwn(isObject(fields[key]) ? fields[key] : {}, '.')
    out.children.set(key, below)
  }
  return out
}

/** All paths in the notation of messages, `.spec.containers[name="a"].image`; sorted. */
export function pathsOf(set: FieldSet, base = ''): readonly string[] {
  const elements = [...set.children].sort(([a], [b]) => compareText(a, b))
  return elements.flatMap(([element, below]) => {
    const here = `${base}${printElement(element)}`
    return [...(below.own ? [here] : []), ...pathsOf(below, here)]
  })
}

/** One path element in the notation of messages. */
export function printElement(element: string): string {
  const text = element.slice(2)
  if (element.startsWith('f:')) return `.${text}`
  if (element.startsWith('v:')) return `[=${text}]`
  const keys: unknown = JSON.parse(text)
  const pairs = isObject(keys) ? Object.entries(keys) : []
  return `[${pairs.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`
}
