import { at, isObject, type Json, type JsonObject, listAt, own, textAt } from '../util/json.ts'
import { CelError, type Expression, parseCel } from './cel.ts'
import type { CustomRules, Rule, Schema } from './schema.ts'
import { type FieldFault, invalidValue, requiredValue, unsupportedValue } from './status.ts'

/** A custom resource's schema ready for use, or all that is wrong with it. */
export interface ReadSchema {
  readonly schema: Schema
  readonly faults: readonly FieldFault[]
}

/** Reads an `openAPIV3Schema`. `metadata` is the type of every object's metadata. */
export function readStructural(source: Json | undefined, field: string, metadata: Schema): ReadSchema {
  const faults: FieldFault[] = []
  if (!isObject(source)) return { schema: { type: 'object' }, faults: [requiredValue(field, 'schemas are required')] }
  const schema = readNode({ faults, metadata }, source, field)
  return { schema: withIdentity(schema, metadata), faults }
}

interface Reading {
  readonly faults: FieldFault[]
  readonly metadata: Schema
}

const TEXT: Schema = { type: 'string' }

/** Every object has identity and metadata, whatever its schema says. */
function withIdentity(schema: Schema, metadata: Schema): Schema {
  const declared = schema.fields?.() ?? new Map<string, Schema>()
  const fields = new Map([...declared, ['apiVersion', TEXT], ['kind', TEXT], ['metadata', metadata]] as const)
  return { ...schema, fields: () => fields }
}

function readNode(reading: Reading, source: JsonObject, field: string): Schema {
  const properties = own(source, 'properties')
  const fields = isObject(properties) ? readFields(reading, properties, `${field}.properties`) : undefined
  const additional = own(source, 'additionalProperties')
  const items = own(source, 'items')
  const initial = own(source, 'default')
  const embedded = own(source, 'x-kubernetes-embedded-resource') === true
  const schema: Schema = {
    type: typeOf(reading, source, field),
    ...(fields === undefined ? {} : { fields: () => fields }),
    ...(isObject(additional) ? { values: readNode(reading, additional, `${field}.additionalProperties`) } : {}),
    ...(additional === true ? { values: { type: 'any', map: 'granular' } } : {}),
    ...(isObject(items) ? { items: readNode(reading, items, `${field}.items`) } : {}),
    ...(initial === undefined ? {} : { default: initial }),
    required: listAt(source, 'required').map(String),
    ...listTraits(reading, source, field),
    custom: readRules(reading, source, field),
  }
  return embedded ? withIdentity(schema, reading.metadata) : schema
}

function readFields(reading: Reading, properties: JsonObject, field: string): ReadonlyMap<string, Schema> {
  const entries = Object.entries(properties)
  return new Map(
    entries.map(([key, value]) => [key, readNode(reading, isObject(value) ? value : {}, `${field}[${key}]`)]),
  )
}

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'] as const

function typeOf(reading: Reading, source: JsonObject, field: string): Schema['type'] {
  if (own(source, 'x-kubernetes-int-or-string') === true) return 'int-or-string'
  const named = textAt(source, 'type') ?? ''
  const type = TYPES.find((known) => known === named)
  if (type !== undefined) return type
  if (named !== '') reading.faults.push(unsupportedValue(`${field}.type`, named, TYPES))
  else if (own(source, 'x-kubernetes-preserve-unknown-fields') !== true) {
    reading.faults.push(requiredValue(`${field}.type`, 'must not be empty for specified object fields'))
  }
  return 'any'
}

function listTraits(reading: Reading, source: JsonObject, field: string): Partial<Schema> {
  const list = textAt(source, 'x-kubernetes-list-type')
  const keys = listAt(source, 'x-kubernetes-list-map-keys').map(String)
  if (list !== undefined && !['atomic', 'set', 'map'].includes(list)) {
    reading.faults.push(unsupportedValue(`${field}.x-kubernetes-list-type`, list, ['atomic', 'map', 'set']))
  }
  if (list === 'map' && keys.length === 0) {
    const why = 'must not be empty if x-kubernetes-list-type is map'
    reading.faults.push(requiredValue(`${field}.x-kubernetes-list-map-keys`, why))
  }
  const traits = mapTrait(source)
  if (list === 'map') return { ...traits, list, keys }
  return list === 'set' || list === 'atomic' ? { ...traits, list } : traits
}

