import { isObject, type Json, own } from '../util/json.ts'
import { same, textOf } from './values.ts'

/** A rule that is ready to run. */
export interface Expression {
  /** The variables that it names. */
  readonly names: ReadonlySet<string>
  /** Errors: Error when a value is missing or of the wrong type, as in CEL. */
  readonly run: (variables: Variables) => Json
}

/** The values of the variables of one run. */
export type Variables = ReadonlyMap<string, Json>

/** Thrown for a text that is not in the part of CEL that the sandbox knows. */
export class CelError extends Error {
  override readonly name = 'CelError'
}

type Run = (variables: Variables) => Json

/**
 * Reads an expression of a bounded part of CEL.
 *
 * Shape:  `self`, `oldSelf`; literals, lists; field access, index; `! - * / % + - < <= > >= == != in && || ?:`;
 *         `has()`, `size()`, `string()`, `int()`, `.size() .startsWith() .endsWith() .contains() .matches()`,
 *         `.all(x, …) .exists(x, …)`.
 * Errors: CelError names what is not known; nothing is guessed.
 */
export function parseCel(text: string): Expression {
  const reader = makeReader(tokenize(text))
  const names = new Set<string>()
  const run = ternary({ reader, names, bound: new Set(['self', 'oldSelf']) })
  if (reader.peek() !== undefined) throw new CelError(`unexpected ${reader.peek()?.text ?? ''}`)
  return { names, run }
}

interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'sign'
  readonly text: string
}

const TOKEN =
  /\s*(?:(\d+\.\d+|\d+u?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([A-Za-z_][A-Za-z0-9_]*)|(&&|\|\||[<>=!]=|[-+*/%<>!?:.,()[\]]))/y

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = []
  const source = text.trimEnd()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.length) {
    const from = TOKEN.lastIndex
    const match = TOKEN.exec(source)
    if (match === null) throw new CelError(`cannot read ${source.slice(from, from + 20)}`)
    const [, number, quoted, name, sign] = match
    if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: unquote(quoted) })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else tokens.push({ kind: 'sign', text: sign ?? '' })
  }
  return tokens
}

function unquote(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replaceAll(/\\(.)/g, (_, letter: string) => ({ n: '\n', t: '\t', r: '\r' })[letter] ?? letter)
}

interface Reader {
  readonly peek: (ahead?: number) => Token | undefined
  readonly take: (...signs: readonly string[]) => string | undefined
  readonly need: (sign: string) => void
  readonly next: () => Token
}

function makeReader(tokens: readonly Token[]): Reader {
  let index = 0
  const isSign = (token: Token | undefined, signs: readonly string[]): boolean =>
    token !== undefined && token.kind !== 'text' && token.kind !== 'number' && signs.includes(token.text)
  const take = (...signs: readonly string[]): string | undefined => {
    const token = tokens[index]
    if (!isSign(token, signs)) return undefined
    index += 1
    return token?.text
  }
  return {
    peek: (ahead = 0) => tokens[index + ahead],
    take,
    need: (sign) => {
      if (take(sign) === undefined) throw new CelError(`expected ${sign} before ${tokens[index]?.text ?? 'the end'}`)
    },
    next: () => {
      const token = tokens[index]
      if (token === undefined) throw new CelError('unexpected end')
      index += 1
      return token
    },
  }
}

interface Scope {
  readonly reader: Reader
  readonly names: Set<string>
  readonly bound: ReadonlySet<string>
}

function ternary(scope: Scope): Run {
  const test = either(scope)
  if (scope.reader.take('?') === undefined) return test
  const yes = ternary(scope)
  scope.reader.need(':')
  const no = ternary(scope)
  return (variables) => (truth(test(variables)) ? yes(variables) : no(variables))
}

/** `a || b` is true if one side is, even when the other fails; so CEL has it. */
function either(scope: Scope): Run {
  let left = both(scope)
  while (scope.reader.take('||') !== undefined) left = lazy(left, both(scope), true)
  return left
}

function both(scope: Scope): Run {
  let left = relation(scope)
  while (scope.reader.take('&&') !== undefined) left = lazy(left, relation(scope), false)
  return left
}

function lazy(left: Run, right: Run, deciding: boolean): Run {
  return (variables) => {
    let failure: unknown
    try {
      if (truth(left(variables)) === deciding) return deciding
    } catch (cause) {
      failure = cause
    }
    if (truth(right(variables)) === deciding) return deciding
    if (failure !== undefined) throw failure
    return !deciding
  }
}

