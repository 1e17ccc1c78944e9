import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  at,
  byText,
  compareText,
  isObject,
  type Json,
  type JsonObject,
  listAt,
  objectAt,
  textAt,
} from '../../src/util/json.ts'

const WANTED = [
  'api/v1',
  'apps/v1',
  'events.k8s.io/v1',
  'authorization.k8s.io/v1',
  'authentication.k8s.io/v1',
  'autoscaling/v2',
  'autoscaling/v1',
  'batch/v1',
  'networking.k8s.io/v1',
  'policy/v1',
  'rbac.authorization.k8s.io/v1',
  'storage.k8s.io/v1',
  'admissionregistration.k8s.io/v1',
  'apiextensions.k8s.io/v1',
  'apiregistration.k8s.io/v1',
  'scheduling.k8s.io/v1',
  'coordination.k8s.io/v1',
  'node.k8s.io/v1',
  'discovery.k8s.io/v1',
]

/** Served as a request and an answer, or by a node; nothing of it is kept, so the sandbox leaves it out. */
const LEFT_OUT = new Set([
  'bindings',
  'componentstatuses',
  'pods/attach',
  'pods/binding',
  'pods/ephemeralcontainers',
  'pods/eviction',
  'pods/exec',
  'pods/portforward',
  'pods/proxy',
  'pods/resize',
  'services/proxy',
  'nodes/proxy',
  'serviceaccounts/token',
  'tokenreviews',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'servicecidrs',
  'ipaddresses',
  'volumeattributesclasses',
])

/**
 * The text of src/sandbox/builtin/kubernetes.json: the resources and types of one Kubernetes release, without prose.
 *
 * Source: `api/discovery` and `api/openapi-spec/v3` of the Go module k8s.io/kubernetes (Apache-2.0).
 */
export function extractBuiltin(module: string, release: string): string {
  const types = new Map<string, JsonObject>()
  const groups = WANTED.map((groupVersion) => readGroup(module, groupVersion, types))
  const lines = [...types]
    .sort(byText(([name]) => name))
    .map(([name, type]) => `    ${JSON.stringify(name)}: ${JSON.stringify(type)}`)
  const resources = groups.flatMap((group) => group.map((resource) => `    ${JSON.stringify(resource)}`))
  return `{\n  "release": "${release}",\n  "resources": [\n${resources.join(',\n')}\n  ],\n  "types": {\n${lines.join(',\n')}\n  }\n}\n`
}

function readGroup(module: string, groupVersion: string, types: Map<string, JsonObject>): readonly JsonObject[] {
  const file = groupVersion === 'api/v1' ? 'api__v1' : `apis__${groupVersion.replace('/', '__')}`
  const discovery = readJson(join(module, 'api/discovery', `${file}.json`))
  const openapi = readJson(join(module, 'api/openapi-spec/v3', `${file}_openapi.json`))
  const schemas = objectAt(openapi, 'components', 'schemas')
  const group = groupVersion === 'api/v1' ? '' : (groupVersion.split('/')[0] ?? '')
  const version = groupVersion.split('/')[1] ?? ''
  const kinds = kindsOf(schemas)
  const found = listAt(discovery, 'resources').filter((resource) => !LEFT_OUT.has(textAt(resource, 'name') ?? ''))
  return found
    .filter((resource) => !(textAt(resource, 'name') ?? '').includes('/'))
    .map((resource) => {
      const type = kinds.get(`${group}/${version}/${textAt(resource, 'kind')}`) ?? ''
      collect(type, schemas, types)
      return {
        group,
        version,
        ...resourceOf(resource),
        type: shortName(type),
        subresources: subresourcesOf(resource, found),
      }
    })
}

function resourceOf(resource: Json): JsonObject {
  const { name = '', singularName = '', kind = '', namespaced = false, ...rest } = isObject(resource) ? resource : {}
  const { shortNames = [], categories = [], verbs = [] } = rest
  return { plural: name, singular: singularName, kind, namespaced, shortNames, categories, verbs }
}

