import type { Arguments, Comparison, Expression, Operator, Statement } from './ast.ts'
import { TemplateFault } from './fault.ts'
import { fieldNode, fieldNodes, type ParsedNode, placeOf } from './parsed.ts'

/** What an expression needs from the statements around it. */
export interface Surroundings {
  readonly capture: (body: ParsedNode | undefined) => readonly Statement[]
  readonly refuse: (node: ParsedNode) => TemplateFault
  /** How many expressions are around this one. */
  readonly depth: number
}

type Read = (node: ParsedNode, around: Surroundings) => Expression

const MAX_DEPTH = 200

/** Reads one expression. Errors: TemplateFault `forbidden` or `syntax`. */
export function readExpression(node: ParsedNode | undefined, around: Surroundings): Expression {
  if (node === undefined) throw new TemplateFault('syntax', 'an expression is missing', { hint: 'Complete the tag.' })
  if (around.depth > MAX_DEPTH) {
    throw new TemplateFault('limit', 'the expression nests too deeply', { hint: 'Split it.', at: placeOf(node) })
  }
  const read = Object.hasOwn(READERS, node.typename) ? READERS[node.typename] : undefined
  if (read === undefined) throw around.refuse(node)
  return read(node, { ...around, depth: around.depth + 1 })
}

/** The expression of a field, one level deeper. */
function part(node: ParsedNode, field: string, around: Surroundings): Expression {
  return readExpression(fieldNode(node, field), around)
}

function parts(node: ParsedNode, field: string, around: Surroundings): readonly Expression[] {
  return fieldNodes(node, field).map((child) => readExpression(child, around))
}

const READERS: Readonly<Record<string, Read>> = {
  Literal: literal,
  Symbol: symbol,
  LookupVal: member,
  Group: group,
  Array: (node, around) => ({ kind: 'list', items: parts(node, 'children', around), at: placeOf(node) }),
  Dict: dict,
  FunCall: call,
  Filter: filter,
  Is: test,
  InlineIf: choice,
  And: (node, around) => both('and', node, around),
  Or: (node, around) => both('or', node, around),
  Not: (node, around) => unary('not', node, around),
  Neg: (node, around) => unary('-', node, around),
  Pos: (node, around) => unary('+', node, around),
  Add: (node, around) => binary('+', node, around),
  Sub: (node, around) => binary('-', node, around),
  Mul: (node, around) => binary('*', node, around),
  Div: (node, around) => binary('/', node, around),
  FloorDiv: (node, around) => binary('//', node, around),
  Mod: (node, around) => binary('%', node, around),
  Pow: (node, around) => binary('**', node, around),
  Concat: (node, around) => binary('~', node, around),
  In: (node, around) => binary('in', node, around),
  Compare: compare,
  Capture: (node, around) => ({ kind: 'capture', body: around.capture(fieldNode(node, 'body')), at: placeOf(node) }),
}

function literal(node: ParsedNode): Expression {
  const value = node['value']
  const simple = value === null || ['string', 'number', 'boolean'].includes(typeof value)
  if (!simple) throw forbidden(node, 'a regular expression', 'Use `in`, `startswith` or `replace`.')
  return { kind: 'literal', value: value as string | number | boolean | null, at: placeOf(node) }
}

const CONSTANTS: ReadonlyMap<string, null | boolean> = new Map([
  ['True', true],
  ['False', false],
  ['None', null],
  ['null', null],
])

/** Names that lead out of the data in JavaScript or in Python. */
const RESERVED = new Set(['constructor', 'prototype'])

/** Whether a key or name is one that no template may speak, whatever it would find. */
export function isReservedName(name: string): boolean {
  return RESERVED.has(name) || name.startsWith('__')
}

function checkName(name: string, node: ParsedNode): string {
  if (isReservedName(name)) throw forbidden(node, `the name \`${name}\``, 'Use the names of the context only.')
  return name
}

function symbol(node: ParsedNode): Expression {
  const name = String(node['value'])
  const constant = CONSTANTS.get(name)
  if (constant !== undefined) return { kind: 'literal', value: constant, at: placeOf(node) }
  return { kind: 'name', name: checkName(name, node), at: placeOf(node) }
}

function member(node: ParsedNode, around: Surroundings): Expression {
  const key = part(node, 'val', around)
  if (key.kind === 'literal' && typeof key.value === 'string') checkName(key.value, node)
  if (!isPlainKey(key))
    throw forbidden(node, 'a computed key', 'Write the key as text, or put it into a variable of a `for`.')
  const target = part(node, 'target', around)
  return { kind: 'member', target, key, at: target.at }
}

function isPlainKey(key: Expression): boolean {
  if (key.kind === 'unary') return key.operator === '-' && key.target.kind === 'literal'
  return key.kind === 'literal' || key.kind === 'name' || key.kind === 'member'
}

function group(node: ParsedNode, around: Surroundings): Expression {
  const items = parts(node, 'children', around)
  const [only] = items
  return items.length === 1 && only !== undefined ? only : { kind: 'list', items, at: placeOf(node) }
}

