import { isObject, type Json, type JsonObject } from '../util/json.ts'
import { canonicalQuantity, parseQuantity } from './quantity.ts'
import { fieldOf, type Schema } from './schema.ts'
import { copyValue, type Draft } from './values.ts'

/** A value as its type keeps it, and what was dropped or did not fit. */
export interface Decoded {
  readonly value: Json
  /** `spec.foo`, in the order of the text. */
  readonly unknown: readonly string[]
  /** The first value that does not fit its type, in the words of the real server. */
  readonly fault: string | undefined
}

/**
 * Reads a value as one of the types of Kubernetes.
 *
 * Shape: nulls and unknown fields are left out, empty structs that the real server always prints are put in,
 *        quantities get their one form.
 */
export function decode(schema: Schema, value: Json): Decoded {
  const state: State = { unknown: [], fault: undefined }
  const out = decodeAt(state, { schema, path: '', owner: '' }, value)
  return { value: out ?? {}, unknown: state.unknown, fault: state.fault }
}

interface State {
  readonly unknown: string[]
  fault: string | undefined
}

interface Spot {
  readonly schema: Schema
  readonly path: string
  /** The Go type that holds the field, for messages. */
  readonly owner: string
}

function decodeAt(state: State, spot: Spot, value: Json): Json | undefined {
  const { schema } = spot
  if (schema.type === 'any') return copyValue(value)
  if (schema.type === 'quantity') return decodeQuantity(state, value)
  if (!FITS[schema.type](value, schema)) return misfit(state, spot, value)
  if (Array.isArray(value)) return decodeArray(state, spot, value)
  if (isObject(value)) return decodeObject(state, spot, value)
  return typeof value === 'string' ? decodeString(state, spot, value) : value
}

const FITS: Readonly<Record<Exclude<Schema['type'], 'any' | 'quantity'>, (value: Json, schema: Schema) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  'int-or-string': (value) => typeof value === 'string' || Number.isInteger(value),
  integer: (value, schema) => inRange(schema, value),
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
}

function decodeObject(state: State, spot: Spot, value: JsonObject): Draft {
  const out: Draft = {}
  for (const [key, item] of Object.entries(value)) {
    const field = fieldOf(spot.schema, key)
    const path = spot.path === '' ? key : `${spot.path}.${key}`
    if (field === undefined) state.unknown.push(path)
    else if (item !== null || field.type === 'any') {
      const decoded = decodeAt(state, { schema: field, path, owner: typeName(spot) }, item)
      if (decoded !== undefined) out[key] = decoded
    }
  }
  fill(spot.schema, out)
  return out
}

function typeName({ schema, owner }: Spot): string {
  return schema.name?.split('.').at(-1) ?? owner
}

/** What the real server always prints, because its types have no "absent" for it. */
function fill(schema: Schema, out: Draft): void {
  if (schema.fields === undefined) return
  for (const [key, field] of schema.fields()) {
    if (field.default === undefined || Object.hasOwn(out, key)) continue
    if (isObject(field.default) && field.fields !== undefined) {
      const below: Draft = {}
      fill(field, below)
      out[key] = below
    } else out[key] = field.default
  }
}

function decodeArray(state: State, spot: Spot, value: readonly Json[]): Json {
  const { items } = spot.schema
  if (items === undefined) return value
  return value.map((item, index) => {
    const path = `${spot.path}[${index}]`
    if (item === null) return isObject(items.default) ? {} : (items.default ?? null)
    return decodeAt(state, { schema: items, path, owner: spot.owner }, item) ?? null
  })
}

function decodeQuantity(state: State, value: Json): Json | undefined {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text === 'string' && parseQuantity(text) !== undefined) return canonicalQuantity(text)
  state.fault ??= "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
  return undefined
}

function decodeString(state: State, spot: Spot, value: string): Json | undefined {
  if (spot.schema.format === 'byte') return decodeBytes(state, value)
  if (spot.schema.format === 'date-time' && Number.isNaN(Date.parse(value))) {
    state.fault ??= `parsing time "${value}" as "2006-01-02T15:04:05Z07:00": cannot parse "${value}" as "2006"`
  }
  return value
}

function decodeBytes(state: State, value: string): Json {
  const bad = value.replaceAll(/[\r\n]/g, '').search(/[^A-Za-z0-9+/=]/)
  if (bad >= 0) state.fault ??= `illegal base64 data at input byte ${bad}`
  else if (value.length % 4 !== 0)
    state.fault ??= `illegal base64 data at input byte ${value.length - (value.length % 4)}`
  return value
}

function inRange(schema: Schema, value: Json): boolean {
  if (typeof value !== 'number' || !Number.isInteger(value)) return false
  return schema.format !== 'int32' || (value >= -(2 ** 31) && value < 2 ** 31)
}

function misfit(state: State, spot: Spot, value: Json): undefined {
  const path = spot.path.replaceAll(/\[\d+\]/g, '')
  state.fault ??= `json: cannot unmarshal ${jsonKind(value)} into Go struct field ${spot.owner}.${path} of type ${goType(spot.schema)}`
  return undefined
}

function jsonKind(value: Json): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'number' && !Number.isInteger(value) ? `number ${value}` : typeof value
}

function goType(schema: Schema): string {
  if (schema.name !== undefined) return goName(schema.name)
  if (schema.type === 'array') return `[]${schema.items === undefined ? 'interface {}' : goType(schema.items)}`
  if (schema.type === 'object')
    return `map[string]${schema.values === undefined ? 'interface {}' : goType(schema.values)}`
  if (schema.type === 'boolean') return 'bool'
  if (schema.type === 'integer') return schema.format ?? 'int64'
  return schema.type === 'number' ? 'float64' : schema.type
}

function goName(name: string): string {
  const parts = name.split('.')
  return parts.slice(-2).join('.')
}
