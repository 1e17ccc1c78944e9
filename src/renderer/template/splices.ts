// In:    the pieces of a rendered template
// Out:   the values that do not arrive in the YAML as what they are
// Never: guesses; the text is read twice, with the values and with a harmless word in place of each, and compared
import { parseYamlTree, type YamlNode } from '../../util/yaml-tree.ts'
import { shorten } from '../../util/text.ts'
import type { Template } from './ast.ts'
import type { Piece } from './evaluate.ts'
import { TemplateFault } from './fault.ts'
import { differs, type Reason, type Splice, type Words } from './splice-compare.ts'

const MAX_REPORTED = 10
const SHOWN = 30

/**
 * Lists the values that change the structure around them or are read as something else.
 *
 * Order:  as in the output; at most ten.
 * Errors: none thrown. An empty list also when the template's own text is not YAML: that is not a value's fault.
 */
export function spliceFaults(pieces: readonly Piece[], shapes: Template['shapes']): readonly TemplateFault[] {
  const check = new SpliceCheck(pieces, shapes)
  if (check.count === 0 || check.reason(new Set(check.all())) === undefined) return []
  const faults: TemplateFault[] = []
  const left = new Set(check.all())
  while (faults.length < MAX_REPORTED) {
    const found = check.firstCulprit([...left])
    if (found === undefined) break
    left.delete(found.index)
    faults.push(check.fault(found))
  }
  return faults
}

interface Culprit {
  readonly index: number
  readonly reason: Reason
}

class SpliceCheck {
  readonly count: number
  readonly #pieces: readonly Piece[]
  readonly #splices: readonly Splice[]
  readonly #word: string
  readonly #marked: readonly YamlNode[] | undefined

  constructor(pieces: readonly Piece[], shapes: Template['shapes']) {
    this.#pieces = pieces
    this.#splices = pieces.flatMap(({ text, at, splice }) => (splice === undefined ? [] : [{ text, at, ...splice }]))
    this.count = this.#splices.length
    this.#word = freshWord(pieces.map(({ text }) => text).join(''))
    this.#marked = this.count === 0 ? undefined : this.#shape(shapes)
  }

  all(): readonly number[] {
    return this.#splices.map((_, index) => index)
  }

  /** Why the text with these values in their places is not what the text with words is; `undefined` when it is. */
  reason(real: ReadonlySet<number>): Reason | undefined {
    const actual = this.#parse(real)
    if (this.#marked === undefined) return actual === undefined ? undefined : 'structure'
    if (actual === undefined || actual.length !== this.#marked.length) return 'structure'
    const words: Words = { splices: this.#splices, real, pattern: new RegExp(`${this.#word}(\\d+)z`, 'g') }
    for (const [index, document] of this.#marked.entries()) {
      const reason = differs(document, actual[index], words)
      if (reason !== undefined) return reason
    }
    return undefined
  }

  /** The first of these values with which the difference appears, by halving. */
  firstCulprit(candidates: readonly number[]): Culprit | undefined {
    const wrong = (count: number): Reason | undefined => this.#wrongWith(candidates.slice(0, count))
    if (wrong(candidates.length) === undefined) return undefined
    let [low, high] = [0, candidates.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (wrong(middle) === undefined) low = middle
      else high = middle
    }
    const index = candidates[high - 1]
    return index === undefined ? undefined : { index, reason: wrong(high) ?? 'structure' }
  }

  fault({ index, reason }: Culprit): TemplateFault {
    const splice = this.#splices[index]
    const source = splice?.source ?? ''
    return new TemplateFault('splice', messageOf(reason, source, splice?.text ?? ''), {
      hint: hintOf(splice),
      at: splice?.at,
    })
  }

  /** Where the words alone are not YAML, a value makes it so: then words are what is put in, not values. */
  #wrongWith(some: readonly number[]): Reason | undefined {
    if (this.#marked !== undefined) return this.reason(new Set(some))
    const others = new Set(this.all().filter((index) => !some.includes(index)))
    return this.#parse(others) === undefined ? 'structure' : undefined
  }

  #shape(shapes: Template['shapes']): readonly YamlNode[] | undefined {
    const text = this.#text(new Set())
    const shape = shapes.get(text) ?? treeOf(text)
    if (shape !== undefined) shapes.set(text, shape)
    return shape
  }

  #parse(real: ReadonlySet<number>): readonly YamlNode[] | undefined {
    return treeOf(this.#text(real))
  }

  /** The output with these values, and words for the others. */
  #text(real: ReadonlySet<number>): string {
    let index = -1
    const texts = this.#pieces.map((piece) => {
      if (piece.splice === undefined) return piece.text
      index++
      return real.has(index) ? piece.text : `${this.#word}${index}z`
    })
    return texts.join('')
  }
}

function treeOf(text: string): readonly YamlNode[] | undefined {
  const parsed = parseYamlTree(text)
  return 'fault' in parsed ? undefined : parsed.documents
}

/** A word of letters that does not occur in the text. */
function freshWord(text: string): string {
  let word = 'splice'
  while (text.includes(word)) word += 'q'
  return word
}

function messageOf(reason: Reason, source: string, text: string): string {
  const value = JSON.stringify(shorten(text, SHOWN))
  if (reason === 'reading') return `\`${source}\` is the text ${value}, which YAML reads as something else here`
  if (reason === 'text') return `\`${source}\` is the text ${value}, which does not arrive unchanged here`
  return `\`${source}\` would change the structure of the YAML around it`
}

function hintOf(splice: Splice | undefined): string {
  if (splice === undefined) return 'Write the value with `| tojson`.'
  if (splice.meaning.kind === 'json') return 'Put it where a whole value stands, with no quotes and no text around it.'
  return `Write \`{{ ${splice.source} | tojson }}\`, with no quotes around it.`
}
