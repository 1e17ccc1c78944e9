// Comes in: an object with its managed fields. Goes out: which fields are ours, and which we lost to whom.
// Never: a comparison of values: the API server normalises them, but it always knows who set a field last.
import { createHash } from 'node:crypto'
import { isObject, type Json, type JsonObject, listAt, own, textAt } from '../../util/json.ts'
import { pointerTo } from '../../util/pointer.ts'

/** A field that is no longer ours. */
export interface LostField {
  readonly pointer: string
  /** Who has it now; `''` when nobody has, because it was removed. */
  readonly manager: string
  /** When that manager wrote last; `''` when unknown. */
  readonly at: string
}

const DIGEST_LENGTH = 16

/**
 * A short digest of the fields that these managers applied.
 *
 * Server-side apply takes a field away from us as soon as somebody else changes or removes it,
 * so two equal digests mean that everything we set is as we set it.
 */
export function ownedFields(object: JsonObject, managers: readonly string[]): string {
  const sets = managers.map((manager) => JSON.stringify(appliedSet(object, manager) ?? null))
  return createHash('sha256').update(sets.join('\n')).digest('hex').slice(0, DIGEST_LENGTH)
}

/**
 * Which of the fields that were applied are not ours any more.
 *
 * Shape: leaves of objects; a list that is lost is one field.
 * Order: as in `applied`.
 */
export function lostFields(applied: JsonObject, live: JsonObject, managers: readonly string[]): readonly LostField[] {
  const sets = managers.flatMap((manager) => appliedSet(live, manager) ?? [])
  const lost: string[] = []
  const { apiVersion: _version, kind: _kind, ...rest } = applied
  for (const [key, value] of Object.entries(rest)) walk(value, `/${key}`, childSets(sets, `f:${key}`), lost)
  return lost
    .filter((pointer) => !IDENTITY.has(pointer))
    .map((pointer) => ({ pointer, ...ownerOf(live, pointer, managers) }))
}

const IDENTITY = new Set(['/metadata/name', '/metadata/namespace', '/metadata/uid', '/metadata'])

function walk(value: Json, pointer: string, sets: readonly Json[], lost: string[]): void {
  if (value === null) return
  if (sets.length === 0 && !(isObject(value) && Object.keys(value).length > 0)) return void lost.push(pointer)
  if (isObject(value)) {
    if (sets.some((set) => isObject(set) && isLeaf(set))) return
    for (const [key, child] of Object.entries(value)) {
      walk(child, pointerTo(pointer, key), childSets(sets, `f:${key}`), lost)
    }
  }
  if (Array.isArray(value)) walkList(value as readonly Json[], pointer, sets, lost)
}

function walkList(items: readonly Json[], pointer: string, sets: readonly Json[], lost: string[]): void {
  for (const [index, item] of items.entries()) {
    const keys = sets.flatMap((set) => (isObject(set) ? Object.keys(set) : []))
    if (keys.length === 0) return // an atomic list is one field
    const key = keys.find((candidate) => selects(candidate, item))
    if (key === undefined) lost.push(pointerTo(pointer, index))
    else walk(item, pointerTo(pointer, index), childSets(sets, key), lost)
  }
}

/** `k:{"name":"web"}` selects an item by its keys, `v:"x"` by its value. */
function selects(key: string, item: Json): boolean {
  if (key.startsWith('v:')) return key.slice(2) === JSON.stringify(item)
  if (!key.startsWith('k:') || !isObject(item)) return false
  const wanted = JSON.parse(key.slice(2)) as JsonObject
  return Object.entries(wanted).every(
    ([name, value]) => own(item, name) === value || (own(item, name) === undefined && value === DEFAULT_KEYS[name]),
  )
}

/** Keys of lists that the API server fills in. */
const DEFAULT_KEYS: Readonly<Record<string, Json>> = { protocol: 'TCP' }

function childSets(sets: readonly Json[], key: string): readonly Json[] {
  return sets.flatMap((set) => (isObject(set) ? (own(set, key) ?? []) : []))
}

function isLeaf(set: JsonObject): boolean {
  return Object.keys(set).length === 0
}

function appliedSet(object: JsonObject, manager: string): JsonObject | undefined {
  const entry = listAt(object, 'metadata', 'managedFields').find(
    (item) =>
      textAt(item, 'manager') === manager &&
      textAt(item, 'operation') === 'Apply' &&
      (textAt(item, 'subresource') ?? '') === '',
  )
  const fields = isObject(entry) ? entry['fieldsV1'] : undefined
  return isObject(fields) ? fields : undefined
}

/** The other manager whose set has the field; of several, the one that wrote last. */
function ownerOf(live: JsonObject, pointer: string, ours: readonly string[]): Pick<LostField, 'manager' | 'at'> {
  const steps = pointer.split('/').slice(1)
  const owners = listAt(live, 'metadata', 'managedFields')
    .filter((item) => isObject(item) && !ours.includes(textAt(item, 'manager') ?? ''))
    .filter((item) => isObject(item) && reaches(item['fieldsV1'], steps))
    .map((item) => ({ manager: textAt(item, 'manager') ?? '', at: textAt(item, 'time') ?? '' }))
    .sort((a, b) => (a.at < b.at ? 1 : -1))
  return owners[0] ?? { manager: '', at: '' }
}

/** Follows field names; an index of a list may stand for any of its items. */
function reaches(set: Json | undefined, steps: readonly string[]): boolean {
  const [step, ...rest] = steps
  if (step === undefined) return true
  if (!isObject(set)) return false
  const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
  const child = own(set, `f:${name}`)
  if (child !== undefined) return reaches(child, rest)
  if (!/^\d+$/.test(step)) return false
  return Object.entries(set).some(([key, item]) => /^[kv]:/.test(key) && reaches(item, rest))
}
