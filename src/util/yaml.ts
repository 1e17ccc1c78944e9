import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  stringify,
} from 'yaml'
import type { Json, JsonObject } from './json.ts'
import { pointerTo } from './pointer.ts'

/** A place in a text: lines and columns count from 1. */
export interface TextPlace {
  readonly line: number
  readonly col: number
}

/** What is wrong with a YAML text, in the parser's terms. */
export interface YamlFault extends TextPlace {
  readonly kind:
    | 'syntax'
    | 'duplicate-key'
    | 'alias-limit'
    | 'cycle'
    | 'depth'
    | 'tag'
    | 'reserved-key'
    | 'number'
    | 'key'
  readonly message: string
}

/** One document of a YAML text. */
export interface YamlDocument {
  /** `null` for an empty document. */
  readonly value: Json
  readonly start: TextPlace
  /** Where each value (and, with `key: true`, its key) was written; the nearest written ancestor for pointers not found. */
  readonly placeOf: (pointer: string, what?: 'key' | 'value') => TextPlace
  readonly faults: readonly YamlFault[]
}

const MAX_ALIASES = 50
const MAX_DEPTH = 100
const RESERVED = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Reads all documents of a text.
 *
 * Order:  as in the text. A document with faults still has its place in the list; its value is what could be read, or null.
 * Errors: none thrown; every fault of every document is listed.
 */
export function parseYaml(text: string): readonly YamlDocument[] {
  const lines = new LineCounter()
  const documents = parseDocuments(text, lines)
  if (!Array.isArray(documents)) return [documents as YamlDocument]
  return (documents as readonly Document.Parsed[]).map((document) => readDocument(document, lines))
}

function parseDocuments(text: string, lineCounter: LineCounter): unknown {
  if (deepestFlow(text) > MAX_DEPTH) return broken('depth', `nested deeper than ${MAX_DEPTH} levels`)
  try {
    const all = parseAllDocuments(text, {
      lineCounter,
      uniqueKeys: true,
      prettyErrors: false,
      strict: true,
      merge: false,
    })
    return [...all]
  } catch (cause) {
    return broken('depth', cause instanceof RangeError ? `nested deeper than ${MAX_DEPTH} levels` : String(cause))
  }
}

/** How deep brackets nest, so that a hostile text is refused before a recursive parser meets it. */
function deepestFlow(text: string): number {
  let depth = 0
  let deepest = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 91 || code === 123) deepest = Math.max(deepest, ++depth)
    else if (code === 93 || code === 125) depth = Math.max(0, depth - 1)
  }
  return deepest
}

function broken(kind: YamlFault['kind'], message: string): YamlDocument {
  const start = { line: 1, col: 1 }
  return { value: null, start, placeOf: () => start, faults: [{ kind, message, ...start }] }
}

function readDocument(document: Document.Parsed, lines: LineCounter): YamlDocument {
  const placeAt = (offset: number): TextPlace => placeOfOffset(lines, offset)
  const start = placeAt(document.contents?.range?.[0] ?? document.range[0])
  const faults: YamlFault[] = [...document.errors, ...document.warnings].map((fault) => ({
    kind: faultKind(fault.code),
    message: fault.message,
    ...placeAt(fault.pos[0]),
  }))
  const places = new Map<string, { readonly key: TextPlace; readonly value: TextPlace }>()
  if (faults.length === 0) walk(document, { places, faults, placeAt })
  const value = faults.length === 0 ? toJson(document, faults, start) : null
  return { value, start, placeOf: (pointer, what = 'value') => lookUp(places, pointer, start)[what], faults }
}

function faultKind(code: string): YamlFault['kind'] {
  if (code === 'DUPLICATE_KEY') return 'duplicate-key'
  if (code === 'TAG_RESOLVE_FAILED') return 'tag'
  return 'syntax'
}

function placeOfOffset(lines: LineCounter, offset: number): TextPlace {
  const { line, col } = lines.linePos(offset)
  return line === 0 ? { line: 1, col: 1 } : { line, col }
}

