import { isObject, type Json, type JsonObject, own } from '../util/json.ts'
import { printElement } from './fields.ts'
import { fieldOf, isAtomic, type Schema } from './schema.ts'
import { elementOf } from './typed.ts'

/** What keeps an applied configuration from being read by its type, all faults in one line; `undefined` when nothing does. */
export function checkTyped(schema: Schema, value: Json): string | undefined {
  const faults: string[] = []
  check(faults, '', schema, value)
  if (faults.length === 0) return undefined
  return faults.length === 1 ? faults[0] : `errors:\n${faults.map((fault) => `  ${fault}`).join('\n')}`
}

function check(faults: string[], path: string, schema: Schema, value: Json): void {
  if (value === null || schema.type === 'any') return
  const wanted = WANTED[schema.type]
  if (!wanted.fits(value)) faults.push(`${path}: expected ${wanted.name}, got ${shown(value)}`)
  else if (Array.isArray(value)) checkItems(faults, path, schema, value)
  else if (isObject(value)) checkKeys(faults, path, schema, value)
}

interface Wanted {
  readonly name: string
  readonly fits: (value: Json) => boolean
}

const NUMERIC: Wanted = { name: 'numeric (int or float)', fits: (value) => typeof value === 'number' }
const MIXED: Wanted = { name: 'scalar', fits: (value) => typeof value === 'number' || typeof value === 'string' }

const WANTED: Readonly<Record<Exclude<Schema['type'], 'any'>, Wanted>> = {
  object: { name: 'map', fits: isObject },
  array: { name: 'list', fits: Array.isArray },
  string: { name: 'string', fits: (value) => typeof value === 'string' },
  boolean: { name: 'boolean', fits: (value) => typeof value === 'boolean' },
  integer: NUMERIC,
  number: NUMERIC,
  'int-or-string': MIXED,
  quantity: MIXED,
}

function shown(value: Json): string {
  if (Array.isArray(value) || isObject(value)) return `&value.valueUnstructured{Value:${JSON.stringify(value)}}`
  return `&value.valueUnstructured{Value:${JSON.stringify(value)}}`
}

function checkKeys(faults: string[], path: string, schema: Schema, value: JsonObject): void {
  for (const [key, item] of Object.entries(value)) {
    const field = fieldOf(schema, key)
    if (field === undefined) faults.push(`${path}.${key}: field not declared in schema`)
    else check(faults, `${path}.${key}`, field, item)
  }
}

function checkItems(faults: string[], path: string, schema: Schema, value: readonly Json[]): void {
  const { items } = schema
  const seen = new Set<string>()
  for (const [index, item] of value.entries()) {
    const element = isAtomic(schema, value) ? undefined : elementAt(faults, { path, index }, schema, item)
    if (element !== undefined && seen.has(element))
      faults.push(`${path}: duplicate entries for key ${printElement(element)}`)
    if (element !== undefined) seen.add(element)
    if (items !== undefined)
      check(faults, `${path}${element === undefined ? `[${index}]` : printElement(element)}`, items, item)
  }
}

function elementAt(
  faults: string[],
  at: { readonly path: string; readonly index: number },
  schema: Schema,
  item: Json,
): string | undefined {
  if (schema.list !== 'map') return elementOf(schema, item)
  const missing = (schema.keys ?? []).find((key) => {
    const initial = schema.items === undefined ? undefined : fieldOf(schema.items, key)?.default
    const given = isObject(item) ? own(item, key) : undefined
    return given === undefined && (initial === undefined || initial === '')
  })
  if (missing === undefined) return elementOf(schema, item)
  faults.push(
    `${at.path}: element ${at.index}: associative list with keys has an element that omits key field ${JSON.stringify(missing)} (and doesn't have default value)`,
  )
  return undefined
}
