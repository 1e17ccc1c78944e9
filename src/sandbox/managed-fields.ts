import { compareText, isObject, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import {
  cut,
  decodeSet,
  difference,
  emptySet,
  encodeSet,
  type FieldSet,
  intersection,
  isEmpty,
  pathsOf,
  sameSet,
  union,
} from './fields.ts'
import type { Schema } from './schema.ts'
import { type Comparison, compare, fieldSetOf, merge, prune } from './typed.ts'
import { type Draft, without } from './values.ts'

/** One entry of `metadata.managedFields`. */
export interface Manager {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  readonly time: string
  readonly set: FieldSet
}

/** Who writes, and where to. */
export interface Writer {
  readonly manager: string
  readonly apiVersion: string
  /** Empty for the object itself. */
  readonly subresource: string
  /** RFC 3339, whole seconds. */
  readonly time: string
  /** Paths that this endpoint does not write, so nobody comes to own them here. */
  readonly ignored: readonly (readonly string[])[]
}

/** Paths of an applied configuration that somebody else owns with another value. */
export interface Conflict {
  readonly manager: Manager
  readonly path: string
}

/** What an apply leads to. */
export type Applied =
  | { readonly kind: 'applied'; readonly object: Draft }
  | { readonly kind: 'conflict'; readonly conflicts: readonly Conflict[] }

/** Owned by nobody: identity and what the server keeps. */
const STRIPPED: readonly (readonly string[])[] = [
  ['f:apiVersion'],
  ['f:kind'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((key) => ['f:metadata', `f:${key}`]),
]

/**
 * Applies a configuration for one field manager.
 *
 * Shape:  `object` is the next state with `managedFields`, before defaults.
 * Errors: none thrown; without `force` a field that another manager owns with another value is a conflict.
 * Source: structured-merge-diff, merge/update.go.
 */
export function applyConfig(
  schema: Schema,
  live: JsonObject,
  config: JsonObject,
  { writer, force }: { readonly writer: Writer; readonly force: boolean },
): Applied {
  const before = readManagers(live)
  const bare = withoutManagers(live)
  const mine = identity({ ...writer, operation: 'Apply' })
  const last = before.get(mine)
  const named = ignore(fieldSetOf(schema, config), writer)
  const set = last !== undefined && sameSet(last.set, named) ? last.set : named
  const managers = new Map(before).set(mine, { ...writer, operation: 'Apply', set })
  const merged = merge(schema, bare, config)
  const next = last === undefined ? merged : prune(schema, merged, last.set, heldBy([...managers.values()]))
  const change = filterChange(compare(schema, bare, next), writer)
  const conflicts = force ? [] : conflictsOf(managers, mine, change)
  if (conflicts.length > 0) return { kind: 'conflict', conflicts }
  takeOver(managers, mine, change)
  const time = last !== undefined && last.set === set && isUnchanged(change) ? last.time : writer.time
  managers.set(mine, { ...writer, operation: 'Apply', set, time })
  return { kind: 'applied', object: withManagers(isObject(next) ? next : {}, managers) }
}

/** Records who changed what in a create, a replacement or a patch; the changer takes every field it changed. */
export function recordUpdate(schema: Schema, live: JsonObject, next: JsonObject, writer: Writer): Draft {
  const managers = managersOfUpdate(live, next, writer)
  const mine = identity({ ...writer, operation: 'Update' })
  const change = filterChange(compare(schema, withoutManagers(live), withoutManagers(next)), writer)
  const before = managers.get(mine)
  takeOver(managers, mine, change)
  const changed = union(change.added, change.modified)
  const set = union(difference(before?.set ?? emptySet(), change.removed), changed)
  const time = before !== undefined && sameSet(before.set, set) && isUnchanged(change) ? before.time : writer.time
  if (isEmpty(set)) managers.delete(mine)
  else managers.set(mine, { ...writer, operation: 'Update', set, time })
  return withManagers(withoutManagers(next), managers)
}

/** A sent list of managers counts, an empty one does not, and `[{}]` forgets them all. */
function managersOfUpdate(live: JsonObject, next: JsonObject, writer: Writer): Map<string, Manager> {
  const sent = listAt(next, 'metadata', 'managedFields')
  const reset = sent.length === 1 && isObject(sent[0]) && Object.keys(sent[0]).length === 0
  if (reset) return new Map()
  return new Map(readManagers(sent.length > 0 && writer.subresource === '' ? next : live))
}

/** What the real server lays an object over when it is created: its type with nothing set. */
export function zeroOf(schema: Schema): JsonObject {
  const out: Draft = {}
  for (const [key, field] of schema.fields?.() ?? []) {
    if (isObject(field.default) && field.fields !== undefined) out[key] = zeroOf(field)
    else if (schema.required?.includes(key) === true && (field.items ?? field.values) !== undefined) out[key] = null
  }
  return out
}

function isUnchanged({ added, modified, removed }: Comparison): boolean {
  return isEmpty(added) && isEmpty(modified) && isEmpty(removed)
}

function heldBy(managers: readonly Manager[]): FieldSet {
  return managers.reduce((held, { set }) => union(held, set), emptySet())
}

function ignore(set: FieldSet, writer: Writer): FieldSet {
  const rest = cut(set, [...STRIPPED, ...writer.ignored])
  const metadata = rest.children.get('f:metadata')
  if (metadata === undefined) return rest
  const children = new Map(rest.children)
  if (metadata.children.size === 0) children.delete('f:metadata')
  else children.set('f:metadata', { own: false, children: metadata.children })
  return { own: rest.own, children }
}

function filterChange({ added, modified, removed }: Comparison, writer: Writer): Comparison {
  return { added: ignore(added, writer), modified: ignore(modified, writer), removed: ignore(removed, writer) }
}

function conflictsOf(managers: ReadonlyMap<string, Manager>, mine: string, change: Comparison): readonly Conflict[] {
  const changed = union(change.added, change.modified)
  return [...managers]
    .filter(([id]) => id !== mine)
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([, manager]) => pathsOf(intersection(manager.set, changed)).map((path) => ({ manager, path })))
}

function takeOver(managers: Map<string, Manager>, mine: string, change: Comparison): void {
  const lost = union(union(change.added, change.modified), change.removed)
  for (const [id, manager] of managers) {
    if (id === mine) continue
    if (isEmpty(intersection(manager.set, lost))) continue
    const set = difference(manager.set, lost)
    if (isEmpty(set)) managers.delete(id)
    else managers.set(id, { ...manager, set })
  }
}

function identity({ manager, operation, apiVersion, subresource }: Omit<Manager, 'set' | 'time'>): string {
  return JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource])
}

