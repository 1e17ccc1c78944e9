import { byText, type JsonObject } from '../util/json.ts'
import { type Builtin, loadBuiltin, type ResourceFacts } from './builtin.ts'
import type { Schema } from './schema.ts'

/** One kind at one version, with all the sandbox needs to serve it. */
export interface Resource extends ResourceFacts {
  readonly schema: Schema
  /** Where its objects lie: `group/plural`, the same for all its versions. */
  readonly key: string
  /** Only of custom resources. */
  readonly custom: CustomFacts | undefined
  /** To and from the version that is stored, where the two differ in more than their name. */
  readonly convert: Conversion | undefined
}

/** How a version of a kind is turned into the stored one and back. */
export interface Conversion {
  readonly store: (object: JsonObject) => JsonObject
  readonly show: (object: JsonObject) => JsonObject
}

/** What a CustomResourceDefinition says besides names and schema. */
export interface CustomFacts {
  readonly stored: string
  readonly hasStatus: boolean
  readonly scale: { readonly spec: string; readonly status: string; readonly selector: string } | undefined
  readonly columns: readonly JsonObject[]
  readonly selectable: readonly string[]
}

/** Every kind that is served now. */
export interface Registry {
  readonly release: string
  readonly find: (group: string, version: string, plural: string) => Resource | undefined
  /** By what objects say of themselves; versions of a group are tried if the named one is not served. */
  readonly byKind: (apiVersion: string, kind: string) => Resource | undefined
  /** The version that is stored, by `group/plural`. */
  readonly stored: (key: string) => Resource | undefined
  /** In the order of discovery. */
  readonly all: () => readonly Resource[]
  readonly type: Builtin['type']
  /** Replaces all that one CustomResourceDefinition serves; an empty list ends it. */
  readonly setCustom: (definition: string, resources: readonly Resource[]) => void
}

/** Makes the registry of a Kubernetes release; `conversions` by `group/version/plural`. */
export function makeRegistry(conversions: Readonly<Record<string, Conversion & { readonly key: string }>>): Registry {
  const builtin = loadBuiltin()
  const fixed = builtin.resources.map((facts): Resource => {
    const conversion = conversions[`${facts.group}/${facts.version}/${facts.plural}`]
    return {
      ...facts,
      key: conversion?.key ?? `${facts.group}/${facts.plural}`,
      custom: undefined,
      convert: conversion,
    }
  })
  const custom = new Map<string, readonly Resource[]>()
  let index = indexOf(fixed)

  const rebuild = (): void => {
    const extra = [...custom].sort(byText(([name]) => name)).flatMap(([, resources]) => resources)
    index = indexOf([...fixed, ...extra])
  }
  return {
    release: builtin.release,
    find: (group, version, plural) => index.byPath.get(`${group}/${version}/${plural}`),
    byKind: (apiVersion, kind) =>
      index.byKind.get(`${apiVersion}/${kind}`) ?? index.byGroupKind.get(`${groupOf(apiVersion)}/${kind}`),
    stored: (key) => index.stored.get(key),
    all: () => index.all,
    type: builtin.type,
    setCustom: (definition, resources) => {
      if (resources.length === 0) custom.delete(definition)
      else custom.set(definition, resources)
      rebuild()
    },
  }
}

interface Index {
  readonly all: readonly Resource[]
  readonly byPath: ReadonlyMap<string, Resource>
  readonly byKind: ReadonlyMap<string, Resource>
  readonly byGroupKind: ReadonlyMap<string, Resource>
  readonly stored: ReadonlyMap<string, Resource>
}

function indexOf(all: readonly Resource[]): Index {
  const storing = all.filter(
    (resource) =>
      resource.convert === undefined && (resource.custom === undefined || resource.custom.stored === resource.version),
  )
  return {
    all,
    byPath: new Map(all.map((resource) => [`${resource.group}/${resource.version}/${resource.plural}`, resource])),
    byKind: new Map(all.map((resource) => [`${apiVersionOf(resource)}/${resource.kind}`, resource])),
    byGroupKind: new Map(storing.map((resource) => [`${resource.group}/${resource.kind}`, resource])),
    stored: new Map(storing.map((resource) => [resource.key, resource])),
  }
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
}

/** `apps/v1`, `v1`. */
export function apiVersionOf({ group, version }: Pick<ResourceFacts, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`
}

/** Whether a kind has a path of this name below its objects. */
export function hasSubresource(resource: Resource, name: string): boolean {
  return resource.subresources.some((sub) => sub.name === name)
}

/** An object as a version shows it. */
export function show(resource: Resource, object: JsonObject): JsonObject {
  if (resource.convert !== undefined) return resource.convert.show(object)
  return object['apiVersion'] === apiVersionOf(resource) ? object : { ...object, apiVersion: apiVersionOf(resource) }
}

/** An object of a version as it is stored. */
export function toStored(resource: Resource, object: JsonObject): JsonObject {
  if (resource.convert !== undefined) return resource.convert.store(object)
  if (resource.custom === undefined || resource.custom.stored === resource.version) return object
  return { ...object, apiVersion: apiVersionOf({ group: resource.group, version: resource.custom.stored }) }
}
