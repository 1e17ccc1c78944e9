import type { ErrorObject } from 'ajv'
import type { Problem } from '../../domain/problem.ts'
import type { SourceRef } from '../../domain/source.ts'
import { isObject, type Json, listAt, objectAt, textAt } from '../../util/json.ts'
import { pointerSteps, pointerTo } from '../../util/pointer.ts'
import { nearest, shorten } from '../../util/text.ts'
import { nameFault } from './names.ts'

/** What turns a pointer into a place and back into what was written there. */
export interface Places {
  readonly placeOf: (pointer: string, what?: 'key' | 'value') => SourceRef
  readonly sourceOf: (pointer: string) => string | undefined
}

const SHOWN = 40

/** One problem for each thing the schema refuses, in the user's words. */
export function schemaProblems(errors: readonly ErrorObject[], places: Places): readonly Problem[] {
  const told = new Set<string>()
  const mistyped = new Set(errors.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath))
  return errors.flatMap((error) => {
    if (error.keyword !== 'type' && mistyped.has(error.instancePath)) return [] // nothing more can be said of it
    const problem = problemOf(error, places)
    const key = problem === undefined ? '' : `${problem.code} ${problem.at?.line}:${problem.at?.col} ${problem.message}`
    if (problem === undefined || told.has(key)) return []
    told.add(key)
    return [problem]
  })
}

function problemOf(error: ErrorObject, places: Places): Problem | undefined {
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownField(error, places)
    case 'required':
      return missingField(error, places)
    case 'type':
      return wrongType(error, places)
    case 'enum':
    case 'const':
      return notAllowed(error, places)
    case 'pattern':
      return wrongForm(error, places)
    case 'propertyNames':
      return undefined // the fault of the name itself is listed too
    default:
      return outOfRange(error, places)
  }
}

function unknownField(error: ErrorObject, { placeOf }: Places): Problem {
  const field = param(error, 'additionalProperty')
  const known = Object.keys(objectAt(schemaOf(error), 'properties'))
  const near = nearest(field, known)
  const more = known.includes('parameters') ? " The application's own settings go under parameters." : ''
  return {
    code: 'STY120',
    severity: 'error',
    message: `${whereIs(error.instancePath)} has no field "${shorten(field, SHOWN)}"`,
    hint: near === undefined ? `Remove it; known here: ${known.sort().join(', ')}.${more}` : `Did you mean "${near}"?`,
    at: placeOf(pointerTo(error.instancePath, field), 'key'),
  }
}