function relation(scope: Scope): Run {
  let left = sum(scope)
  for (;;) {
    const operator = scope.reader.take('==', '!=', '<', '<=', '>', '>=', 'in')
    if (operator === undefined) return left
    left = compareWith(operator, left, sum(scope))
  }
}

function compareWith(operator: string, left: Run, right: Run): Run {
  if (operator === '==') return (variables) => same(left(variables), right(variables))
  if (operator === '!=') return (variables) => !same(left(variables), right(variables))
  if (operator === 'in') return (variables) => includes(right(variables), left(variables))
  return (variables) => ordered(operator, left(variables), right(variables))
}

function includes(container: Json, item: Json): boolean {
  if (Array.isArray(container)) return container.some((other) => same(other, item))
  if (isObject(container) && typeof item === 'string') return Object.hasOwn(container, item)
  throw new CelError('no such overload: in')
}

function ordered(operator: string, a: Json, b: Json): boolean {
  const comparable =
    (typeof a === 'number' && typeof b === 'number') || (typeof a === 'string' && typeof b === 'string')
  if (!comparable) throw new CelError(`no such overload: ${operator}`)
  if (operator === '<') return a < b
  if (operator === '<=') return a <= b
  return operator === '>' ? a > b : a >= b
}

function sum(scope: Scope): Run {
  let left = product(scope)
  for (;;) {
    const operator = scope.reader.take('+', '-')
    if (operator === undefined) return left
    left = arithmetic(operator, left, product(scope))
  }
}

function product(scope: Scope): Run {
  let left = unary(scope)
  for (;;) {
    const operator = scope.reader.take('*', '/', '%')
    if (operator === undefined) return left
    left = arithmetic(operator, left, unary(scope))
  }
}

function arithmetic(operator: string, left: Run, right: Run): Run {
  return (variables) => {
    const [a, b] = [left(variables), right(variables)]
    if (typeof a === 'number' && typeof b === 'number') return calculate(operator, a, b)
    if (operator === '+' && typeof a === 'string' && typeof b === 'string') return a + b
    if (operator === '+' && Array.isArray(a) && Array.isArray(b)) return [...a, ...b]
    throw new CelError(`no such overload: ${operator}`)
  }
}

function calculate(operator: string, a: number, b: number): number {
  if (operator === '+') return a + b
  if (operator === '-') return a - b
  if (operator === '*') return a * b
  if (b === 0) throw new CelError('divide by zero')
  if (operator === '%') return a % b
  return Number.isInteger(a) && Number.isInteger(b) ? Math.trunc(a / b) : a / b
}

function unary(scope: Scope): Run {
  if (scope.reader.take('!') !== undefined) {
    const inner = unary(scope)
    return (variables) => !truth(inner(variables))
  }
  if (scope.reader.take('-') === undefined) return member(scope)
  return arithmetic('-', () => 0, unary(scope))
}

function member(scope: Scope): Run {
  let target = primary(scope)
  for (;;) {
    const sign = scope.reader.take('.', '[')
    if (sign === undefined) return target
    target = sign === '[' ? indexed(scope, target) : dotted(scope, target)
  }
}

function indexed(scope: Scope, target: Run): Run {
  const index = ternary(scope)
  scope.reader.need(']')
  return (variables) => {
    const [value, key] = [target(variables), index(variables)]
    const found =
      Array.isArray(value) && typeof key === 'number'
        ? value[key]
        : isObject(value) && typeof key === 'string'
          ? own(value, key)
          : undefined
    if (found === undefined) throw new CelError(`no such key: ${textOf(key)}`)
    return found
  }
}

function dotted(scope: Scope, target: Run): Run {
  const { text, kind } = scope.reader.next()
  if (kind !== 'name') throw new CelError(`unexpected ${text}`)
  if (scope.reader.take('(') === undefined) return field(target, text)
  if (text === 'all' || text === 'exists') return macro(scope, target, text)
  const args = argumentsOf(scope)
  const method = METHODS[text]
  if (method === undefined) throw new CelError(`the function ${text}() is not known`)
  return (variables) =>
    method(
      target(variables),
      args.map((arg) => arg(variables)),
    )
}

function field(target: Run, name: string): Run {
  return (variables) => {
    const value = target(variables)
    const found = isObject(value) ? own(value, unescapeField(name)) : undefined
    if (found === undefined) throw new CelError(`no such key: ${name}`)
    return found
  }
}

