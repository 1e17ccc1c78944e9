import { isObject, type Json, type JsonObject, objectAt, own } from '../util/json.ts'
import { type Decoded, decode } from './decode.ts'
import { elementOf } from './typed.ts'
import { checkMetadata, checkMetadataChange } from './names.ts'
import type { Resource } from './registry.ts'
import { fieldOf, type Schema } from './schema.ts'
import type { FieldFault } from './status.ts'
import { checkValue } from './structural-checks.ts'
import { copyValue, type Draft } from './values.ts'
import type { World } from './world.ts'

/** A custom object as it is kept: unknown fields pruned, defaults filled in, metadata read by its type. */
export function normalizeCustom(world: World, resource: Resource, object: JsonObject): Decoded {
  const unknown: string[] = []
  const metadata = decode(world.registry.type('meta.v1.ObjectMeta'), objectAt(object, 'metadata'))
  const pruned = prune(resource.schema, object, { path: '', unknown })
  const value = fillDefaults(resource.schema, isObject(pruned) ? pruned : {})
  const fault = metadata.fault === undefined ? undefined : metadata.fault
  return {
    value: isObject(value) ? { ...value, metadata: metadata.value } : value,
    unknown: [...unknown, ...metadata.unknown.map((field) => `metadata.${field}`)],
    fault,
  }
}

interface Pruning {
  readonly path: string
  readonly unknown: string[]
}

function prune(schema: Schema, value: Json, { path, unknown }: Pruning): Json {
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined
      ? value
      : value.map((item, index) => prune(items, item, { path: `${path}[${index}]`, unknown }))
  }
  if (!isObject(value) || schema.type === 'any') return value
  const out: Draft = {}
  for (const [key, item] of Object.entries(value)) {
    const field = fieldOf(schema, key)
    const here = path === '' ? key : `${path}.${key}`
    if (field === undefined) unknown.push(here)
    else out[key] = here === 'metadata' ? item : prune(field, item, { path: here, unknown })
  }
  return out
}

function fillDefaults(schema: Schema, value: Json): Json {
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined ? value : value.map((item) => fillDefaults(items, item))
  }
  if (!isObject(value)) return value
  const out: Draft = {}
  for (const [key, item] of Object.entries(value)) {
    const field = fieldOf(schema, key)
    if (!isSpareNull(field, item))
      out[key] = field === undefined || key === 'metadata' ? item : fillDefaults(field, item)
  }
  addMissing(schema, out)
  return out
}

/** A null that the schema does not allow counts as absent. */
function isSpareNull(field: Schema | undefined, value: Json): boolean {
  return value === null && field?.custom !== undefined && !field.custom.nullable && field.type !== 'any'
}

function addMissing(schema: Schema, out: Draft): void {
  for (const [key, field] of schema.fields?.() ?? []) {
    if (field.default === undefined || Object.hasOwn(out, key)) continue
    out[key] = fillDefaults(field, copyValue(field.default))
  }
}

/** All that is wrong with a custom object: metadata, schema, then the rules. */
export function validateCustom(
  resource: Resource,
  object: JsonObject,
  before: JsonObject | undefined,
): readonly FieldFault[] {
  const metadata = [
    ...checkMetadata(resource.key, object),
    ...(before === undefined ? [] : checkMetadataChange(before, object)),
  ]
  const faults = checkValue(resource.schema, object, '')
  if (metadata.length > 0 || faults.length > 0) return [...metadata, ...faults]
  return checkRules(resource.schema, { path: '', value: object, before })
}

interface Spot {
  readonly path: string
  readonly value: Json
  readonly before: Json | undefined
}

function checkRules(schema: Schema, spot: Spot): readonly FieldFault[] {
  const { path, value, before } = spot
  const rules = schema.custom?.rules ?? []
  const broken = rules.filter((rule) => (!rule.transition || before !== undefined) && !rule.holds(value, before))
  const faults = broken.map(
    (rule): FieldFault => ({
      reason: rule.reason,
      field: path === '' ? '<nil>' : path,
      message: `${LEADS[rule.reason]}${rule.reason === 'FieldValueInvalid' || rule.reason === 'FieldValueDuplicate' ? `: ${JSON.stringify(schema.type)}` : ''}: ${rule.message}`,
    }),
  )
  return [...faults, ...below(schema, spot).flatMap(([field, next]) => checkRules(field, next))]
}

const LEADS = {
  FieldValueInvalid: 'Invalid value',
  FieldValueForbidden: 'Forbidden',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
} as const

function below(schema: Schema, { path, value, before }: Spot): readonly (readonly [Schema, Spot])[] {
  const { items } = schema
  if (Array.isArray(value) && items !== undefined) {
    const old =
      schema.list === 'map' && Array.isArray(before)
        ? new Map(before.map((item) => [elementOf(schema, item), item]))
        : undefined
    return value.map(
      (item, index) =>
        [items, { path: `${path}[${index}]`, value: item, before: old?.get(elementOf(schema, item)) }] as const,
    )
  }
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, item]) => {
    const field = fieldOf(schema, key)
    if (field === undefined) return []
    const here = path === '' ? key : schema.fields?.().has(key) === true ? `${path}.${key}` : `${path}[${key}]`
    return [[field, { path: here, value: item, before: isObject(before) ? own(before, key) : undefined }] as const]
  })
}
