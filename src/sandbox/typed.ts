import { isObject, type Json, type JsonObject, own } from '../util/json.ts'
import { child, emptySet, type FieldSet } from './fields.ts'
import { FREE, fieldOf, isAtomic, type Schema } from './schema.ts'
import { copyValue, type Draft, same } from './values.ts'

/** Which paths differ between two states of an object. */
export interface Comparison {
  readonly added: FieldSet
  readonly modified: FieldSet
  readonly removed: FieldSet
}

/** The path element of one list item: its keys or its value. */
export function elementOf(schema: Schema, item: Json): string {
  if (schema.list !== 'map') return `v:${JSON.stringify(item)}`
  const pairs: Draft = {}
  for (const key of (schema.keys ?? []).toSorted()) {
    const value = keyValue(schema, item, key)
    if (value !== undefined) pairs[key] = value
  }
  return `k:${JSON.stringify(pairs)}`
}

/** The value of a key of a list item, or its default; an empty default names nothing. */
function keyValue(schema: Schema, item: Json, key: string): Json | undefined {
  const value = isObject(item) ? own(item, key) : undefined
  if (value !== undefined && value !== null) return value
  const initial = schema.items === undefined ? undefined : fieldOf(schema.items, key)?.default
  return initial === '' ? undefined : initial
}

/** The paths that an applied configuration names. */
export function fieldSetOf(schema: Schema, value: Json): FieldSet {
  const set = emptySet()
  addFields(set, schema, value)
  return set
}

function addFields(set: FieldSet, schema: Schema, value: Json): void {
  if (!isObject(value) && !Array.isArray(value)) set.own = true
  else if (isAtomic(schema, value)) set.own = true
  else if (Array.isArray(value)) addItems(set, schema, value)
  else if (isObject(value)) addKeys(set, schema, value)
}

function addKeys(set: FieldSet, schema: Schema, value: JsonObject): void {
  for (const key of Object.keys(value)) {
    const item = value[key] ?? null
    const below = child(set, `f:${key}`)
    addFields(below, fieldOf(schema, key) ?? FREE, item)
    const bare = isObject(item) && Object.keys(item).length === 0
    if (bare || schema.fields?.().has(key) !== true) below.own = true
  }
}

function addItems(set: FieldSet, schema: Schema, value: readonly Json[]): void {
  for (const item of value) {
    const below = child(set, elementOf(schema, item))
    addFields(below, schema.items ?? FREE, item)
    below.own = true
  }
}

/** Compares two states path by path; lists with keys are compared item by item. */
export function compare(schema: Schema, before: Json | undefined, after: Json | undefined): Comparison {
  const out = { added: emptySet(), modified: emptySet(), removed: emptySet() }
  compareAt({ path: [], out }, schema, before, after)
  return out
}

interface Walk {
  readonly path: readonly string[]
  readonly out: Comparison
}

function compareAt(walk: Walk, schema: Schema, before: Json | undefined, after: Json | undefined): void {
  if (before === after) return
  if (isLeaf(schema, before, after)) return markLeaf(walk, before, after)
  if (Array.isArray(before) || Array.isArray(after)) compareItems(walk, schema, asList(before), asList(after))
  else compareKeys(walk, schema, asObject(before), asObject(after))
  if (before === undefined) mark(walk.out.added, walk.path)
  else if (after === undefined) mark(walk.out.removed, walk.path)
}

function isLeaf(schema: Schema, before: Json | undefined, after: Json | undefined): boolean {
  const sides = [before, after].filter((side) => side !== undefined && side !== null)
  if (sides.some((side) => !isObject(side) && !Array.isArray(side))) return true
  if (sides.every((side) => (Array.isArray(side) ? side.length === 0 : Object.keys(side ?? {}).length === 0)))
    return true
  if (sides.length === 2 && Array.isArray(before) !== Array.isArray(after)) return true
  return sides.some((side) => isAtomic(schema, side ?? null))
}

function markLeaf({ path, out }: Walk, before: Json | undefined, after: Json | undefined): void {
  if (before === undefined) mark(out.added, path)
  else if (after === undefined) mark(out.removed, path)
  else if (!same(before, after)) mark(out.modified, path)
}

function mark(set: FieldSet, path: readonly string[]): void {
  path.reduce(child, set).own = true
}

