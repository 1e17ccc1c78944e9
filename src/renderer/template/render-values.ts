// In:    the text of a values template and a context
// Out:   the chart's values, or the problems that keep them from being made
// Never: throws for what an author can write
import type { Problem } from '../../domain/problem.ts'
import { isObject, type Json, type JsonObject } from '../../util/json.ts'
import { parseYaml, type TextPlace, type YamlFault } from '../../util/yaml.ts'
import { parseYamlTree, type YamlNode } from '../../util/yaml-tree.ts'
import type { Template } from './ast.ts'
import type { TemplateLimits } from './budget.ts'
import { evaluate, type Piece } from './evaluate.ts'
import { problemAt, TemplateFault } from './fault.ts'
import { readTemplate } from './read-template.ts'
import { readsDifferently } from './splice-compare.ts'
import { spliceFaults } from './splices.ts'

/** Values for a chart; empty while there is any problem. */
export interface ValuesAnswer {
  readonly values: JsonObject
  readonly problems: readonly Problem[]
}

/** Reads a template's text once for many renders. */
export function compileTemplate(
  source: string,
  file: string,
): { readonly template: Template } | { readonly problems: readonly Problem[] } {
  try {
    return { template: readTemplate(source, file) }
  } catch (cause) {
    return { problems: [problemOf(cause, file)] }
  }
}

/** Renders a template and reads what it gives as values. */
export function renderValues(template: Template, context: JsonObject, limits?: TemplateLimits): ValuesAnswer {
  try {
    return readValues(template, evaluate(template, context, limits))
  } catch (cause) {
    return { values: {}, problems: [problemOf(cause, template.file)] }
  }
}

function readValues({ file }: Template, pieces: readonly Piece[]): ValuesAnswer {
  const spliced = spliceFaults(pieces)
  if (spliced.length > 0) return { values: {}, problems: spliced.map((fault) => fault.toProblem(file)) }
  const output = new Output(pieces, file)
  const { value, faults } = output.value()
  const problems = faults.length > 0 ? faults.map((fault) => output.yamlProblem(fault)) : output.ambiguities()
  if (problems.length > 0) return { values: {}, problems }
  if (value === null) return { values: {}, problems: [] }
  if (isObject(value)) return { values: value, problems: [] }
  const text = {
    message: 'the template gives a single value or a list, not a mapping',
    hint: 'Write `key: value` lines.',
  }
  return { values: {}, problems: [problemAt('notMapping', text, { file, line: 1, col: 1 })] }
}

function problemOf(cause: unknown, file: string): Problem {
  if (cause instanceof TemplateFault) return cause.toProblem(file)
  if (!(cause instanceof RangeError)) throw cause
  return new TemplateFault('limit', 'the template nests too deeply', { hint: 'Flatten it.' }).toProblem(file)
}

/** The text that a template gave, and where in the template each of its characters was written. */
class Output {
  readonly #pieces: readonly Piece[]
  readonly #file: string
  readonly #text: string

  constructor(pieces: readonly Piece[], file: string) {
    this.#pieces = pieces
    this.#file = file
    this.#text = pieces.map(({ text }) => text).join('')
  }

  value(): { readonly value: Json; readonly faults: readonly YamlFault[] } {
    const documents = parseYaml(this.#text)
    const [first, second] = documents
    if (second === undefined) return { value: first?.value ?? null, faults: first?.faults ?? [] }
    return { value: null, faults: [{ kind: 'syntax', message: 'there is more than one document', ...second.start }] }
  }

  yamlProblem({ line, col, message }: YamlFault): Problem {
    const text = { message: `the values are not YAML: ${message}`, hint: 'Look at the output of `styrminctl render`.' }
    return problemAt('notYaml', text, { file: this.#file, ...this.#placeOf(this.#offsetOf(line, col)) })
  }

  ambiguities(): readonly Problem[] {
    const parsed = parseYamlTree(this.#text)
    return 'fault' in parsed ? [] : parsed.documents.flatMap((node) => this.#ambiguous(node))
  }

  #ambiguous(node: YamlNode): readonly Problem[] {
    if (node.kind === 'list') return node.items.flatMap((item) => this.#ambiguous(item))
    if (node.kind === 'map') return node.pairs.flatMap(([, value]) => this.#ambiguous(value))
    if (node.kind === 'alias' || node.style !== 'plain' || node.mark !== '' || !readsDifferently(node.source)) return []
    const text = {
      message: `\`${node.source}\` is read differently by YAML 1.1 and 1.2`,
      hint: 'Quote it if it is a text; else write true, false or a plain number.',
    }
    return [problemAt('ambiguous', text, { file: this.#file, ...this.#placeOf(node.offset) })]
  }

  #offsetOf(line: number, col: number): number {
    let start = 0
    for (let n = 1; n < line; n++) start = this.#text.indexOf('\n', start) + 1
    return start + col - 1
  }

  #placeOf(offset: number): TextPlace {
    let left = offset
    for (const { text, at, splice } of this.#pieces) {
      if (left < text.length) return splice === undefined ? moved(at, text.slice(0, left)) : at
      left -= text.length
    }
    const last = this.#pieces.at(-1)
    return last === undefined ? { line: 1, col: 1 } : moved(last.at, last.splice === undefined ? last.text : '')
  }
}

/** The place after a text that starts at a place. */
function moved({ line, col }: TextPlace, text: string): TextPlace {
  const lines = text.split('\n')
  if (lines.length === 1) return { line, col: col + text.length }
  return { line: line + lines.length - 1, col: (lines.at(-1)?.length ?? 0) + 1 }
}
