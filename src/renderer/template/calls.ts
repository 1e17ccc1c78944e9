import { nearest } from '../../util/text.ts'
import type { Budget } from './budget.ts'
import { TemplateFault } from './fault.ts'
import { asText, type Dict, isDict, kindOf, type Value } from './value.ts'

/** One call as the template wrote it, arguments worked out. */
export interface Call {
  readonly name: string
  readonly positional: readonly Value[]
  readonly named: ReadonlyMap<string, Value>
  readonly budget: Budget
}

/** A filter: its parameters after the value, and what it makes of the value. */
export interface Filter {
  readonly parameters: readonly string[]
  readonly run: (value: Value, args: Given) => Value
}

/** Arguments by the name of their parameter. */
export class Given {
  readonly call: Call
  readonly #values: ReadonlyMap<string, Value>

  constructor(call: Call, values: ReadonlyMap<string, Value>) {
    this.call = call
    this.#values = values
  }

  /** The argument, or `undefined` when it was not given. */
  any(parameter: string): Value | undefined {
    return this.#values.get(parameter)
  }

  /** A text argument. Errors: TemplateFault when it is something else or, without a default, missing. */
  text(parameter: string, otherwise?: string): string {
    const value = this.any(parameter)
    const text = value === undefined ? otherwise : asText(value)
    if (text === undefined) throw wrongArgument(this.call, parameter, 'a text')
    return text
  }

  /** A number argument. */
  number(parameter: string, otherwise?: number): number {
    const value = this.any(parameter) ?? otherwise
    if (typeof value !== 'number') throw wrongArgument(this.call, parameter, 'a number')
    return value
  }

  /** A boolean argument, false when not given. */
  flag(parameter: string): boolean {
    const value = this.any(parameter) ?? false
    if (typeof value !== 'boolean') throw wrongArgument(this.call, parameter, 'true or false')
    return value
  }
}

/** Puts arguments to parameters. Errors: TemplateFault for too many and for unknown names. */
export function give(call: Call, parameters: readonly string[]): Given {
  const values = new Map<string, Value>()
  for (const [index, value] of call.positional.entries()) {
    const parameter = parameters[index]
    if (parameter === undefined) {
      throw new TemplateFault('misuse', `\`${call.name}\` takes at most ${parameters.length} arguments`, {
        hint: 'Remove the others.',
      })
    }
    values.set(parameter, value)
  }
  for (const [name, value] of call.named) {
    if (!parameters.includes(name)) throw unknownFault('argument', name, parameters)
    values.set(name, value)
  }
  return new Given(call, values)
}

function wrongArgument(call: Call, parameter: string, wanted: string): TemplateFault {
  return new TemplateFault('misuse', `\`${call.name}\` needs ${wanted} as \`${parameter}\``, {
    hint: `Give ${wanted}.`,
  })
}

/** The error for a name that is not in a fixed list. */
export function unknownFault(what: string, name: string, known: Iterable<string>): TemplateFault {
  const list = [...known].sort()
  const near = nearest(name, list)
  const hint = near === undefined ? `Use one of: ${list.join(', ')}.` : `Write \`${near}\`.`
  return new TemplateFault('unknown', `there is no ${what} named \`${name}\``, { hint })
}

/** The functions of a template; a fixed list. */
export const FUNCTIONS: ReadonlyMap<string, (call: Call) => Value> = new Map([
  ['range', range],
  ['dict', dict],
])

/** Calls a function of the fixed list. */
export function callFunction(call: Call): Value {
  const run = FUNCTIONS.get(call.name)
  if (run === undefined) throw unknownFault('function', call.name, FUNCTIONS.keys())
  return run(call)
}

function range(call: Call): Value {
  const given = give(call, ['start', 'stop', 'step'])
  const one = given.any('stop') === undefined
  const [start, stop] = one ? [0, given.number('start')] : [given.number('start'), given.number('stop')]
  const step = given.number('step', 1)
  if (step === 0) throw new TemplateFault('misuse', '`range` needs a step other than 0', { hint: 'Give a step.' })
  const count = Math.max(0, Math.ceil((stop - start) / step))
  call.budget.items(count)
  return Array.from({ length: count }, (_, index) => start + index * step)
}

function dict(call: Call): Value {
  if (call.positional.length > 0)
    throw new TemplateFault('misuse', '`dict` takes named arguments only', { hint: 'Write `dict(key=value)`.' })
  return Object.fromEntries(call.named)
}

interface Method<T> {
  readonly parameters: readonly string[]
  readonly run: (target: T, args: Given) => Value
}

const DICT_METHODS: ReadonlyMap<string, Method<Dict>> = new Map<string, Method<Dict>>([
  ['items', { parameters: [], run: (target) => Object.entries(target).map(([key, value]) => [key, value]) }],
  ['keys', { parameters: [], run: (target) => Object.keys(target) }],
  ['values', { parameters: [], run: (target) => Object.values(target) }],
  ['get', { parameters: ['key', 'default'], run: getKey }],
])

const TEXT_METHODS: ReadonlyMap<string, Method<string>> = new Map<string, Method<string>>([
  ['startswith', { parameters: ['prefix'], run: (target, args) => target.startsWith(args.text('prefix')) }],
  ['endswith', { parameters: ['suffix'], run: (target, args) => target.endsWith(args.text('suffix')) }],
  ['lower', { parameters: [], run: (target) => target.toLowerCase() }],
  ['upper', { parameters: [], run: (target) => target.toUpperCase() }],
  ['strip', { parameters: [], run: (target) => target.trim() }],
  ['split', { parameters: ['separator'], run: split }],
])

/** Calls a method of the fixed lists; a key of the same name in the data is never called. */
export function callMethod(target: Value, call: Call): Value {
  const text = asText(target)
  if (isDict(target)) return runMethod(DICT_METHODS, target, call)
  if (text !== undefined) return runMethod(TEXT_METHODS, text, call)
  throw new TemplateFault('misuse', `${kindOf(target)} has no method \`${call.name}\``, { hint: 'Use a filter.' })
}

function runMethod<T>(methods: ReadonlyMap<string, Method<T>>, target: T, call: Call): Value {
  const method = methods.get(call.name)
  if (method === undefined) throw unknownFault('method', call.name, methods.keys())
  return method.run(target, give(call, method.parameters))
}

function getKey(target: Dict, args: Given): Value {
  const key = args.text('key')
  if (Object.hasOwn(target, key)) return target[key] ?? null
  return args.any('default') ?? null
}

function split(target: string, args: Given): Value {
  const separator = args.text('separator', '')
  const parts = separator === '' ? target.split(/\s+/).filter((part) => part !== '') : target.split(separator)
  args.call.budget.items(parts.length)
  return parts
}