function subresourcesOf(resource: Json, all: readonly Json[]): readonly JsonObject[] {
  const prefix = `${textAt(resource, 'name')}/`
  return all
    .filter((other) => textAt(other, 'name')?.startsWith(prefix) === true)
    .map((other) => {
      const { name, kind = '', group = '', version = '', verbs = [] } = isObject(other) ? other : {}
      return { name: (typeof name === 'string' ? name : '').slice(prefix.length), kind, group, version, verbs }
    })
}

function kindsOf(schemas: JsonObject): ReadonlyMap<string, string> {
  const kinds = new Map<string, string>()
  for (const [name, schema] of Object.entries(schemas)) {
    for (const gvk of listAt(schema, 'x-kubernetes-group-version-kind')) {
      const key = `${textAt(gvk, 'group')}/${textAt(gvk, 'version')}/${textAt(gvk, 'kind')}`
      const own = name.endsWith(`.${textAt(gvk, 'version')}.${textAt(gvk, 'kind')}`)
      if (own && !kinds.has(key)) kinds.set(key, name)
    }
  }
  return kinds
}

function collect(name: string, schemas: JsonObject, types: Map<string, JsonObject>): void {
  const short = shortName(name)
  if (types.has(short)) return
  types.set(short, {})
  const refs: string[] = []
  const schema = schemas[name]
  const properties = Object.entries(objectAt(schema, 'properties')).sort(([a], [b]) => compareText(a, b))
  const fields = Object.fromEntries(properties.map(([key, property]) => [key, compact(property, refs)]))
  types.set(short, {
    fields,
    ...picked(schema, { required: 'required', 'x-kubernetes-map-type': 'map' }),
    ...(isObject(at(schema, 'properties')) ? {} : { scalar: scalarOf(schema) }),
  })
  for (const ref of refs) collect(ref, schemas, types)
}

function compact(property: Json, refs: string[]): Json {
  const ref = textAt(property, '$ref') ?? textAt(property, 'allOf', 0, '$ref')
  const attributes = picked(property, {
    default: 'default',
    'x-kubernetes-list-type': 'list',
    'x-kubernetes-list-map-keys': 'keys',
    'x-kubernetes-map-type': 'map',
    'x-kubernetes-patch-merge-key': 'mergeKey',
    'x-kubernetes-patch-strategy': 'strategy',
  })
  const shape = ref === undefined ? shapeOf(property, refs) : refShape(ref, refs)
  const scalar = Object.keys(shape).length === 1 && Object.keys(attributes).length === 0 ? shape['type'] : undefined
  return scalar ?? { ...shape, ...attributes }
}

function refShape(ref: string, refs: string[]): JsonObject {
  const name = ref.slice('#/components/schemas/'.length)
  refs.push(name)
  return { type: `#${shortName(name)}` }
}

function shapeOf(property: Json, refs: string[]): JsonObject {
  const items = at(property, 'items')
  if (items !== undefined) return { type: 'array', items: compact(items, refs) }
  const values = at(property, 'additionalProperties')
  if (isObject(values)) return { type: 'object', values: compact(values, refs) }
  return { type: scalarOf(property) }
}

/** One word for a scalar: its format where that narrows the type, `any` where everything fits. */
function scalarOf(property: Json | undefined): string {
  const format = textAt(property, 'format')
  const type = textAt(property, 'type')
  if (listAt(property, 'oneOf').length > 0) return format === 'int-or-string' ? 'int-or-string' : 'quantity'
  if (type === 'string') return format === 'byte' || format === 'date-time' ? format : 'string'
  if (type === 'integer') return format ?? 'integer'
  if (type === 'number' || type === 'boolean') return type
  return 'any'
}

function picked(value: Json | undefined, names: Readonly<Record<string, string>>): JsonObject {
  const pairs = Object.entries(names).map(([from, to]) => [to, at(value, from)] as const)
  return Object.fromEntries(pairs.flatMap(([to, found]) => (found === undefined ? [] : [[to, found]])))
}

function shortName(name: string): string {
  return name.replace(
    /^io\.k8s\.(api|apimachinery\.pkg\.apis|apimachinery\.pkg|apiextensions-apiserver\.pkg\.apis|kube-aggregator\.pkg\.apis)\./,
    '',
  )
}

function readJson(file: string): JsonObject {
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!isObject(value)) throw new TypeError(`${file} holds no object`)
  return value
}
