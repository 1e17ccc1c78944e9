import { isObject, type Json, type JsonObject, listAt, own, textAt } from '../util/json.ts'
import { pointerSteps } from '../util/pointer.ts'
import { FREE, fieldOf, type Schema } from './schema.ts'
import { ApiError, badRequest } from './status.ts'
import { copyValue, type Draft, same, without } from './values.ts'

/** Applies a JSON merge patch (RFC 7386). */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch
  const out: Draft = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key]
    else out[key] = mergePatch(own(out, key), value)
  }
  return out
}

/** Applies a JSON patch (RFC 6902). Errors: ApiError 422 when an operation does not fit. */
export function jsonPatch(target: JsonObject, patch: Json): Json {
  if (!Array.isArray(patch))
    throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch')
  return patch.reduce<Json>((value, operation) => patchOnce(value, operation), target)
}

function patchOnce(value: Json, operation: Json): Json {
  const path = pointerSteps(textAt(operation, 'path') ?? '')
  const from = pointerSteps(textAt(operation, 'from') ?? '')
  const sent = isObject(operation) ? (own(operation, 'value') ?? null) : null
  const name = textAt(operation, 'op') ?? ''
  const perform = OPERATIONS[name]
  if (perform === undefined) throw unfit(`Unexpected kind: ${name}`)
  return perform({ value, path, from, sent })
}

interface Operation {
  readonly value: Json
  readonly path: readonly string[]
  readonly from: readonly string[]
  readonly sent: Json
}

const OPERATIONS: Readonly<Record<string, (operation: Operation) => Json>> = {
  add: ({ value, path, sent }) => put(value, path, { value: sent, insert: true }),
  replace: ({ value, path, sent }) => {
    read(value, path)
    return put(value, path, { value: sent, insert: false })
  },
  remove: ({ value, path }) => drop(value, path),
  move: ({ value, path, from }) => put(drop(value, from), path, { value: read(value, from), insert: true }),
  copy: ({ value, path, from }) => put(value, path, { value: copyValue(read(value, from)), insert: true }),
  test: ({ value, path, sent }) => {
    if (!same(readOrNull(value, path), sent)) throw unfit(`testing value /${path.join('/')} failed`)
    return value
  },
}

function unfit(why: string): ApiError {
  const text = `the server rejected our request due to an error in our request`
  return new ApiError(422, 'Invalid', text, { details: { causes: [{ message: why }] } })
}

function readOrNull(value: Json, path: readonly string[]): Json {
  try {
    return read(value, path)
  } catch {
    return null
  }
}

function read(value: Json, path: readonly string[]): Json {
  let here: Json | undefined = value
  for (const step of path) {
    here = Array.isArray(here) ? here[indexOf(here, step)] : isObject(here) ? own(here, step) : undefined
    if (here === undefined) throw unfit(`jsonpatch: missing path /${path.join('/')}`)
  }
  return here
}

function indexOf(list: readonly Json[], step: string): number {
  return step === '-' ? list.length : /^\d+$/.test(step) ? Number(step) : -1
}

interface Putting {
  readonly value: Json
  readonly insert: boolean
}

function put(target: Json, path: readonly string[], putting: Putting): Json {
  const [step, ...more] = path
  if (step === undefined) return putting.value
  if (Array.isArray(target)) return putItem(target, { step, more }, putting)
  if (!isObject(target)) throw unfit(`jsonpatch: add operation does not apply: doc is missing path: /${path.join('/')}`)
  const below = own(target, step)
  if (below === undefined && more.length > 0)
    throw unfit(`jsonpatch: add operation does not apply: doc is missing path: /${path.join('/')}`)
  return { ...target, [step]: put(below ?? null, more, putting) }
}

interface Steps {
  readonly step: string
  readonly more: readonly string[]
}

function putItem(list: readonly Json[], { step, more }: Steps, putting: Putting): Json {
  const index = indexOf(list, step)
  if (index < 0 || index > list.length) throw unfit(`jsonpatch: index ${step} is out of bounds`)
  if (more.length === 0) return list.toSpliced(index, putting.insert ? 0 : 1, putting.value)
  return list.with(index, put(list[index] ?? null, more, putting))
}

