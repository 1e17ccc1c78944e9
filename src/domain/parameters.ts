import { isObject, type Json } from '../util/json.ts'
import { safePattern } from '../util/safe-pattern.ts'
import { nearest, shorten } from '../util/text.ts'
import type { ParameterSpec } from './documents.ts'

/** Why a value is not one of a parameter, and what to write instead; never the value of a secret. */
export interface ParameterFault {
  readonly kind: 'type' | 'values' | 'pattern' | 'range'
  readonly message: string
  readonly hint: string
}

const SHOWN = 40

/**
 * Checks one value against the parameter's declaration.
 *
 * Shape:  `source` is a number, boolean or null as it is written, so that `1.10` is not shown as `1.1`.
 * Errors: `undefined` when the value fits.
 */
export function parameterFault(spec: ParameterSpec, value: Json, source?: string): ParameterFault | undefined {
  if (value === null && spec.default === null) return undefined
  if (spec.kind === 'enum') return spec.values?.includes(value) === true ? undefined : enumFault(spec, value, source)
  if (spec.kind === 'secret') return isSecretReference(value) ? undefined : secretFault(spec)
  if (!hasKind(spec.kind, value)) return typeFault(spec, value, source)
  return typeof value === 'number' ? rangeFault(spec, value) : patternFault(spec, value)
}

function hasKind(kind: 'string' | 'integer' | 'boolean', value: Json): boolean {
  return kind === 'integer' ? Number.isInteger(value) : typeof value === kind
}

/** `{ secret: <name>, key: <key> }`: which Secret of the namespace holds the value. */
function isSecretReference(value: Json): boolean {
  if (!isObject(value)) return false
  const keys = Object.keys(value).sort()
  return keys.join() === 'key,secret' && keys.every((key) => typeof value[key] === 'string' && value[key] !== '')
}

function typeFault(spec: ParameterSpec, value: Json, source: string | undefined): ParameterFault {
  const written = source ?? JSON.stringify(value)
  return {
    kind: 'type',
    message: `the parameter "${spec.name}" is ${article(spec.kind)}, not ${describe(value)}: ${shorten(written, SHOWN)}`,
    hint: typeHint(spec, value, written),
  }
}

function typeHint(spec: ParameterSpec, value: Json, written: string): string {
  if (spec.kind === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return `Quote it: "${written}".`
  if (spec.kind !== 'string' && typeof value === 'string' && fitsBare(spec, value))
    return `Remove the quotes: ${value.trim()}.`
  return `Write ${article(spec.kind)}${spec.default === undefined || spec.default === null ? '' : `, for example ${JSON.stringify(spec.default)}`}.`
}

function fitsBare(spec: ParameterSpec, value: string): boolean {
  return spec.kind === 'integer' ? /^\s*-?\d+\s*$/.test(value) : /^\s*(true|false)\s*$/.test(value)
}

function enumFault(spec: ParameterSpec, value: Json, source: string | undefined): ParameterFault {
  const values = spec.values ?? []
  const written = source ?? textOf(value)
  const same = values.find((allowed) => textOf(allowed) === written || textOf(allowed) === textOf(value))
  const near = nearest(written, values.map(textOf))
  const list = `Write one of ${values.map((one) => JSON.stringify(one)).join(', ')}.`
  const hint = near === undefined ? list : `Did you mean ${near}? ${list}`
  return {
    kind: 'values',
    message: `the parameter "${spec.name}" takes no ${shorten(source ?? JSON.stringify(value), SHOWN)}`,
    hint: same === undefined ? hint : bareHint(same),
  }
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function bareHint(allowed: Json): string {
  return typeof allowed === 'string' ? `Quote it: "${allowed}".` : `Remove the quotes: ${textOf(allowed)}.`
}

function secretFault(spec: ParameterSpec): ParameterFault {
  return {
    kind: 'type',
    message: `the parameter "${spec.name}" is a secret and takes a reference, never a value`,
    hint: 'Write { secret: <name of a Secret in the namespace>, key: <key in it> }, and take any real password out of the repository.',
  }
}

function patternFault(spec: ParameterSpec, value: Json): ParameterFault | undefined {
  if (spec.pattern === undefined || typeof value !== 'string') return undefined
  const pattern = safePattern(spec.pattern)
  if (!pattern.ok || pattern.matches(value)) return undefined
  return {
    kind: 'pattern',
    message: `the parameter "${spec.name}" does not match ${spec.pattern}: ${JSON.stringify(shorten(value, SHOWN))}`,
    hint: `Write a text that matches ${spec.pattern} as a whole.`,
  }
}

function rangeFault(spec: ParameterSpec, value: number): ParameterFault | undefined {
  const low = spec.minimum !== undefined && value < spec.minimum
  const high = spec.maximum !== undefined && value > spec.maximum
  if (!low && !high) return undefined
  const limit = low ? `at least ${spec.minimum}` : `at most ${spec.maximum}`
  return {
    kind: 'range',
    message: `the parameter "${spec.name}" must be ${limit}, not ${value}`,
    hint: `Write ${limit}.`,
  }
}

function article(kind: ParameterSpec['kind']): string {
  const words = {
    string: 'a text',
    integer: 'a whole number',
    boolean: 'true or false',
    enum: 'one of its values',
    secret: 'a reference',
  }
  return words[kind]
}

function describe(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return { string: 'a text', number: 'a number', boolean: 'a boolean' }[typeof value as 'string' | 'number' | 'boolean']
}
