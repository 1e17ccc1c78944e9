// In:    the text of a values template
// Out:   the same as a tree of `ast.ts`, or the fault that keeps it out
// Never: runs anything of it; what has no form in `ast.ts` does not pass
import { Lru } from '../../util/lru.ts'
import type { Expression, Statement, Template } from './ast.ts'
import { TemplateFault } from './fault.ts'
import { readExpression } from './read-expression.ts'
import { fieldNode, fieldNodes, type ParsedNode, parseSource, placeOf, SourceMap } from './parsed.ts'

const MAX_SOURCE = 256 * 1024
const MAX_SHAPES = 16

/**
 * Reads a template; nunjucks' lexer and parser do the syntax, this is the allow-list over what they make.
 *
 * Errors: TemplateFault, with the place.
 */
export function readTemplate(source: string, file: string): Template {
  if (source.length > MAX_SOURCE) {
    throw new TemplateFault('limit', `the template is longer than ${MAX_SOURCE / 1024} KiB`, {
      hint: 'Split the driver.',
    })
  }
  const text = source.replaceAll('\r\n', '\n')
  const root = parseSource(text)
  try {
    return { file, body: new Reader(new SourceMap(text)).body(root), shapes: new Lru(MAX_SHAPES) }
  } catch (cause) {
    if (cause instanceof RangeError) throw tooDeep()
    throw cause
  }
}

function tooDeep(): TemplateFault {
  return new TemplateFault('limit', 'the template nests too deeply', { hint: 'Flatten the expressions.' })
}

const REFUSED: Readonly<Record<string, string>> = {
  Include: 'include',
  Import: 'import',
  FromImport: 'from … import',
  Extends: 'extends',
  Block: 'block',
  Super: 'super',
  Macro: 'macro',
  Caller: 'call',
  Switch: 'switch',
  IfAsync: 'ifAsync',
  AsyncEach: 'asyncEach',
  AsyncAll: 'asyncAll',
  CallExtension: 'an extension',
}

/** Reads statements; expressions have their own file. */
class Reader {
  readonly #map: SourceMap

  constructor(map: SourceMap) {
    this.#map = map
  }

  body(node: ParsedNode | undefined): readonly Statement[] {
    if (node === undefined) return []
    if (node.typename !== 'Root' && node.typename !== 'NodeList') return this.statement(node)
    return fieldNodes(node, 'children').flatMap((child) => this.statement(child))
  }

  statement(node: ParsedNode): readonly Statement[] {
    switch (node.typename) {
      case 'Output':
        return fieldNodes(node, 'children').map((child) => this.output(child, node))
      case 'If':
        return [this.condition(node)]
      case 'For':
        return [this.loop(node)]
      case 'Set':
        return [this.assignment(node)]
      default:
        throw refusal(node)
    }
  }

  output(child: ParsedNode, output: ParsedNode): Statement {
    if (child.typename === 'TemplateData') {
      const text = String(child['value'])
      return { kind: 'data', text, at: this.#map.placeOfData(child, text) }
    }
    const source = this.#map.expressionAt(output)
    return { kind: 'output', value: this.expression(child), source, at: placeOf(output) }
  }

  condition(node: ParsedNode): Statement {
    return {
      kind: 'if',
      test: this.expression(fieldNode(node, 'cond')),
      body: this.body(fieldNode(node, 'body')),
      otherwise: this.body(fieldNode(node, 'else_')),
    }
  }

  loop(node: ParsedNode): Statement {
    const target = fieldNode(node, 'name')
    const names = target?.typename === 'Array' ? fieldNodes(target, 'children') : [target]
    return {
      kind: 'for',
      names: names.map(targetName),
      list: this.expression(fieldNode(node, 'arr')),
      body: this.body(fieldNode(node, 'body')),
      otherwise: this.body(fieldNode(node, 'else_')),
      at: placeOf(node),
    }
  }

  assignment(node: ParsedNode): Statement {
    const names = fieldNodes(node, 'targets').map(targetName)
    const value = fieldNode(node, 'value') ?? fieldNode(node, 'body')
    return { kind: 'set', names, value: this.expression(value), at: placeOf(node) }
  }

  expression(node: ParsedNode | undefined): Expression {
    return readExpression(node, { capture: (inner) => this.body(inner), refuse: refusal, depth: 0 })
  }
}

function targetName(node: ParsedNode | undefined): string {
  const name = node?.typename === 'Symbol' ? String(node['value']) : undefined
  if (name === undefined || name === 'loop') {
    throw new TemplateFault('forbidden', 'only a simple name can be set', {
      hint: 'Use one plain name.',
      at: node && placeOf(node),
    })
  }
  return name
}

function refusal(node: ParsedNode): TemplateFault {
  const what = REFUSED[node.typename] ?? node.typename
  return new TemplateFault('forbidden', `\`${what}\` is not allowed in a values template`, {
    hint: 'Use if, for, set and the listed filters only.',
    at: placeOf(node),
  })
}