function missingField(error: ErrorObject, { placeOf }: Places): Problem {
  const field = param(error, 'missingProperty')
  const example = listAt(schemaOf(error), 'properties', field, 'examples')[0]
  return {
    code: 'STY122',
    severity: 'error',
    message: `${whereIs(error.instancePath)} lacks the field "${field}"`,
    hint:
      example === undefined ? `Add "${field}".` : `Add "${field}", for example ${field}: ${JSON.stringify(example)}.`,
    at: placeOf(error.instancePath, 'key'),
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
}

function wrongType(error: ErrorObject, { placeOf, sourceOf }: Places): Problem {
  const types = [param(error, 'type')].flatMap((text) => text.split(','))
  const value = valueOf(error)
  const written = sourceOf(error.instancePath)
  const shown = written ?? (isObject(value) || Array.isArray(value) ? undefined : JSON.stringify(value))
  const wanted = types.map((type) => TYPE_WORDS[type] ?? type).join(' or ')
  return {
    code: 'STY121',
    severity: 'error',
    message: `"${lastStep(error.instancePath)}" must be ${wanted}, not ${describe(value)}${shown === undefined ? '' : `: ${shorten(shown, SHOWN)}`}`,
    hint: typeHint(types, value, written) ?? `Write ${wanted}.`,
    at: placeOf(error.instancePath),
  }
}

function typeHint(types: readonly string[], value: Json, written: string | undefined): string | undefined {
  if (types.includes('string') && (typeof value === 'number' || typeof value === 'boolean'))
    return `Quote it: "${written ?? String(value)}".`
  if (typeof value !== 'string') return undefined
  const bare = value.trim()
  const fits = types.some((type) => BARE[type]?.test(bare) === true)
  if (fits) return `Remove the quotes: ${bare}.`
  return types.includes('array') ? `Write a list: [${JSON.stringify(shorten(value, SHOWN))}].` : undefined
}

const BARE: Readonly<Record<string, RegExp>> = { boolean: /^(true|false)$/, integer: /^-?\d+$/ }

function notAllowed(error: ErrorObject, { placeOf }: Places): Problem {
  const allowed =
    error.keyword === 'const' ? [textAt(schemaOf(error), 'const') ?? ''] : paramList(error, 'allowedValues')
  const value = valueOf(error)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const near = nearest(text, allowed)
  return {
    code: 'STY123',
    severity: 'error',
    message: `"${lastStep(error.instancePath)}" cannot be ${JSON.stringify(shorten(text, SHOWN))}`,
    hint:
      near === undefined
        ? `Write one of ${allowed.join(', ')}.`
        : `Did you mean ${near}? Allowed: ${allowed.join(', ')}.`,
    at: placeOf(error.instancePath),
  }
}

function wrongForm(error: ErrorObject, { placeOf }: Places): Problem {
  const key = error.propertyName
  const value = key ?? valueOf(error)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const must = textAt(schemaOf(error), 'patternErrorMessage') ?? `must match ${param(error, 'pattern')}`
  const at = key === undefined ? placeOf(error.instancePath) : placeOf(pointerTo(error.instancePath, key), 'key')
  const subject = key === undefined ? `"${lastStep(error.instancePath)}"` : 'the key'
  const name = nameFault(text, must)
  if (name !== undefined)
    return {
      code: 'STY125',
      severity: 'error',
      message: `${subject} is no usable name: ${name.message}`,
      hint: name.hint,
      at,
    }
  return {
    code: 'STY124',
    severity: 'error',
    message: `${subject} ${must}: ${JSON.stringify(shorten(text, SHOWN))}`,
    hint: 'Write it in that form.',
    at,
  }
}

const LIMIT_WORDS: Readonly<Record<string, string>> = {
  minLength: 'is too short; it needs at least',
  maxLength: 'is too long; characters allowed:',
  minimum: 'is too small; it must be at least',
  maximum: 'is too large; it must be at most',
  minItems: 'has too few entries; it needs at least',
  minProperties: 'has too few entries; it needs at least',
}

function outOfRange(error: ErrorObject, { placeOf }: Places): Problem {
  const words = LIMIT_WORDS[error.keyword]
  const limit = param(error, 'limit')
  const name = error.propertyName ?? lastStep(error.instancePath)
  const at =
    error.propertyName === undefined
      ? placeOf(error.instancePath)
      : placeOf(pointerTo(error.instancePath, error.propertyName), 'key')
  return {
    code: 'STY126',
    severity: 'error',
    message:
      words === undefined
        ? `"${shorten(name, SHOWN)}" ${error.message ?? 'is refused'}`
        : `"${shorten(name, SHOWN)}" ${words} ${limit}`,
    hint:
      error.keyword === 'uniqueItems'
        ? 'Remove the entry that is there twice.'
        : 'Change the value to lie within the limit.',
    at,
  }
}

/** What a pointer names, for people: `spec.components.server`. */
function whereIs(pointer: string): string {
  return pointer === '' ? 'the document' : `"${pointerSteps(pointer).join('.')}"`
}

function lastStep(pointer: string): string {
  const steps = pointerSteps(pointer)
  const last = steps.at(-1) ?? 'document'
  return /^\d+$/.test(last) && steps.length > 1 ? `${steps.at(-2)}[${last}]` : last
}

function describe(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return (
    { object: 'an object', string: 'a text', number: 'a number', boolean: 'a boolean' }[typeof value as string] ??
    'that'
  )
}

function schemaOf(error: ErrorObject): Json {
  return error.parentSchema as Json
}

function valueOf(error: ErrorObject): Json {
  return error.data as Json
}

function param(error: ErrorObject, name: string): string {
  const value = (error.params as Readonly<Record<string, unknown>>)[name]
  return Array.isArray(value) ? value.join(',') : String(value)
}

function paramList(error: ErrorObject, name: string): readonly string[] {
  const value = (error.params as Readonly<Record<string, unknown>>)[name]
  return Array.isArray(value) ? value.map(String) : []
}
