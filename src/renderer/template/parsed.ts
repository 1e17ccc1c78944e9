import parser from 'nunjucks/src/parser.js'
import type { TextPlace } from '../../util/yaml.ts'
import { TemplateFault } from './fault.ts'

/** A node as nunjucks' parser makes it; lines and columns count from 0. */
export interface ParsedNode {
  readonly typename: string
  readonly lineno: number
  readonly colno: number
  readonly [field: string]: unknown
}

/** Where a node was written; nunjucks counts from 0. */
export function placeOf({ lineno, colno }: ParsedNode): TextPlace {
  return { line: lineno + 1, col: colno + 1 }
}

/** Parses Jinja2 syntax. Errors: TemplateFault with code `syntax`. */
export function parseSource(text: string): ParsedNode {
  try {
    return parser.parse(text, [], {})
  } catch (cause) {
    throw syntaxFault(cause)
  }
}

function syntaxFault(cause: unknown): TemplateFault {
  if (cause instanceof RangeError) {
    return new TemplateFault('limit', 'the template nests too deeply', { hint: 'Flatten the expressions.' })
  }
  const { message, lineno, colno } = cause as { message?: unknown; lineno?: unknown; colno?: unknown }
  const at = typeof lineno === 'number' && typeof colno === 'number' ? { line: lineno, col: colno } : undefined
  return new TemplateFault('syntax', cleaned(String(message)), { hint: 'Correct the Jinja2 syntax here.', at })
}

/** nunjucks' messages start with `(unknown path)` and a place, and name its own functions. */
function cleaned(message: string): string {
  const text = message.replace(/^\(unknown path\)[^\n]*\n\s*/, '').replace(/^(Template render error|parse\w+): /, '')
  return text.startsWith('Cannot read') ? 'the expression is not complete' : text.replaceAll(/^Error: /g, '')
}

/** A field that holds a node. */
export function fieldNode(node: ParsedNode, field: string): ParsedNode | undefined {
  const value = node[field]
  return isNode(value) ? value : undefined
}

/** A field that holds a list of nodes. */
export function fieldNodes(node: ParsedNode, field: string): readonly ParsedNode[] {
  const value = node[field]
  return Array.isArray(value) ? value.filter(isNode) : []
}

function isNode(value: unknown): value is ParsedNode {
  return typeof value === 'object' && value !== null && 'typename' in value && 'lineno' in value
}

/** Finds the text of a template that a parsed node stands for. */
export class SourceMap {
  readonly #text: string
  readonly #lineStarts: readonly number[]

  constructor(text: string) {
    this.#text = text
    const starts = [0]
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#lineStarts = starts
  }

  /** The text between the braces, for messages. */
  expressionAt(node: ParsedNode): string {
    const start = this.#offsetOf(node)
    const end = this.#text.indexOf('}}', start)
    const text = this.#text.slice(start, end === -1 ? undefined : end)
    return text.replace(/^\{\{-?\s*/, '').replace(/\s*-?$/, '')
  }

  /** Where the text of a data node starts: `-%}` takes white space from its front, which the parser's place ignores. */
  placeOfData(node: ParsedNode, text: string): TextPlace {
    const start = this.#offsetOf(node)
    const found = this.#text.indexOf(text, start)
    const skipped = found === -1 ? '' : this.#text.slice(start, found)
    if (skipped.trim() !== '') return { line: node.lineno + 1, col: node.colno + 1 }
    const lines = skipped.split('\n')
    if (lines.length === 1) return { line: node.lineno + 1, col: node.colno + 1 + skipped.length }
    return { line: node.lineno + lines.length, col: (lines.at(-1)?.length ?? 0) + 1 }
  }

  #offsetOf(node: ParsedNode): number {
    return (this.#lineStarts[node.lineno] ?? 0) + node.colno
  }
}
