import { isObject, type Json } from '../util/json.ts'
import { type CustomRules, fieldOf, type Schema } from './schema.ts'
import { duplicateValue, type FieldFault, invalidValue, quote, requiredValue, unsupportedValue } from './status.ts'
import { elementOf } from './typed.ts'
import { same } from './values.ts'

/**
 * All that is wrong with a value by the schema of a custom resource.
 *
 * Source: the messages are those of kube-openapi's validation, as the real server passes them on.
 */
export function checkValue(schema: Schema, value: Json, path: string): readonly FieldFault[] {
  if (value === null && schema.custom?.nullable === true) return []
  const type = checkType(schema, value, path)
  if (type.length > 0) return type
  const rules =
    schema.custom === undefined
      ? []
      : [...checkOwn(schema.custom, value, path), ...checkCombined(schema.custom, value, path)]
  if (Array.isArray(value))
    return [
      ...rules,
      ...checkUnique(schema, value, path),
      ...value.flatMap((item, index) =>
        schema.items === undefined ? [] : checkValue(schema.items, item, `${path}[${index}]`),
      ),
    ]
  return isObject(value) ? [...rules, ...checkFields(schema, value, path)] : rules
}

function checkFields(schema: Schema, value: Readonly<Record<string, Json>>, path: string): readonly FieldFault[] {
  const missing = (schema.required ?? [])
    .filter((key) => !Object.hasOwn(value, key))
    .map((key) => requiredValue(join(path, key)))
  const faults = Object.entries(value).flatMap(([key, item]) => {
    if (path === '' && key === 'metadata') return []
    const field = fieldOf(schema, key)
    return field === undefined ? [] : checkValue(field, item, join(path, key))
  })
  return [...missing, ...faults]
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

function checkType(schema: Schema, value: Json, path: string): readonly FieldFault[] {
  const actual = kindOf(value)
  const fits = FITS[schema.type](value)
  if (fits) return []
  const wanted = schema.type === 'int-or-string' ? 'integer,string' : schema.type
  const shown = JSON.stringify(actual)
  return [
    {
      reason: 'FieldValueTypeInvalid',
      field: path,
      message: `Invalid value: ${shown}: ${path} in body must be of type ${wanted}: ${shown}`,
    },
  ]
}

function kindOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

const FITS: Readonly<Record<Schema['type'], (value: Json) => boolean>> = {
  any: () => true,
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  'int-or-string': (value) => typeof value === 'string' || Number.isInteger(value),
  quantity: (value) => typeof value === 'string' || typeof value === 'number',
}

function checkOwn(rules: CustomRules, value: Json, path: string): readonly FieldFault[] {
  const chosen =
    rules.enum === undefined || rules.enum.some((choice) => same(choice, value))
      ? []
      : [
          unsupportedValue(
            path,
            value,
            rules.enum.map((choice) => (typeof choice === 'string' ? choice : JSON.stringify(choice))),
          ),
        ]
  if (typeof value === 'string') return [...checkText(rules, value, path), ...chosen]
  if (typeof value === 'number') return [...checkNumber(rules, value, path), ...chosen]
  const size = Array.isArray(value)
    ? checkSize(value.length, { path, least: rules.minItems, most: rules.maxItems, what: 'items' })
    : isObject(value)
      ? checkSize(Object.keys(value).length, {
          path,
          least: rules.minProperties,
          most: rules.maxProperties,
          what: 'properties',
        })
      : []
  return [...size, ...chosen]
}

function checkText(rules: CustomRules, value: string, path: string): readonly FieldFault[] {
  const length = Array.from(value).length
  const faults: FieldFault[] = []
  if (rules.maxLength !== undefined && length > rules.maxLength) {
    faults.push({
      reason: 'FieldValueTooLong',
      field: path,
      message: `Too long: may not be more than ${rules.maxLength} bytes`,
    })
  }
  if (rules.minLength !== undefined && length < rules.minLength) {
    faults.push(invalidValue(path, value, `${path} in body should be at least ${rules.minLength} chars long`))
  }
  if (rules.pattern !== undefined && !new RegExp(rules.pattern, 'u').test(value)) {
    faults.push(invalidValue(path, value, `${path} in body should match '${rules.pattern}'`))
  }
  return faults
}

function checkNumber(rules: CustomRules, value: number, path: string): readonly FieldFault[] {
  const { multipleOf } = rules
  const bounds = [lowBound(rules, value), highBound(rules, value)].flatMap((why) => why ?? [])
  const factor = multipleOf !== undefined && value % multipleOf !== 0 ? [`be a multiple of ${multipleOf}`] : []
  return [...bounds, ...factor].map((why) => invalidValue(path, value, `${path} in body should ${why}`))
}

function lowBound({ minimum, exclusiveMinimum }: CustomRules, value: number): string | undefined {
  if (minimum === undefined) return undefined
  if (exclusiveMinimum === true) return value <= minimum ? `be greater than ${minimum}` : undefined
  return value < minimum ? `be greater than or equal to ${minimum}` : undefined
}

function highBound({ maximum, exclusiveMaximum }: CustomRules, value: number): string | undefined {
  if (maximum === undefined) return undefined
  if (exclusiveMaximum === true) return value >= maximum ? `be less than ${maximum}` : undefined
  return value > maximum ? `be less than or equal to ${maximum}` : undefined
}

interface Bounds {
  readonly path: string
  readonly least: number | undefined
  readonly most: number | undefined
  readonly what: 'items' | 'properties'
}

function checkSize(size: number, { path, least, most, what }: Bounds): readonly FieldFault[] {
  if (most !== undefined && size > most) {
    return [
      {
        reason: 'FieldValueTooMany',
        field: path,
        message: `Too many: ${size}: must have at most ${most} ${most === 1 ? 'item' : 'items'}`,
      },
    ]
  }
  return least !== undefined && size < least
    ? [invalidValue(path, size, `${path} in body should have at least ${least} ${what}`)]
    : []
}

function checkUnique(schema: Schema, value: readonly Json[], path: string): readonly FieldFault[] {
  if (schema.list !== 'set' && schema.list !== 'map') return []
  const elements = value.map((item) => elementOf(schema, item))
  return elements.flatMap((element, index) => {
    if (elements.indexOf(element) === index) return []
    const shown: unknown = JSON.parse(element.slice(2))
    return [
      duplicateValue(
        `${path}[${index}]`,
        isObject(shown) || typeof shown === 'string' || typeof shown === 'number' ? shown : null,
      ),
    ]
  })
}

function checkCombined(rules: CustomRules, value: Json, path: string): readonly FieldFault[] {
  const fits = (schema: Schema): boolean => checkValue(schema, value, path).length === 0
  const all = (rules.allOf ?? []).flatMap((schema) => checkValue(schema, value, path))
  const any =
    rules.anyOf === undefined || rules.anyOf.some(fits)
      ? []
      : [invalidValue(path, value, `${quote(path)} must validate at least one schema (anyOf)`)]
  const one =
    rules.oneOf === undefined || rules.oneOf.filter(fits).length === 1
      ? []
      : [invalidValue(path, value, `${quote(path)} must validate one and only one schema (oneOf)`)]
  const not =
    rules.not === undefined || !fits(rules.not)
      ? []
      : [invalidValue(path, value, `${quote(path)} must not validate the schema (not)`)]
  return [...all, ...any, ...one, ...not]
}
