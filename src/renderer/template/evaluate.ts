// In:    a checked template and a context
// Out:   the pieces of text it makes, each with its place and, for values, what they mean
// Never: runs code of the template as code, reads more than own keys of the data, or makes a list or text without limit
import type { Json, JsonObject } from '../../util/json.ts'
import type { TextPlace } from '../../util/yaml.ts'
import type { Arguments, Expression, Statement, Template } from './ast.ts'
import { Budget, TEMPLATE_LIMITS, type TemplateLimits } from './budget.ts'
import { type Call, callFunction, callMethod, FUNCTIONS } from './calls.ts'
import { TemplateFault } from './fault.ts'
import { callFilter } from './filters.ts'
import { binary, compare, lookUp, negative } from './operators.ts'
import { callTest } from './tests.ts'
import {
  asText,
  type Dict,
  IndentedText,
  isDict,
  isList,
  JsonText,
  kindOf,
  Missing,
  missingFault,
  toText,
  truthy,
  type Value,
} from './value.ts'

/** What a piece that came from a value stands for. */
export type Meaning =
  | { readonly kind: 'text'; readonly value: string; readonly original: string }
  | { readonly kind: 'plain'; readonly value: Json }
  | { readonly kind: 'json'; readonly value: Json }

/** A piece of output: text of the template, or a value put between its braces. */
export interface Piece {
  readonly text: string
  readonly at: TextPlace
  readonly splice?: { readonly source: string; readonly meaning: Meaning }
}

/**
 * Works out a template.
 *
 * Order:  pieces in output order; their texts joined are the output.
 * Errors: TemplateFault.
 */
export function evaluate(
  template: Template,
  context: JsonObject,
  limits: TemplateLimits = TEMPLATE_LIMITS,
): readonly Piece[] {
  const run = new Evaluation(context, new Budget(limits))
  run.statements(template.body, { names: new Map() })
  return run.pieces
}

interface Scope {
  readonly names: Map<string, Value>
  readonly parent?: Scope
}

class Evaluation {
  pieces: Piece[] = []
  readonly #context: JsonObject
  readonly #budget: Budget

  constructor(context: JsonObject, budget: Budget) {
    this.#context = context
    this.#budget = budget
  }

  statements(list: readonly Statement[], scope: Scope): void {
    for (const statement of list) this.#statement(statement, scope)
  }

  #statement(statement: Statement, scope: Scope): void {
    switch (statement.kind) {
      case 'data':
        return this.#write({ text: statement.text, at: statement.at })
      case 'output':
        return this.#output(statement, scope)
      case 'if':
        return this.statements(truthy(this.#value(statement.test, scope)) ? statement.body : statement.otherwise, scope)
      case 'for':
        return this.#loop(statement, scope)
      case 'set':
        return this.#placed(statement.at, () => assign(statement.names, this.#value(statement.value, scope), scope))
      default:
        return statement satisfies never
    }
  }

  #write(piece: Piece): void {
    this.#budget.write(piece.text.length)
    this.pieces.push(piece)
  }

