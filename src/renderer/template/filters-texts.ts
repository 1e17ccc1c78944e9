import { Buffer } from 'node:buffer'
import type { Filter, Given } from './calls.ts'
import { TemplateFault } from './fault.ts'
import { jsonText } from './json-text.ts'
import { asText, IndentedText, JsonText, kindOf, toJson, toText, type Value } from './value.ts'

/** Filters that make or take texts and numbers. */
export const TEXT_FILTERS: readonly (readonly [string, Filter])[] = [
  ['tojson', { parameters: ['indent'], run: toJsonText }],
  ['string', { parameters: [], run: (value) => toText(value) }],
  ['lower', text((value) => value.toLowerCase())],
  ['upper', text((value) => value.toUpperCase())],
  ['capitalize', text(capitalized)],
  ['title', text((value) => value.replace(/[^\s\-_]+/g, capitalized))],
  ['trim', text((value) => value.trim())],
  ['replace', { parameters: ['old', 'new', 'count'], run: replaced }],
  ['indent', { parameters: ['width', 'first', 'blank'], run: indented }],
  ['b64encode', text((value) => Buffer.from(value, 'utf8').toString('base64'))],
  ['b64decode', text(decoded)],
  ['int', { parameters: ['default'], run: (value, args) => numeric(value, Math.trunc) ?? args.any('default') ?? 0 }],
  [
    'float',
    { parameters: ['default'], run: (value, args) => numeric(value, (number) => number) ?? args.any('default') ?? 0 },
  ],
  ['round', { parameters: ['precision', 'method'], run: rounded }],
  ['abs', { parameters: [], run: (value) => Math.abs(numberOf(value, 'abs')) }],
]

function text(run: (value: string) => string): Filter {
  return {
    parameters: [],
    run: (value, args) => {
      const input = toText(value)
      args.call.budget.text(input.length)
      return run(input)
    },
  }
}

function toJsonText(value: Value, args: Given): Value {
  const json = toJson(value)
  const made = jsonText(json, args.any('indent') === undefined ? 0 : Math.min(8, args.number('indent')))
  args.call.budget.text(made.length)
  return new JsonText(json, made)
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()
}

function replaced(value: Value, args: Given): Value {
  const [input, old, fresh] = [toText(value), args.text('old'), args.text('new')]
  const count = args.number('count', -1)
  const parts = input.split(old)
  const limit = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1)
  args.call.budget.text(input.length + limit * fresh.length)
  return (
    parts.slice(0, limit + 1).join(fresh) +
    parts
      .slice(limit + 1)
      .map((part) => old + part)
      .join('')
  )
}

function indented(value: Value, args: Given): Value {
  const width = args.number('width', 4)
  const input = toText(value)
  const lines = input.split('\n')
  args.call.budget.text(input.length + lines.length * width)
  const space = ' '.repeat(Math.max(0, width))
  const pad = (line: string, index: number): string => {
    const skipped = (index === 0 && !args.flag('first')) || (line === '' && !args.flag('blank'))
    return skipped ? line : space + line
  }
  const made = lines.map(pad).join('\n')
  return value instanceof JsonText ? new JsonText(value.value, made) : new IndentedText(input, made)
}

function decoded(value: string): string {
  const bytes = Buffer.from(value, 'base64')
  const made = bytes.toString('utf8')
  if (Buffer.from(made, 'utf8').equals(bytes)) return made
  throw new TemplateFault('misuse', '`b64decode` gives bytes that are no text', { hint: 'Decode where it is used.' })
}

function numeric(value: Value, shape: (number: number) => number): number | undefined {
  if (typeof value === 'boolean') return Number(value)
  const input =
    typeof value === 'number'
      ? value
      : Number(/^\s*[-+]?\d[\d.eE+-]*\s*$/.test(asText(value) ?? '') ? asText(value) : Number.NaN)
  return Number.isFinite(input) ? shape(input) : undefined
}

function rounded(value: Value, args: Given): Value {
  const factor = 10 ** args.number('precision', 0)
  const method = args.text('method', 'common')
  const round = new Map([
    ['common', (number: number) => Math.sign(number) * Math.round(Math.abs(number))],
    ['ceil', Math.ceil],
    ['floor', Math.floor],
  ]).get(method)
  if (round === undefined)
    throw new TemplateFault('misuse', `\`round\` has no method \`${method}\``, { hint: 'Use common, ceil or floor.' })
  return round(numberOf(value, 'round') * factor) / factor
}

function numberOf(value: Value, name: string): number {
  if (typeof value === 'number') return value
  throw new TemplateFault('misuse', `\`${name}\` needs a number, not ${kindOf(value)}`, {
    hint: 'Convert with `| int` first.',
  })
}
