import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseAllDocuments, type Scalar } from 'yaml'

/** A YAML text as it is written: what `parseYaml` turns into values, with styles, tags and anchors kept. */
export type YamlNode =
  | (YamlMark & {
      readonly kind: 'scalar'
      readonly value: null | boolean | number | string
      /** As written, without quotes; of a plain scalar exactly its text. */
      readonly source: string
      readonly style: 'plain' | 'quoted' | 'block'
    })
  | (YamlMark & { readonly kind: 'list'; readonly items: readonly YamlNode[] })
  | (YamlMark & { readonly kind: 'map'; readonly pairs: readonly (readonly [YamlNode, YamlNode])[] })
  | (YamlMark & { readonly kind: 'alias'; readonly source: string })

interface YamlMark {
  /** Offset in the text; -1 for a value that is not written. */
  readonly offset: number
  /** Tag and anchor together; `''` for none. */
  readonly mark: string
}

/** All documents of a text as trees, or where it stops being YAML. Errors: none thrown. */
export function parseYamlTree(
  text: string,
):
  | { readonly documents: readonly YamlNode[] }
  | { readonly fault: { readonly message: string; readonly offset: number } } {
  try {
    const parsed = [...parseAllDocuments(text, { uniqueKeys: true, prettyErrors: false, strict: true, merge: false })]
    const error = parsed.flatMap((document) => [...document.errors, ...document.warnings])[0]
    if (error !== undefined) return { fault: { message: error.message, offset: error.pos[0] } }
    return { documents: parsed.map((document) => nodeOf(document.contents)) }
  } catch (cause) {
    return { fault: { message: cause instanceof RangeError ? 'nested too deeply' : String(cause), offset: 0 } }
  }
}

function nodeOf(node: unknown): YamlNode {
  const offset = (node as Node | null | undefined)?.range?.[0] ?? -1
  if (isAlias(node)) return { kind: 'alias', source: node.source, offset, mark: '' }
  const mark = markOf(node)
  if (isSeq(node)) return { kind: 'list', items: node.items.map(nodeOf), offset, mark }
  if (isMap(node)) return { kind: 'map', pairs: node.items.map(pairOf), offset, mark }
  if (isScalar(node))
    return {
      kind: 'scalar',
      value: node.value as null | boolean | number | string,
      source: node.source ?? '',
      style: styleOf(node),
      offset,
      mark,
    }
  return { kind: 'scalar', value: null, source: '', style: 'plain', offset, mark }
}

function markOf(node: unknown): string {
  const { tag, anchor } = (node ?? {}) as { tag?: string; anchor?: string }
  return `${tag ?? ''}${anchor === undefined ? '' : `&${anchor}`}`
}

function pairOf(pair: Pair): readonly [YamlNode, YamlNode] {
  return [nodeOf(pair.key), nodeOf(pair.value)]
}

function styleOf(node: Scalar): 'plain' | 'quoted' | 'block' {
  if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') return 'block'
  return node.type === 'PLAIN' ? 'plain' : 'quoted'
}