/** Sets and their lists are never changed once they are stored, so each is read and written once. */
const encodings = new WeakMap<FieldSet, JsonObject>()
const decoded = new WeakMap<readonly Json[], ReadonlyMap<string, Manager>>()

/** The managers of an object, by identity. */
function readManagers(object: JsonObject): ReadonlyMap<string, Manager> {
  const list = listAt(object, 'metadata', 'managedFields')
  const known = decoded.get(list)
  if (known !== undefined) return known
  const managers = new Map(list.map((entry) => readManager(entry)).map((manager) => [identity(manager), manager]))
  decoded.set(list, managers)
  return managers
}

function readManager(entry: Json): Manager {
  return {
    manager: textAt(entry, 'manager') ?? '',
    operation: textAt(entry, 'operation') === 'Apply' ? 'Apply' : 'Update',
    apiVersion: textAt(entry, 'apiVersion') ?? '',
    subresource: textAt(entry, 'subresource') ?? '',
    time: textAt(entry, 'time') ?? '',
    set: decodeSet(isObject(entry) ? own(entry, 'fieldsV1') : undefined),
  }
}

/** An object as it was sent, without the record of its managers. */
function withoutManagers(object: JsonObject): JsonObject {
  const metadata = objectAt(object, 'metadata')
  if (!Object.hasOwn(metadata, 'managedFields')) return object
  return { ...object, metadata: without(metadata, 'managedFields') }
}

function withManagers(object: JsonObject, managers: ReadonlyMap<string, Manager>): Draft {
  const entries = [...managers.values()]
    .filter(({ set }) => !isEmpty(set))
    .sort(inOrder)
    .map(encodeManager)
  const metadata: Draft = without(objectAt(object, 'metadata'), 'managedFields')
  if (entries.length > 0) metadata['managedFields'] = entries
  return { ...object, metadata }
}

/** Order: operation, time, manager, version, subresource, as the real server sorts. */
function inOrder(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    compareText(a.time, b.time) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  )
}

function encodeManager({ manager, operation, apiVersion, subresource, time, set }: Manager): Json {
  return {
    manager,
    operation,
    apiVersion,
    ...(time === '' ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: encoded(set),
    ...(subresource === '' ? {} : { subresource }),
  }
}

function encoded(set: FieldSet): JsonObject {
  const known = encodings.get(set)
  if (known !== undefined) return known
  const fields = encodeSet(set)
  encodings.set(set, fields)
  return fields
}

/** The manager in the words of a conflict message. */
export function printManager({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = `${JSON.stringify(manager)}${subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`}`
  return operation === 'Update' ? `${name} using ${apiVersion}` : name
}
