// In:    the text of a values template and a context
// Out:   the chart's values, or the problems that keep them from being made
// Never: throws for what an author can write
import type { Problem } from '../../domain/problem.ts'
import { isObject, type JsonObject } from '../../util/json.ts'
import { type AmbiguousScalar, parseYaml, type TextPlace, type YamlDocument, type YamlFault } from '../../util/yaml.ts'
import type { Template } from './ast.ts'
import type { TemplateLimits } from './budget.ts'
import { evaluate, type Piece } from './evaluate.ts'
import { problemAt, TemplateFault } from './fault.ts'
import { readTemplate } from './read-template.ts'
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

function readValues({ file, shapes }: Template, pieces: readonly Piece[]): ValuesAnswer {
  const spliced = spliceFaults(pieces, shapes)
  if (spliced.length > 0) return { values: {}, problems: spliced.map((fault) => fault.toProblem(file)) }
  const output = new Output(pieces, file)
  const { value, faults, ambiguous } = output.value()
  const problems =
    faults.length > 0
      ? faults.map((fault) => output.yamlProblem(fault))
      : ambiguous.map((scalar) => output.ambiguousProblem(scalar))
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

  value(): Pick<YamlDocument, 'value' | 'faults' | 'ambiguous'> {
    const [first, second] = parseYaml(this.#text)
    if (second === undefined) return first ?? { value: null, faults: [], ambiguous: [] }
    const fault = { kind: 'syntax', message: 'there is more than one document', ...second.start } as const
    return { value: null, faults: [...(first?.faults ?? []), fault].slice(0, 1), ambiguous: [] }
  }

  yamlProblem({ line, col, message }: YamlFault): Problem {
    const text = { message: `the values are not YAML: ${message}`, hint: 'Look at the output of `styrminctl render`.' }
    return problemAt('notYaml', text, { file: this.#file, ...this.#placeOf(this.#offsetOf(line, col)) })
  }

  ambiguousProblem({ line, col, source }: AmbiguousScalar): Problem {
    const text = {
      message: `\`${source}\` is read differently by YAML 1.1 and 1.2`,
      hint: 'Quote it if it is a text; else write true, false or a plain number.',
    }
    return problemAt('ambiguous', text, { file: this.#file, ...this.#placeOf(this.#offsetOf(line, col)) })
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
