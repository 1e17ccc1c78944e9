import type { TextPlace } from '../../util/yaml.ts'
import type { Comparison, Operator } from './ast.ts'
import type { Budget } from './budget.ts'
import { TemplateFault } from './fault.ts'
import { isReservedName } from './read-expression.ts'
import { asText, equal, isDict, isList, kindOf, Missing, toText, type Value } from './value.ts'

/**
 * The value of a key or index; own keys of data only, never what a JavaScript object inherits.
 *
 * Errors: TemplateFault for reserved keys and for values that have no keys; a key that is not there gives `Missing`.
 */
export function lookUp(
  target: Value,
  key: Value,
  { path, at }: { readonly path: string; readonly at: TextPlace },
): Value {
  if (typeof key === 'string' && isReservedName(key)) {
    throw new TemplateFault('forbidden', `the name \`${key}\` is not allowed in a values template`, {
      hint: 'Use the names of the context only.',
    })
  }
  if (target instanceof Missing) return target
  if (isDict(target)) {
    const name = toText(key)
    return Object.hasOwn(target, name) ? (target[name] ?? null) : new Missing(path, at, Object.keys(target))
  }
  if (isList(target) && typeof key === 'number') return target.at(key) ?? new Missing(path, at, [])
  return new Missing(path, at, [])
}

/** The value of an operator between two values. Errors: TemplateFault when the kinds do not fit. */
export function binary(operator: Operator, { left, right, budget }: Pair): Value {
  if (operator === 'in') return contains(right, left)
  if (operator === '~') return joined(toText(left), toText(right), budget)
  if (operator === '+') return plus({ left, right, budget })
  const [a, b] = [numberOf(left, operator), numberOf(right, operator)]
  if (['/', '//', '%'].includes(operator) && b === 0) {
    throw new TemplateFault('misuse', 'division by zero', { hint: 'Check the divisor.' })
  }
  return ARITHMETIC[operator](a, b)
}

interface Pair {
  readonly left: Value
  readonly right: Value
  readonly budget: Budget
}

const ARITHMETIC: Readonly<Record<Exclude<Operator, 'in' | '~' | '+'>, (a: number, b: number) => number>> = {
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '//': (a, b) => Math.floor(a / b),
  // Python's remainder takes the sign of the divisor.
  '%': (a, b) => a - b * Math.floor(a / b),
  '**': (a, b) => a ** b,
}

function plus({ left, right, budget }: Pair): Value {
  const [a, b] = [asText(left), asText(right)]
  if (a !== undefined && b !== undefined) return joined(a, b, budget)
  if (isList(left) && isList(right)) {
    budget.items(left.length + right.length)
    return [...left, ...right]
  }
  return numberOf(left, '+') + numberOf(right, '+')
}

function joined(a: string, b: string, budget: Budget): string {
  budget.text(a.length + b.length)
  return a + b
}

function numberOf(value: Value, operator: string): number {
  if (typeof value === 'number') return value
  throw new TemplateFault('misuse', `\`${operator}\` cannot take ${kindOf(value)} here`, {
    hint: 'Convert with `| int` or `| string`, or join texts with `~`.',
  })
}

function contains(list: Value, item: Value): boolean {
  if (isList(list)) return list.some((other) => equal(other, item))
  if (isDict(list)) return typeof item === 'string' && Object.hasOwn(list, item)
  const [text, part] = [asText(list), asText(item)]
  if (text !== undefined && part !== undefined) return text.includes(part)
  throw new TemplateFault('misuse', `\`in\` cannot look into ${kindOf(list)}`, {
    hint: 'Look into a list, an object or a text.',
  })
}

/** The value of `-x` and `+x`. */
export function negative(value: Value, operator: '-' | '+'): number {
  const number = numberOf(value, operator)
  return operator === '-' ? -number : number
}

/** The answer of a comparison. Errors: TemplateFault when two kinds have no order. */
export function compare(operator: Comparison, left: Value, right: Value): boolean {
  if (operator === '==') return equal(left, right)
  if (operator === '!=') return !equal(left, right)
  const order = orderOf(left, right)
  if (operator === '<') return order < 0
  if (operator === '>') return order > 0
  return operator === '<=' ? order <= 0 : order >= 0
}

/** Negative, zero or positive; numbers by size, texts by code unit. Errors: TemplateFault when two kinds have no order. */
export function orderOf(left: Value, right: Value): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right
  const [a, b] = [asText(left), asText(right)]
  if (a === undefined || b === undefined) {
    throw new TemplateFault('misuse', `${kindOf(left)} and ${kindOf(right)} have no order`, {
      hint: 'Compare numbers with numbers and texts with texts.',
    })
  }
  if (a === b) return 0
  return a < b ? -1 : 1
}