function dict(node: ParsedNode, around: Surroundings): Expression {
  return { kind: 'dict', pairs: fieldNodes(node, 'children').map((pair) => readPair(pair, around)), at: placeOf(node) }
}

function readPair(pair: ParsedNode, around: Surroundings): readonly [string, Expression] {
  const key = fieldNode(pair, 'key')
  if (key === undefined || !['Literal', 'Symbol'].includes(key.typename)) {
    throw forbidden(pair, 'a computed key', 'Write the key as text.')
  }
  return [checkName(String(key['value']), key), part(pair, 'value', around)]
}

function call(node: ParsedNode, around: Surroundings): Expression {
  const callee = fieldNode(node, 'name')
  const args = readArguments(fieldNodes(fieldNode(node, 'args') ?? node, 'children'), around)
  if (callee?.typename === 'Symbol') {
    return { kind: 'call', name: checkName(String(callee['value']), callee), args, at: placeOf(callee) }
  }
  const method = callee?.typename === 'LookupVal' ? fieldNode(callee, 'val') : undefined
  if (callee === undefined || method?.typename !== 'Literal' || typeof method['value'] !== 'string') {
    throw forbidden(node, 'calling the result of an expression', 'Call a listed function or method by its name.')
  }
  const target = part(callee, 'target', around)
  return { kind: 'method', target, name: checkName(method['value'], method), args, at: target.at }
}

function readArguments(nodes: readonly ParsedNode[], around: Surroundings): Arguments {
  const positional = nodes.filter(({ typename }) => typename !== 'KeywordArgs')
  const named = nodes
    .filter(({ typename }) => typename === 'KeywordArgs')
    .flatMap((node) => fieldNodes(node, 'children'))
  return {
    positional: positional.map((node) => readExpression(node, around)),
    named: named.map((pair) => readPair(pair, around)),
  }
}

function filter(node: ParsedNode, around: Surroundings): Expression {
  const name = String(fieldNode(node, 'name')?.['value'])
  const [target, ...rest] = fieldNodes(fieldNode(node, 'args') ?? node, 'children')
  return {
    kind: 'filter',
    name,
    target: readExpression(target, around),
    args: readArguments(rest, around),
    at: placeOf(node),
  }
}

function test(node: ParsedNode, around: Surroundings): Expression {
  const right = fieldNode(node, 'right')
  if (right === undefined) throw around.refuse(node)
  const callee = right.typename === 'FunCall' ? fieldNode(right, 'name') : right
  const args = right.typename === 'FunCall' ? fieldNodes(fieldNode(right, 'args') ?? right, 'children') : []
  const name = testName(callee)
  if (name === undefined) throw forbidden(right, 'this test', 'Use a listed test, such as `is defined`.')
  return {
    kind: 'test',
    name,
    target: part(node, 'left', around),
    args: readArguments(args, around),
    at: placeOf(right),
  }
}

/** `is none` and `is true` arrive as literals. */
function testName(node: ParsedNode | undefined): string | undefined {
  if (node?.typename === 'Symbol') return String(node['value'])
  if (node?.typename !== 'Literal') return undefined
  const value = node['value']
  return value === null ? 'none' : typeof value === 'boolean' ? String(value) : undefined
}

function choice(node: ParsedNode, around: Surroundings): Expression {
  const no = fieldNode(node, 'else_')
  return {
    kind: 'choice',
    test: part(node, 'cond', around),
    yes: part(node, 'body', around),
    ...(no === undefined ? {} : { no: readExpression(no, around) }),
    at: placeOf(node),
  }
}

function both(kind: 'and' | 'or', node: ParsedNode, around: Surroundings): Expression {
  return { kind, left: part(node, 'left', around), right: part(node, 'right', around), at: placeOf(node) }
}

function unary(operator: 'not' | '-' | '+', node: ParsedNode, around: Surroundings): Expression {
  return { kind: 'unary', operator, target: part(node, 'target', around), at: placeOf(node) }
}

function binary(operator: Operator, node: ParsedNode, around: Surroundings): Expression {
  return {
    kind: 'binary',
    operator,
    left: part(node, 'left', around),
    right: part(node, 'right', around),
    at: placeOf(node),
  }
}

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '==': '==',
  '===': '==',
  '!=': '!=',
  '!==': '!=',
  '<': '<',
  '>': '>',
  '<=': '<=',
  '>=': '>=',
}

function compare(node: ParsedNode, around: Surroundings): Expression {
  const rest = fieldNodes(node, 'ops').map((operand) => ({
    operator: COMPARISONS[String(operand['type'])] ?? ('==' as const),
    value: part(operand, 'expr', around),
  }))
  return { kind: 'compare', first: part(node, 'expr', around), rest, at: placeOf(node) }
}

function forbidden(node: ParsedNode, what: string, hint: string): TemplateFault {
  return new TemplateFault('forbidden', `${what} is not allowed in a values template`, { hint, at: placeOf(node) })
}