function compareKeys(walk: Walk, schema: Schema, before: JsonObject, after: JsonObject): void {
  const visit = (key: string): void => {
    const below = { path: [...walk.path, `f:${key}`], out: walk.out }
    compareAt(below, fieldOf(schema, key) ?? FREE, own(before, key), own(after, key))
  }
  for (const key of Object.keys(before)) visit(key)
  for (const key of Object.keys(after)) if (!Object.hasOwn(before, key)) visit(key)
}

function compareItems(walk: Walk, schema: Schema, before: readonly Json[], after: readonly Json[]): void {
  const old = new Map(before.map((item) => [elementOf(schema, item), item]))
  const now = new Map(after.map((item) => [elementOf(schema, item), item]))
  for (const element of new Set([...old.keys(), ...now.keys()])) {
    const below = { path: [...walk.path, element], out: walk.out }
    compareAt(below, schema.items ?? FREE, old.get(element), now.get(element))
  }
}

function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function asObject(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}

/** Lays an applied configuration over the live state. */
export function merge(schema: Schema, live: Json | undefined, config: Json): Json {
  if (live === undefined || isAtomic(schema, config)) return copyValue(config)
  if (Array.isArray(config) && Array.isArray(live)) return mergeItems(schema, live, config)
  if (!isObject(config) || !isObject(live)) return copyValue(config)
  const out: Draft = { ...live }
  for (const key of Object.keys(config)) {
    out[key] = merge(fieldOf(schema, key) ?? FREE, own(live, key), config[key] ?? null)
  }
  return out
}

/**
 * Merges two lists item by item.
 *
 * Order: items of the configuration in its order; items that only the live list has keep their place among them.
 * Source: structured-merge-diff, typed/merge.go visitListItems.
 */
function mergeItems(schema: Schema, live: readonly Json[], config: readonly Json[]): readonly Json[] {
  const old = live.map((item) => ({ element: elementOf(schema, item), item }))
  const now = config.map((item) => ({ element: elementOf(schema, item), item }))
  const byElement = new Map(old.map(({ element, item }) => [element, item]))
  const wanted = new Set(now.map(({ element }) => element))
  const shared = now.map(({ element }) => element).filter((element) => byElement.has(element))
  const done = new Set<string>()
  const out: Json[] = []
  let index = 0
  /** Live items that stand in front of the next one that both lists have. */
  const takeOthers = (element: string): void => {
    for (; index < old.length; index++) {
      const left = old[index]
      if (left === undefined || left.element === element) return
      if (!wanted.has(left.element)) out.push(left.item)
      else if (!done.has(left.element) && (shared[0] ?? left.element) === left.element) return
    }
  }
  for (const { element, item } of now) {
    takeOthers(element)
    out.push(merge(schema.items ?? FREE, byElement.get(element), item))
    done.add(element)
    if (old[index]?.element === element) index++
    if (shared[0] === element) shared.shift()
  }
  return [...out, ...old.slice(index).flatMap((left) => (wanted.has(left.element) ? [] : [left.item]))]
}

/**
 * Takes out of a merged state what a manager applied before and nobody holds now.
 *
 * `last` is what the manager applied before, `held` the union of what all managers hold now.
 */
export function prune(schema: Schema, value: Json, last: FieldSet, held: FieldSet): Json {
  if (Array.isArray(value)) return pruneItems(schema, value, last, held)
  if (!isObject(value) || isAtomic(schema, value)) return value
  const out: Draft = {}
  for (const key of Object.keys(value)) {
    const kept = pruneOne(
      { schema: fieldOf(schema, key) ?? FREE, value: value[key] ?? null, element: `f:${key}` },
      last,
      held,
    )
    if (kept !== undefined) out[key] = kept
  }
  return out
}

function pruneItems(schema: Schema, value: readonly Json[], last: FieldSet, held: FieldSet): Json {
  if (isAtomic(schema, value)) return value
  return value.flatMap((item) => {
    const kept = pruneOne({ schema: schema.items ?? FREE, value: item, element: elementOf(schema, item) }, last, held)
    return kept === undefined ? [] : [kept]
  })
}

interface Part {
  readonly schema: Schema
  readonly value: Json
  readonly element: string
}

function pruneOne({ schema, value, element }: Part, last: FieldSet, held: FieldSet): Json | undefined {
  const before = last.children.get(element)
  if (before === undefined) return value
  const now = held.children.get(element)
  return now === undefined ? undefined : prune(schema, value, before, now)
}
