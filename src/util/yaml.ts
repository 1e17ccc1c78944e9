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
  type Scalar,
  stringify,
} from 'yaml'
import type { Json, JsonObject } from './json.ts'
import { pointerTo } from './pointer.ts'
import { syntaxFaults } from './yaml-syntax.ts'

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
    | 'merge'
  readonly message: string
}

/** One document of a YAML text. */
export interface YamlDocument {
  /** `null` for an empty document. */
  readonly value: Json
  readonly start: TextPlace
  /** Where each value (and, with `key: true`, its key) was written; the nearest written ancestor for pointers not found. */
  readonly placeOf: (pointer: string, what?: 'key' | 'value') => TextPlace
  /** A number, boolean or null as it is written (`1.10`); `undefined` for everything else. */
  readonly sourceOf: (pointer: string) => string | undefined
  readonly faults: readonly YamlFault[]
  /** Plain texts that YAML 1.1 and 1.2 read as different values, in the order of the text. */
  readonly ambiguous: readonly AmbiguousScalar[]
}

/** A plain text such as `no`, `0123` or `1:30`. */
export interface AmbiguousScalar extends TextPlace {
  readonly pointer: string
  readonly source: string
}

interface NodePlace {
  readonly key: TextPlace
  readonly value: TextPlace
  readonly source?: string
}

const MAX_ALIASES = 50
const MAX_DEPTH = 100
/** Faults after which nothing of the document can be trusted. */
const UNREADABLE: ReadonlySet<YamlFault['kind']> = new Set(['syntax', 'depth', 'alias-limit', 'cycle', 'key'])
const RESERVED = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Reads all documents of a text.
 *
 * Order:  as in the text. A document with faults still has its place in the list; its value is what could be read, or null.
 * Errors: none thrown; every fault of every document is listed.
 */
export function parseYaml(text: string): readonly YamlDocument[] {
  const documents = parsePart(text, 0)
  const broken = documents.some(({ faults }) => faults.some(({ kind }) => kind === 'syntax'))
  const parts = broken ? splitDocuments(text) : []
  return parts.length > 1 ? parts.flatMap((part) => parsePart(part.text, part.line)) : documents
}

/** No scalar may hold a line that starts with `---`, so an unclosed quote need not swallow the documents after it. */
function splitDocuments(text: string): readonly { readonly text: string; readonly line: number }[] {
  let line = 0
  return text.split(/^(?=---(?:\s|$))/m).map((part) => {
    const here = { text: part, line }
    line += part.split('\n').length - 1
    return here
  })
}

function parsePart(text: string, firstLine: number): readonly YamlDocument[] {
  const lines = new LineCounter()
  const placeAt = (offset: number): TextPlace => {
    const { line, col } = lines.linePos(offset)
    return line === 0 ? { line: firstLine + 1, col: 1 } : { line: firstLine + line, col }
  }
  const deep = deepFlow(text)
  if (deep !== undefined) return [tooDeep(placeInText(text, deep, firstLine))]
  try {
    const options = { lineCounter: lines, uniqueKeys: true, prettyErrors: false, strict: true, merge: false }
    return [...parseAllDocuments(text, options)].map((document) => readDocument(document, placeAt))
  } catch (cause) {
    if (cause instanceof RangeError) return [tooDeep({ line: firstLine + 1, col: 1 })]
    throw cause
  }
}

/** Where brackets nest too deep, so that a hostile text is refused before a recursive parser meets it. */
function deepFlow(text: string): number | undefined {
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 91 || code === 123) depth++
    else if (code === 93 || code === 125) depth = Math.max(0, depth - 1)
    if (depth > MAX_DEPTH) return index
  }
  return undefined
}

function placeInText(text: string, offset: number, firstLine: number): TextPlace {
  const before = text.slice(0, offset).split('\n')
  return { line: firstLine + before.length, col: (before.at(-1)?.length ?? 0) + 1 }
}

function tooDeep(start: TextPlace): YamlDocument {
  const fault: YamlFault = { kind: 'depth', message: `nested deeper than ${MAX_DEPTH} levels`, ...start }
  return { value: null, start, placeOf: () => start, sourceOf: () => undefined, faults: [fault], ambiguous: [] }
}

function readDocument(document: Document.Parsed, placeAt: (offset: number) => TextPlace): YamlDocument {
  const start = placeAt(document.contents?.range?.[0] ?? document.range[0])
  const overflow = document.errors.find(({ message }) => /call stack|stack overflow/i.test(message))
  if (overflow !== undefined) return tooDeep(placeAt(overflow.pos[0]))
  const faults: YamlFault[] = syntaxFaults(document).map(({ offset, message }) => ({
    kind: 'syntax',
    message,
    ...placeAt(offset),
  }))
  const places = new Map<string, NodePlace>()
  const ambiguous: AmbiguousScalar[] = []
  const sound = (): boolean => !faults.some(({ kind }) => UNREADABLE.has(kind))
  if (sound()) walk(document, { places, faults, ambiguous, placeAt, aliases: 0 })
  const value = sound() ? toJson(document, faults, start) : null
  return {
    value,
    start,
    placeOf: (pointer, what = 'value') => lookUp(places, pointer, start)[what],
    sourceOf: (pointer) => places.get(pointer)?.source,
    faults,
    ambiguous,
  }
}

