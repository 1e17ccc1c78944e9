import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../../util/json.ts'
import type { TextPlace } from '../../util/yaml.ts'
import type { YamlNode } from '../../util/yaml-tree.ts'
import type { Meaning } from './evaluate.ts'

/** Why a value does not fit: it makes other nodes, is read as another kind of value, or arrives as another text. */
export type Reason = 'structure' | 'reading' | 'text'

/** A value put into the output. */
export interface Splice {
  readonly text: string
  readonly at: TextPlace
  readonly source: string
  readonly meaning: Meaning
}

/** The words that stand for values, and which of them are values in the text compared. */
export interface Words {
  readonly splices: readonly Splice[]
  readonly real: ReadonlySet<number>
  /** Global; its one group is the number of the splice. */
  readonly pattern: RegExp
}

type ScalarNode = Extract<YamlNode, { kind: 'scalar' }>

/** Why `actual` is not `marked` with the words replaced by what the values mean; `undefined` when it is. */
export function differs(marked: YamlNode, actual: YamlNode | undefined, words: Words): Reason | undefined {
  if (actual === undefined) return 'structure'
  if (marked.kind === 'scalar') return scalarDiffers(marked, actual, words)
  if (marked.kind !== actual.kind || replaced(marked.mark, words) !== actual.mark) return 'structure'
  if (marked.kind === 'alias')
    return actual.kind === 'alias' && replaced(marked.source, words) === actual.source ? undefined : 'structure'
  return firstDifference(childrenOf(marked), childrenOf(actual), words)
}

function childrenOf(node: YamlNode): readonly YamlNode[] {
  if (node.kind === 'list') return node.items
  return node.kind === 'map' ? node.pairs.flat() : []
}

function firstDifference(marked: readonly YamlNode[], actual: readonly YamlNode[], words: Words): Reason | undefined {
  if (marked.length !== actual.length) return 'structure'
  for (const [index, node] of marked.entries()) {
    const reason = differs(node, actual[index], words)
    if (reason !== undefined) return reason
  }
  return undefined
}

function scalarDiffers(marked: ScalarNode, actual: YamlNode, words: Words): Reason | undefined {
  const used = splicesIn(marked.source, words)
  const [only] = used
  if (marked.style === 'plain' && only !== undefined && marked.source === wordAt(marked.source, words)) {
    return wholeDiffers(only, actual)
  }
  if (actual.kind !== 'scalar' || replaced(marked.mark, words) !== actual.mark) return 'structure'
  if (used.length === 0) return Object.is(marked.value, actual.value) ? undefined : 'structure'
  return partDiffers(marked, actual, { used, words })
}

/** A plain scalar that is one value and nothing else: it stands for the value itself. */
function wholeDiffers({ meaning, text }: Splice, actual: YamlNode): Reason | undefined {
  if (actual.mark !== '') return 'structure'
  if (meaning.kind === 'json') return isDeepStrictEqual(valueOf(actual), meaning.value) ? undefined : 'structure'
  if (actual.kind !== 'scalar') return 'structure'
  if (meaning.kind === 'plain') return Object.is(actual.value, meaning.value) ? undefined : 'reading'
  if (typeof actual.value !== 'string' || readsDifferently(plainSource(actual))) return 'reading'
  return actual.value === text ? undefined : 'text'
}

function plainSource({ style, source }: ScalarNode): string {
  return style === 'plain' ? source : ''
}

interface Parts {
  readonly used: readonly Splice[]
  readonly words: Words
}

/** Values inside a longer scalar: the whole is text, and each value arrives in it unchanged. */
function partDiffers(marked: ScalarNode, actual: ScalarNode, { used, words }: Parts): Reason | undefined {
  const expected = replaced(String(marked.value), words)
  const hasText = used.some(({ meaning }) => meaning.kind === 'text')
  if (typeof actual.value !== 'string') return hasText || actual.source !== expected ? 'reading' : undefined
  if (hasText && readsDifferently(plainSource(actual))) return 'reading'
  if (actual.value === expected) return undefined
  return actual.style === 'block' && actual.value === replaced(String(marked.value), words, 'original')
    ? undefined
    : 'text'
}

function splicesIn(text: string, { splices, real, pattern }: Words): readonly Splice[] {
  return [...text.matchAll(pattern)].flatMap(([word, index]) => {
    const splice = splices[Number(index)]
    if (splice === undefined) return []
    if (real.has(Number(index))) return [splice]
    return [{ ...splice, text: word, meaning: { kind: 'text', value: word, original: word } satisfies Meaning }]
  })
}

function wordAt(text: string, { pattern }: Words): string | undefined {
  return text.match(pattern)?.[0]
}

function replaced(text: string, { splices, real, pattern }: Words, form: 'text' | 'original' = 'text'): string {
  return text.replace(pattern, (word, index: string) => {
    const splice = splices[Number(index)]
    if (splice === undefined || !real.has(Number(index))) return word
    return form === 'original' && splice.meaning.kind === 'text' ? splice.meaning.original : splice.text
  })
}

function valueOf(node: YamlNode): Json {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(valueOf)
  if (node.kind === 'alias') return null
  return Object.fromEntries(node.pairs.map(([key, value]) => [keyOf(key), valueOf(value)]))
}

function keyOf(key: YamlNode): string {
  return key.kind === 'scalar' ? String(key.value) : ''
}

/**
 * Whether readers of YAML 1.1 (Helm, PyYAML) take a plain scalar for something else than readers of YAML 1.2 do.
 *
 * Source: yaml.org/type/bool, int and float: yes and no, leading zeros, underscores, base 60 and base 2.
 */
function readsDifferently(source: string): boolean {
  return (
    /^(y|yes|n|no|on|off)$/i.test(source) ||
    /^[-+]?(0[0-9_]+|0b[01_]+|0o[0-7]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)$/.test(source) ||
    /^[-+]?[0-9][0-9]*_[0-9_]*(\.[0-9_]*)?$/.test(source)
  )
}