/** Names that CEL keeps for itself, or cannot spell, are written escaped. */
function unescapeField(name: string): string {
  const reserved =
    /^__(true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)__$/.exec(
      name,
    )
  if (reserved !== null) return reserved[1] ?? name
  return name.replaceAll(
    /__(underscores|dot|dash|slash)__/g,
    (_, word: string) => ({ underscores: '__', dot: '.', dash: '-', slash: '/' })[word] ?? '',
  )
}

function macro(scope: Scope, target: Run, kind: 'all' | 'exists'): Run {
  const { text: name } = scope.reader.next()
  scope.reader.need(',')
  const test = ternary({ ...scope, bound: new Set([...scope.bound, name]) })
  scope.reader.need(')')
  return (variables) => {
    const value = target(variables)
    const items: readonly Json[] = Array.isArray(value) ? value : isObject(value) ? Object.keys(value) : []
    const holds = (item: Json): boolean => truth(test(new Map([...variables, [name, item]])))
    return kind === 'all' ? items.every(holds) : items.some(holds)
  }
}

function argumentsOf(scope: Scope): readonly Run[] {
  const args: Run[] = []
  if (scope.reader.take(')') !== undefined) return args
  do args.push(ternary(scope))
  while (scope.reader.take(',') !== undefined)
  scope.reader.need(')')
  return args
}

const METHODS: Readonly<Record<string, (target: Json, args: readonly Json[]) => Json>> = {
  size: (target) => sizeOf(target),
  startsWith: (target, [text]) => textOf(target).startsWith(textOf(text)),
  endsWith: (target, [text]) => textOf(target).endsWith(textOf(text)),
  contains: (target, [text]) => textOf(target).includes(textOf(text)),
  matches: (target, [pattern]) => new RegExp(textOf(pattern), 'u').test(textOf(target)),
}

function primary(scope: Scope): Run {
  const { reader } = scope
  if (reader.take('(') !== undefined) {
    const inner = ternary(scope)
    reader.need(')')
    return inner
  }
  if (reader.take('[') !== undefined) return listOf(scope)
  const token = reader.next()
  if (token.kind === 'text') return () => token.text
  if (token.kind === 'number') return () => Number.parseFloat(token.text)
  if (token.kind === 'name') return named(scope, token.text)
  throw new CelError(`unexpected ${token.text}`)
}

function listOf(scope: Scope): Run {
  const items: Run[] = []
  while (scope.reader.take(']') === undefined) {
    items.push(ternary(scope))
    if (scope.reader.take(',') === undefined && scope.reader.peek()?.text !== ']')
      throw new CelError('expected ] at the end of a list')
  }
  return (variables) => items.map((item) => item(variables))
}

const CONSTANTS: Readonly<Record<string, Json>> = { true: true, false: false, null: null }

function named(scope: Scope, name: string): Run {
  if (Object.hasOwn(CONSTANTS, name)) return () => CONSTANTS[name] ?? null
  if (scope.reader.take('(') !== undefined) return call(scope, name)
  if (!scope.bound.has(name)) throw new CelError(`the variable ${name} is not known`)
  scope.names.add(name)
  return (variables) => {
    const value = variables.get(name)
    if (value === undefined) throw new CelError(`no such attribute: ${name}`)
    return value
  }
}

function call(scope: Scope, name: string): Run {
  const args = argumentsOf(scope)
  const [first] = args
  if (first === undefined || args.length !== 1)
    throw new CelError(`the function ${name}() is not known with ${args.length} arguments`)
  if (name === 'has') return (variables) => succeeds(first, variables)
  if (name === 'size') return (variables) => sizeOf(first(variables))
  if (name === 'string') return (variables) => textOf(first(variables))
  if (name === 'int') return (variables) => Math.trunc(Number(first(variables)))
  throw new CelError(`the function ${name}() is not known`)
}

function succeeds(run: Run, variables: Variables): boolean {
  try {
    run(variables)
    return true
  } catch (cause) {
    if (cause instanceof CelError) return false
    throw cause
  }
}

function sizeOf(value: Json): number {
  if (typeof value === 'string') return Array.from(value).length
  if (Array.isArray(value)) return value.length
  if (isObject(value)) return Object.keys(value).length
  throw new CelError('no such overload: size')
}

function truth(value: Json): boolean {
  if (typeof value !== 'boolean') throw new CelError('no such overload: a rule needs true or false')
  return value
}