interface Walk {
  readonly places: Map<string, NodePlace>
  readonly faults: YamlFault[]
  readonly ambiguous: AmbiguousScalar[]
  readonly placeAt: (offset: number) => TextPlace
  aliases: number
}

function walk(document: Document.Parsed, state: Walk): void {
  const visit = (node: unknown, pointer: string, key: TextPlace, depth: number): void => {
    const here = offsetOf(node) === undefined ? key : state.placeAt(offsetOf(node) ?? 0)
    notePlace(node, { pointer, key, here }, state)
    checkNode(node, here, state)
    if (depth > MAX_DEPTH)
      return void state.faults.push({ kind: 'depth', message: `nested deeper than ${MAX_DEPTH} levels`, ...here })
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
    checkKey(pair.key, { key, pointer: pointerTo(pointer, key.normalize('NFC')), here: keyPlace }, state)
    visit(pair.value, pointerTo(pointer, key), keyPlace, depth + 1)
  }
  visit(document.contents, '', state.placeAt(document.range[0]), 0)
}

function notePlace(
  node: unknown,
  { pointer, key, here }: { readonly pointer: string; readonly key: TextPlace; readonly here: TextPlace },
  { places, ambiguous }: Walk,
): void {
  const source = plainSource(node)
  places.set(pointer, { key, value: here, ...(source === undefined ? {} : { source }) })
  if (isAmbiguous(node)) ambiguous.push({ pointer, source: node.source ?? '', ...here })
}

function checkKey(
  node: unknown,
  { key, pointer, here }: { readonly key: string; readonly pointer: string; readonly here: TextPlace },
  { places, faults }: Walk,
): void {
  const first = places.get(pointer)?.key
  if (first !== undefined)
    faults.push({
      kind: 'duplicate-key',
      message: `the key "${key}" is there twice, first in line ${first.line}`,
      ...here,
    })
  if (key === '<<' && isScalar(node) && node.type === 'PLAIN')
    faults.push({ kind: 'merge', message: 'merge keys ("<<") are not read', ...here })
  if (RESERVED.has(key)) faults.push({ kind: 'reserved-key', message: `the key "${key}" is reserved`, ...here })
}

function checkNode(node: unknown, here: TextPlace, state: Walk): void {
  if (isAlias(node) && ++state.aliases === MAX_ALIASES + 1)
    state.faults.push({ kind: 'alias-limit', message: `more than ${MAX_ALIASES} aliases`, ...here })
  checkTag(node, here, state.faults)
  checkNumber(node, here, state.faults)
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

/** What YAML 1.1 reads as a boolean, an octal or a base-60 number, and 1.2 does not. */
const AMBIGUOUS = /^(y|n|yes|no|on|off|[-+]?0\d+|[-+]?0o[0-7]+|[-+]?\d+(:[0-5]?\d)+)$/i

function isAmbiguous(node: unknown): node is Scalar {
  return isScalar(node) && node.type === 'PLAIN' && AMBIGUOUS.test(node.source ?? '')
}

function plainSource(node: unknown): string | undefined {
  return isScalar(node) && typeof node.value !== 'string' ? node.source : undefined
}

const CORE = 'tag:yaml.org,2002:'
const KNOWN_TAGS = new Set(['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => CORE + name))

function checkTag(node: unknown, place: TextPlace, faults: YamlFault[]): void {
  const tag = (node as Node | null | undefined)?.tag
  if (tag !== undefined && !KNOWN_TAGS.has(tag))
    faults.push({ kind: 'tag', message: `the tag ${tag.replace(CORE, '!!')} is not read`, ...place })
}

function checkNumber(node: unknown, place: TextPlace, faults: YamlFault[]): void {
  if (!isScalar(node) || typeof node.value !== 'number') return
  const source = node.source ?? ''
  if (!Number.isFinite(node.value)) faults.push({ kind: 'number', message: `${source} has no JSON form`, ...place })
  else if (/^[-+]?\d+$/.test(source) && !Number.isSafeInteger(node.value))
    faults.push({ kind: 'number', message: `${source} is too large to be kept exactly`, ...place })
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

function lookUp(places: ReadonlyMap<string, NodePlace>, pointer: string, start: TextPlace): NodePlace {
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
