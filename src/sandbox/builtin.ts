import { readFileSync } from 'node:fs'
import { at, isObject, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import { OPAQUE, type Schema } from './schema.ts'

/** One kind at one version, as discovery lists it. */
export interface ResourceFacts {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly verbs: readonly string[]
  readonly subresources: readonly SubresourceFacts[]
}

/** A path below an object. */
export interface SubresourceFacts {
  readonly name: string
  readonly kind: string
  readonly group: string
  readonly version: string
  readonly verbs: readonly string[]
}

/** The kinds that a Kubernetes release brings, with their types. */
export interface Builtin {
  readonly release: string
  readonly resources: readonly (ResourceFacts & { readonly schema: Schema })[]
  readonly type: (name: string) => Schema
}

const FILE = new URL('./builtin/kubernetes.json', import.meta.url)

/** Reads the kinds and types that were taken from the Kubernetes release, see test/sandbox/extract-builtin.ts. */
export function loadBuiltin(): Builtin {
  const data: unknown = JSON.parse(readFileSync(FILE, 'utf8'))
  const types = objectAt(isObject(data) ? data : null, 'types')
  const type = typeReader(types)
  const resources = listAt(isObject(data) ? data : null, 'resources').map((facts) => ({
    ...readFacts(facts),
    schema: type(textAt(facts, 'type') ?? ''),
  }))
  return { release: isObject(data) ? (textAt(data, 'release') ?? '') : '', resources, type }
}

function readFacts(facts: Json): ResourceFacts {
  return {
    group: textAt(facts, 'group') ?? '',
    version: textAt(facts, 'version') ?? '',
    plural: textAt(facts, 'plural') ?? '',
    singular: textAt(facts, 'singular') ?? '',
    kind: textAt(facts, 'kind') ?? '',
    namespaced: at(facts, 'namespaced') === true,
    shortNames: listAt(facts, 'shortNames').map(String),
    categories: listAt(facts, 'categories').map(String),
    verbs: listAt(facts, 'verbs').map(String),
    subresources: listAt(facts, 'subresources').map((sub) => ({
      name: textAt(sub, 'name') ?? '',
      kind: textAt(sub, 'kind') ?? '',
      group: textAt(sub, 'group') ?? '',
      version: textAt(sub, 'version') ?? '',
      verbs: listAt(sub, 'verbs').map(String),
    })),
  }
}

function typeReader(types: JsonObject): (name: string) => Schema {
  const known = new Map<string, Schema>()
  const read = (name: string): Schema => {
    const found = known.get(name)
    if (found !== undefined) return found
    const made = readType(name, objectAt(types, name), (node) => readNode(node, read))
    known.set(name, made)
    return made
  }
  return read
}

function readType(name: string, type: JsonObject, node: (value: Json) => Schema): Schema {
  const scalar = textAt(type, 'scalar')
  if (scalar !== undefined) return { ...scalarSchema(scalar), name }
  let fields: ReadonlyMap<string, Schema> | undefined
  return {
    type: 'object',
    name,
    fields: () =>
      (fields ??= new Map(Object.entries(objectAt(type, 'fields')).map(([key, value]) => [key, node(value)]))),
    required: listAt(type, 'required').map(String),
    ...(textAt(type, 'map') === 'atomic' ? { map: 'atomic' } : {}),
  }
}

function readNode(node: Json, read: (name: string) => Schema): Schema {
  const name = typeof node === 'string' ? node : (textAt(node, 'type') ?? '')
  const base = name.startsWith('#') ? read(name.slice(1)) : scalarSchema(name)
  return isObject(node) ? { ...base, ...attributes(node, read) } : base
}

function attributes(node: JsonObject, read: (name: string) => Schema): Partial<Schema> {
  const items = own(node, 'items')
  const values = own(node, 'values')
  const initial = own(node, 'default')
  return {
    ...(items === undefined ? {} : { items: readNode(items, read) }),
    ...(values === undefined ? {} : { values: readNode(values, read) }),
    ...(initial === undefined ? {} : { default: initial }),
    ...merging(node),
  }
}

function merging(node: JsonObject): Partial<Schema> {
  const list = textAt(node, 'list')
  const map = textAt(node, 'map')
  const mergeKey = textAt(node, 'mergeKey')
  const strategy = textAt(node, 'strategy')
  return {
    ...(list === 'map' || list === 'set' || list === 'atomic' ? { list } : {}),
    ...(list === 'map' ? { keys: listAt(node, 'keys').map(String) } : {}),
    ...(map === 'atomic' || map === 'granular' ? { map } : {}),
    ...(mergeKey === undefined ? {} : { mergeKey }),
    ...(strategy === undefined ? {} : { strategy }),
  }
}

function scalarSchema(name: string): Schema {
  if (name === 'int32' || name === 'int64') return { type: 'integer', format: name }
  if (name === 'byte' || name === 'date-time') return { type: 'string', format: name }
  const type = SCALARS.find((known) => known === name)
  return type === undefined ? OPAQUE : { type }
}

const SCALARS = ['string', 'integer', 'number', 'boolean', 'int-or-string', 'quantity', 'array', 'object'] as const
