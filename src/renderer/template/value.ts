import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../../util/json.ts'
import type { TextPlace } from '../../util/yaml.ts'
import { nearest } from '../../util/text.ts'
import { TemplateFault } from './fault.ts'

/** An object of the context, or one written in the template. */
export interface Dict {
  readonly [key: string]: Value
}

/** What an expression can give. */
export type Value = null | boolean | number | string | readonly Value[] | Dict | Missing | JsonText | IndentedText

/** A name or key that is not there. Only `is defined`, `default` and a further lookup take it. */
export class Missing {
  readonly path: string
  readonly at: TextPlace
  /** What was there instead, for "did you mean". */
  readonly known: readonly string[]

  constructor(path: string, at: TextPlace, known: readonly string[]) {
    this.path = path
    this.at = at
    this.known = known
  }
}

/** What `tojson` gives: a value as JSON text, which is also YAML. */
export class JsonText {
  readonly value: Json
  readonly text: string

  constructor(value: Json, text: string) {
    this.value = value
    this.text = text
  }
}

/** What `indent` gives: text for a YAML block, and the text that the block is to hold. */
export class IndentedText {
  readonly original: string
  readonly text: string

  constructor(original: string, text: string) {
    this.original = original
    this.text = text
  }
}

/** Whether a value is a list. */
export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

/** Whether a value is an object of keys and values. */
export function isDict(value: Value): value is Dict {
  if (typeof value !== 'object' || value === null || isList(value)) return false
  return !(value instanceof Missing || value instanceof JsonText || value instanceof IndentedText)
}

/** The text of a text-like value, or `undefined`. */
export function asText(value: Value): string | undefined {
  if (value instanceof JsonText || value instanceof IndentedText) return value.text
  return typeof value === 'string' ? value : undefined
}

/** Whether a value counts as true, as in Jinja: empty texts, lists, objects, 0 and none do not. */
export function truthy(value: Value): boolean {
  if (isList(value)) return value.length > 0
  if (isDict(value)) return Object.keys(value).length > 0
  return (asText(value) ?? value) !== '' && Boolean(value)
}

/** Equality by content. */
export function equal(a: Value, b: Value): boolean {
  return isDeepStrictEqual(asText(a) ?? a, asText(b) ?? b)
}

/** What kind of value this is, for messages. */
export function kindOf(value: Value): string {
  if (value === null) return 'none'
  if (isList(value)) return 'a list'
  if (isDict(value)) return 'an object'
  if (value instanceof Missing) return 'nothing'
  if (typeof value === 'boolean') return 'a boolean'
  return typeof value === 'number' ? 'a number' : 'a text'
}

/** Text, numbers and booleans as text; booleans and none in YAML's spelling. Errors: TemplateFault for lists and objects. */
export function toText(value: Value): string {
  const text = asText(value)
  if (text !== undefined) return text
  if (isList(value) || isDict(value)) {
    throw new TemplateFault('misuse', `${kindOf(value)} has no text form`, {
      hint: 'Write it with `| tojson` or `| join(...)`.',
    })
  }
  return value instanceof Missing ? '' : `${value as string | number | boolean | null}`
}

/** A value without text wrappers, as JSON. Errors: TemplateFault when something in it is missing or not finite. */
export function toJson(value: Value): Json {
  const text = asText(value)
  if (text !== undefined) return text
  if (value instanceof Missing) throw missingFault(value)
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TemplateFault('misuse', `${value} has no JSON form`, { hint: 'Check the calculation.' })
  }
  if (isList(value)) return value.map(toJson)
  if (isDict(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]))
  return value as Json
}

/** The error for a value that is used but not there. */
export function missingFault({ path, at, known }: Missing): TemplateFault {
  const near = nearestName(path, known)
  const meant = near === undefined ? '' : `; did you mean \`${near}\`?`
  const hint = near === undefined ? `Define it, or write \`${path} | default(...)\`.` : `Write \`${near}\`.`
  return new TemplateFault('undefined', `\`${path}\` is undefined${meant}`, { hint, at })
}

function nearestName(path: string, known: readonly string[]): string | undefined {
  return nearest(path.split('.').at(-1) ?? path, known)
}