function mapTrait(source: JsonObject): Partial<Schema> {
  if (textAt(source, 'x-kubernetes-map-type') === 'atomic') return { map: 'atomic' }
  return own(source, 'x-kubernetes-preserve-unknown-fields') === true ? { map: 'granular' } : {}
}

const NUMBERS = [
  'minimum',
  'maximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
] as const
const FLAGS = ['exclusiveMinimum', 'exclusiveMaximum', 'uniqueItems'] as const
const COMBINED = ['allOf', 'anyOf', 'oneOf'] as const

function readRules(reading: Reading, source: JsonObject, field: string): CustomRules {
  const pattern = textAt(source, 'pattern')
  const values = own(source, 'enum')
  const not = own(source, 'not')
  if (pattern !== undefined && !isPattern(pattern))
    reading.faults.push(invalidValue(`${field}.pattern`, pattern, 'must be a valid regular expression'))
  return {
    nullable: own(source, 'nullable') === true,
    preserve: own(source, 'x-kubernetes-preserve-unknown-fields') === true,
    embedded: own(source, 'x-kubernetes-embedded-resource') === true,
    ...(pattern === undefined ? {} : { pattern }),
    ...(Array.isArray(values) ? { enum: values } : {}),
    ...pick(source, NUMBERS, (value) => typeof value === 'number'),
    ...pick(source, FLAGS, (value) => typeof value === 'boolean'),
    ...Object.fromEntries(
      COMBINED.flatMap((key) =>
        Array.isArray(own(source, key)) ? [[key, listAt(source, key).map((item) => partOf(item))]] : [],
      ),
    ),
    ...(isObject(not) ? { not: partOf(not) } : {}),
    rules: listAt(source, 'x-kubernetes-validations').flatMap((rule, index) =>
      readRule(reading, rule, `${field}.x-kubernetes-validations[${index}]`),
    ),
  }
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').source !== ''
  } catch {
    return false
  }
}

function pick(source: JsonObject, keys: readonly string[], fits: (value: Json) => boolean): JsonObject {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = own(source, key)
      return value !== undefined && fits(value) ? [[key, value]] : []
    }),
  )
}

/** A schema inside allOf and its kin checks values and says nothing of structure. */
function partOf(source: Json): Schema {
  const sink: Reading = { faults: [], metadata: { type: 'object' } }
  const schema = readNode(sink, isObject(source) ? source : {}, '')
  return textAt(source, 'type') === undefined && at(source, 'x-kubernetes-int-or-string') !== true
    ? { ...schema, type: 'any' }
    : schema
}

function readRule(reading: Reading, rule: Json, field: string): readonly Rule[] {
  const text = textAt(rule, 'rule') ?? ''
  try {
    if (textAt(rule, 'messageExpression') !== undefined) parseCel(textAt(rule, 'messageExpression') ?? '')
    return [ruleOf(rule, text, parseCel(text))]
  } catch (cause) {
    if (!(cause instanceof CelError)) throw cause
    reading.faults.push(invalidValue(`${field}.rule`, text, `compilation failed: ${cause.message}`))
    return []
  }
}

const REASONS = ['FieldValueInvalid', 'FieldValueForbidden', 'FieldValueRequired', 'FieldValueDuplicate'] as const

function ruleOf(rule: Json, text: string, expression: Expression): Rule {
  const message = textAt(rule, 'message') ?? ''
  return {
    text,
    message: message === '' ? `failed rule: ${text}` : message,
    reason: REASONS.find((reason) => reason === textAt(rule, 'reason')) ?? 'FieldValueInvalid',
    transition: expression.names.has('oldSelf'),
    holds: (self, oldSelf) => {
      const variables = new Map<string, Json>([['self', self]])
      if (oldSelf !== undefined) variables.set('oldSelf', oldSelf)
      try {
        return expression.run(variables) === true
      } catch (cause) {
        if (cause instanceof CelError) return false
        throw cause
      }
    },
  }
}