function drop(target: Json, path: readonly string[]): Json {
  read(target, path)
  const [step = '', ...more] = path
  if (Array.isArray(target)) {
    const index = indexOf(target, step)
    return more.length === 0 ? target.toSpliced(index, 1) : target.with(index, drop(target[index] ?? null, more))
  }
  if (!isObject(target)) return target
  return more.length === 0 ? without(target, step) : { ...target, [step]: drop(own(target, step) ?? null, more) }
}

/**
 * Applies a strategic merge patch.
 *
 * Shape: lists with a merge key are merged by it; `$patch: delete|replace`, `$retainKeys`,
 *        `$deleteFromPrimitiveList/…` and `$setElementOrder/…` are understood.
 * Source: apimachinery, strategicpatch.
 */
export function strategicPatch(schema: Schema, target: Json | undefined, patch: JsonObject): Json {
  if (textAt(patch, '$patch') === 'replace') return without(patch, '$patch')
  if (textAt(patch, '$patch') === 'delete') return {}
  const out = retained(isObject(target) ? target : {}, patch)
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue
    if (value === null) delete out[key]
    else out[key] = patchField(fieldOf(schema, key) ?? FREE, own(out, key), value)
  }
  deleteFromLists(out, patch)
  orderLists(schema, out, patch)
  return out
}

function retained(target: JsonObject, patch: JsonObject): Draft {
  const kept = own(patch, '$retainKeys')
  if (!Array.isArray(kept)) return { ...target }
  return Object.fromEntries(Object.entries(target).filter(([key]) => kept.includes(key)))
}

function patchField(schema: Schema, target: Json | undefined, value: Json): Json {
  if (isObject(value))
    return schema.map === 'atomic' && schema.type === 'any' ? value : strategicPatch(schema, target, value)
  if (!Array.isArray(value) || schema.strategy?.includes('merge') !== true) return copyValue(value)
  const list = Array.isArray(target) ? target : []
  return schema.mergeKey === undefined ? [...new Set([...list, ...value])] : patchItems(schema, list, value)
}

function patchItems(schema: Schema, target: readonly Json[], patch: readonly Json[]): readonly Json[] {
  const key = schema.mergeKey ?? ''
  const replace = patch.some(
    (item) => textAt(item, '$patch') === 'replace' && isObject(item) && own(item, key) === undefined,
  )
  if (replace) return patch.filter((item) => textAt(item, '$patch') !== 'replace')
  let list = [...target]
  for (const item of patch) {
    if (!isObject(item)) throw badRequest('failed to apply strategic merge patch: expected a list of objects')
    const place = list.findIndex((other) => isObject(other) && same(own(other, key), own(item, key)))
    if (textAt(item, '$patch') === 'delete') list = place < 0 ? list : list.toSpliced(place, 1)
    else if (place < 0) list.push(strategicPatch(schema.items ?? FREE, undefined, item))
    else list = list.with(place, strategicPatch(schema.items ?? FREE, list[place], item))
  }
  return list
}

function deleteFromLists(out: Draft, patch: JsonObject): void {
  for (const [directive, gone] of Object.entries(patch)) {
    if (!directive.startsWith('$deleteFromPrimitiveList/') || !Array.isArray(gone)) continue
    const key = directive.slice('$deleteFromPrimitiveList/'.length)
    out[key] = listAt(out, key).filter((item) => !gone.includes(item))
  }
}

function orderLists(schema: Schema, out: Draft, patch: JsonObject): void {
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith('$setElementOrder/') || !Array.isArray(order)) continue
    const key = directive.slice('$setElementOrder/'.length)
    const mergeKey = fieldOf(schema, key)?.mergeKey
    const idOf = (item: Json): Json | undefined =>
      mergeKey === undefined || !isObject(item) ? item : own(item, mergeKey)
    const rank = (item: Json): number => order.findIndex((other) => same(idOf(other), idOf(item)))
    if (Array.isArray(out[key])) out[key] = inOrder(listAt(out, key), rank)
  }
}

/** Ranked items in their rank's order, in the places where ranked items stood; others stay. */
function inOrder(list: readonly Json[], rank: (item: Json) => number): readonly Json[] {
  const ranked = list.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b))
  return list.map((item) => (rank(item) < 0 ? item : (ranked.shift() ?? item)))
}