  #output(statement: Extract<Statement, { kind: 'output' }>, scope: Scope): void {
    const { value, source, at } = statement
    if (value.kind === 'choice' && value.no === undefined && !truthy(this.#value(value.test, scope))) return
    const made = this.#value(value, scope)
    this.#placed(at, () => {
      const { text, meaning } = spliceOf(made, source)
      this.#write({ text, at, splice: { source, meaning } })
    })
  }

  #loop(statement: Extract<Statement, { kind: 'for' }>, scope: Scope): void {
    const items = this.#placed(statement.at, () => itemsOf(this.#value(statement.list, scope)))
    if (items.length === 0) return this.statements(statement.otherwise, scope)
    this.#budget.items(items.length)
    for (const [index, item] of items.entries()) {
      const inner: Scope = { names: new Map([['loop', loopFacts(index, items)]]), parent: scope }
      this.#placed(statement.at, () => assign(statement.names, item, inner))
      this.statements(statement.body, inner)
    }
  }

  /** The value of an expression; a missing one is an error. */
  #value(expression: Expression, scope: Scope): Value {
    const value = this.#any(expression, scope)
    if (value instanceof Missing) throw missingFault(value)
    return value
  }

  /** The value of an expression, also when it is missing. */
  #any(expression: Expression, scope: Scope): Value {
    this.#budget.spend(1)
    if (isCalled(expression)) return this.#placed(expression.at, () => this.#call(expression, scope))
    if (isBranch(expression)) return this.#branch(expression, scope)
    if (isOperation(expression)) return this.#placed(expression.at, () => this.#operation(expression, scope))
    switch (expression.kind) {
      case 'literal':
        return expression.value
      case 'name':
        return this.#name(expression, scope)
      case 'member':
        return this.#member(expression, scope)
      case 'list':
        return expression.items.map((item) => this.#value(item, scope))
      case 'dict':
        return Object.fromEntries(expression.pairs.map(([key, value]) => [key, this.#value(value, scope)]))
      case 'capture':
        return this.#capture(expression.body, scope)
      default:
        return expression satisfies never
    }
  }

  #name({ name, at }: Extract<Expression, { kind: 'name' }>, scope: Scope): Value {
    for (let here: Scope | undefined = scope; here !== undefined; here = here.parent) {
      const found = here.names.get(name)
      if (found !== undefined) return found
    }
    if (Object.hasOwn(this.#context, name)) return this.#context[name] ?? null
    return new Missing(name, at, Object.keys(this.#context))
  }

  #member(expression: Extract<Expression, { kind: 'member' }>, scope: Scope): Value {
    const target = this.#any(expression.target, scope)
    const key = this.#value(expression.key, scope)
    return this.#placed(expression.at, () => lookUp(target, key, { path: pathOf(expression), at: expression.at }))
  }

  #branch(expression: Branch, scope: Scope): Value {
    return expression.kind === 'choice' ? this.#choice(expression, scope) : this.#shortcut(expression, scope)
  }

  #choice({ test, yes, no }: Extract<Expression, { kind: 'choice' }>, scope: Scope): Value {
    if (truthy(this.#value(test, scope))) return this.#value(yes, scope)
    return no === undefined ? '' : this.#value(no, scope)
  }

  #shortcut({ kind, left, right }: Shortcut, scope: Scope): Value {
    const first = this.#value(left, scope)
    return truthy(first) === (kind === 'and') ? this.#value(right, scope) : first
  }

  #capture(body: readonly Statement[], scope: Scope): Value {
    const outer = this.pieces
    this.pieces = []
    try {
      this.statements(body, scope)
      return this.pieces.map(({ text }) => text).join('')
    } finally {
      this.pieces = outer
    }
  }

  #call(expression: Called, scope: Scope): Value {
    const call = this.#arguments(expression, scope)
    switch (expression.kind) {
      case 'call':
        return callFunction(call)
      case 'method':
        return callMethod(this.#value(expression.target, scope), call)
      case 'filter':
        return callFilter(this.#any(expression.target, scope), call)
      case 'test':
        return callTest(this.#any(expression.target, scope), call)
      default:
        return expression satisfies never
    }
  }

  #arguments({ name, args }: { readonly name: string; readonly args: Arguments }, scope: Scope): Call {
    return {
      name,
      positional: args.positional.map((item) => this.#value(item, scope)),
      named: new Map(args.named.map(([key, item]) => [key, this.#value(item, scope)])),
      budget: this.#budget,
    }
  }

  #operation(expression: Operation, scope: Scope): Value {
    switch (expression.kind) {
      case 'unary': {
        const value = this.#value(expression.target, scope)
        return expression.operator === 'not' ? !truthy(value) : negative(value, expression.operator)
      }
      case 'binary': {
        const [left, right] = [this.#value(expression.left, scope), this.#value(expression.right, scope)]
        return binary(expression.operator, { left, right, budget: this.#budget })
      }
      case 'compare':
        return this.#comparison(expression, scope)
      default:
        return expression satisfies never
    }
  }

  #comparison({ first, rest }: Extract<Expression, { kind: 'compare' }>, scope: Scope): boolean {
    let left = this.#value(first, scope)
    for (const { operator, value } of rest) {
      const right = this.#value(value, scope)
      if (!compare(operator, left, right)) return false
      left = right
    }
    return true
  }

  /** Gives a fault that knows no place this one. */
  #placed<T>(at: TextPlace, work: () => T): T {
    try {
      return work()
    } catch (cause) {
      if (cause instanceof TemplateFault) cause.at ??= at
      throw cause
    }
  }
}

type Called = Extract<Expression, { kind: 'call' | 'method' | 'filter' | 'test' }>
type Branch = Extract<Expression, { kind: 'choice' }> | Shortcut
type Shortcut = Extract<Expression, { readonly left: Expression; readonly kind: 'and' | 'or' }>
type Operation = Extract<Expression, { kind: 'unary' | 'binary' | 'compare' }>

const CALLED: ReadonlySet<Expression['kind']> = new Set(['call', 'method', 'filter', 'test'])
const OPERATIONS: ReadonlySet<Expression['kind']> = new Set(['unary', 'binary', 'compare'])

function isCalled(expression: Expression): expression is Called {
  return CALLED.has(expression.kind)
}

const BRANCHES: ReadonlySet<Expression['kind']> = new Set(['choice', 'and', 'or'])

function isBranch(expression: Expression): expression is Branch {
  return BRANCHES.has(expression.kind)
}

function isOperation(expression: Expression): expression is Operation {
  return OPERATIONS.has(expression.kind)
}

/** `a.b['c']` as its author would say it: `a.b.c`. */
function pathOf(expression: Expression): string {
  if (expression.kind === 'name') return expression.name
  if (expression.kind !== 'member') return '(…)'
  const { target, key } = expression
  if (key.kind !== 'literal') return `${pathOf(target)}[${pathOf(key)}]`
  return /^[A-Za-z_]\w*$/.test(String(key.value))
    ? `${pathOf(target)}.${key.value}`
    : `${pathOf(target)}[${JSON.stringify(key.value)}]`
}

function assign(names: readonly string[], value: Value, scope: Scope): void {
  const [only] = names
  for (const name of names) {
    if (FUNCTIONS.has(name))
      throw new TemplateFault('forbidden', `\`${name}\` is the name of a function`, { hint: 'Choose another name.' })
  }
  if (names.length === 1 && only !== undefined) return void scope.names.set(only, value)
  if (!isList(value) || value.length !== names.length) {
    throw new TemplateFault('misuse', `${kindOf(value)} cannot be taken apart into ${names.join(', ')}`, {
      hint: 'Loop over `.items()` for keys and values.',
    })
  }
  for (const [index, name] of names.entries()) scope.names.set(name, value[index] ?? null)
}

function itemsOf(value: Value): readonly Value[] {
  if (isList(value)) return value
  if (isDict(value)) return Object.keys(value)
  throw new TemplateFault('misuse', `${kindOf(value)} cannot be looped over`, {
    hint: 'Loop over a list or an object.',
  })
}

function loopFacts(index: number, items: readonly Value[]): Dict {
  const { length } = items
  return {
    index: index + 1,
    index0: index,
    revindex: length - index,
    revindex0: length - index - 1,
    first: index === 0,
    last: index === length - 1,
    length,
  }
}

function spliceOf(value: Value, source: string): { readonly text: string; readonly meaning: Meaning } {
  if (value instanceof JsonText) return { text: value.text, meaning: { kind: 'json', value: value.value } }
  if (value instanceof IndentedText) {
    return { text: value.text, meaning: { kind: 'text', value: value.text, original: value.original } }
  }
  const text = asText(value)
  if (text !== undefined) return { text, meaning: { kind: 'text', value: text, original: text } }
  if (isList(value) || isDict(value)) {
    throw new TemplateFault('splice', `\`${source}\` is ${kindOf(value)}, which has no plain text form`, {
      hint: `Write \`{{ ${source} | tojson }}\`.`,
    })
  }
  return { text: toText(value), meaning: { kind: 'plain', value: value as Json } }
}