interface Walk {
  readonly places: Map<string, { readonly key: TextPlace; readonly value: TextPlace }>
  readonly faults: YamlFault[]
  readonly placeAt: (offset: number) => TextPlace
}

function walk(document: Document.Parsed, state: Walk): void {
  let aliases = 0
  const visit = (node: unknown, pointer: string, key: TextPlace, depth: number): void => {
    const here = offsetOf(node) === undefined ? key : state.placeAt(offsetOf(node) ?? 0)
    state.places.set(pointer, { key, value: here })
    if (depth > MAX_DEPTH)
      return void state.faults.push({ kind: 'depth', message: `nested deeper than ${MAX_DEPTH} levels`, ...here })
    if (isAlias(node) && ++aliases === MAX_ALIASES + 1) {
      state.faults.push({ kind: 'alias-limit', message: `more than ${MAX_ALIASES} aliases`, ...here })
    }
    checkTag(node, here, state.faults)
    if (isSeq(node))
      for (const [index, item] of node.items.entries()) visit(item, pointerTo(pointer, index), here, depth + 1)
    if (isMap(node)) for (const pair of node.items) visitPair(pair, { pointer, depth, here })
  }
  const visitPair = (
    pair: unknown,
    { pointer, depth, here }: { pointer: string; depth: number; here: TextPlace },
  ): void => {
    if (!isPair(pair)) return
    const keyPlace = offsetOf(pair.key) === undefined ? here : state.placeAt(offsetOf(pair.key) ?? 0)
    const key = keyText(pair.key)
    if (key === undefined)
      return void state.faults.push({ kind: 'key', message: 'a key must be a plain text', ...keyPlace })
    if (RESERVED.has(key))
      state.faults.push({ kind: 'reserved-key', message: `the key "${key}" is reserved`, ...keyPlace })
    visit(pair.value, pointerTo(pointer, key), keyPlace, depth + 1)
  }
  visit(document.contents, '', state.placeAt(document.range[0]), 0)
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0]
}

function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return key === null ? 'null' : undefined
  const { value } = key
  if (value === null) return 'null'
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined
}

function checkTag(node: unknown, place: TextPlace, faults: YamlFault[]): void {
  const tag = (node as Node | null | undefined)?.tag
  if (tag !== undefined && !tag.startsWith('tag:yaml.org,2002:'))
    faults.push({ kind: 'tag', message: `the tag ${tag} is not read`, ...place })
  if (tag === 'tag:yaml.org,2002:binary')
    faults.push({ kind: 'tag', message: 'the tag !!binary is not read', ...place })
  if (!isScalar(node) || typeof node.value !== 'number') return
  const source = node.source ?? ''
  if (!Number.isFinite(node.value)) faults.push({ kind: 'number', message: `${source} has no JSON form`, ...place })
  else if (/^[-+]?\d+$/.test(source) && !Number.isSafeInteger(node.value)) {
    faults.push({ kind: 'number', message: `${source} is too large to be kept exactly`, ...place })
  }
}

function toJson(document: Document.Parsed, faults: YamlFault[], start: TextPlace): Json {
  try {
    const value = document.toJS({ maxAliasCount: MAX_ALIASES * 10 }) as Json | undefined
    JSON.stringify(value)
    return value ?? null
  } catch (cause) {
    const circular = cause instanceof TypeError
    faults.push({
      kind: circular ? 'cycle' : 'alias-limit',
      message: circular ? 'an anchor refers to itself' : 'aliases expand to too much',
      ...start,
    })
    return null
  }
}

function lookUp(
  places: ReadonlyMap<string, { readonly key: TextPlace; readonly value: TextPlace }>,
  pointer: string,
  start: TextPlace,
): { readonly key: TextPlace; readonly value: TextPlace } {
  for (let here = pointer; ; here = here.slice(0, here.lastIndexOf('/'))) {
    const found = places.get(here)
    if (found !== undefined) return found
    if (here === '') return { key: start, value: start }
  }
}

/** YAML text that YAML 1.1 and 1.2 readers understand alike; keys keep their order. */
export function printYaml(value: Json | JsonObject): string {
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })
}
