import { byText, type JsonObject } from '../util/json.ts'
import { apiVersionOf, type Registry, type Resource } from './registry.ts'
import { textOf } from './values.ts'

/** What discovery answers at a path below `/api` or `/apis`; `undefined` where there is nothing. */
export function discover(registry: Registry, path: string, accept: string): JsonObject | undefined {
  const [root, group, version, ...more] = path.split('/').filter((part) => part !== '')
  if (more.length > 0 || (root === 'api' && version !== undefined)) return undefined
  const aggregated = /application\/json;[^,]*g=apidiscovery\.k8s\.io[^,]*v=v2\b/.test(accept)
  if (root === 'api') return discoverCore(registry, group, aggregated)
  if (root !== 'apis') return undefined
  if (group === undefined) return aggregated ? aggregatedList(registry, (name) => name !== '') : groupList(registry)
  if (version === undefined)
    return groupsOf(registry).get(group) === undefined
      ? undefined
      : { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(registry, group) }
  return resourceList(registry, group, version)
}

function discoverCore(registry: Registry, version: string | undefined, aggregated: boolean): JsonObject | undefined {
  if (version !== undefined) return resourceList(registry, '', version)
  if (aggregated) return aggregatedList(registry, (name) => name === '')
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
}

/** Versions by group, preferred first. */
function groupsOf(registry: Registry): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const { group, version } of registry.all()) {
    const versions = groups.get(group) ?? []
    if (!versions.includes(version)) versions.push(version)
    groups.set(group, versions)
  }
  return groups
}

function groupOf(registry: Registry, name: string): JsonObject {
  const versions = (groupsOf(registry).get(name) ?? []).map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }))
  return { name, versions, ...(versions[0] === undefined ? {} : { preferredVersion: versions[0] }) }
}

function groupList(registry: Registry): JsonObject {
  const names = [...groupsOf(registry).keys()].filter((name) => name !== '')
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: names.map((name) => groupOf(registry, name)) }
}

function resourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const found = registry.all().filter((resource) => resource.group === group && resource.version === version)
  if (found.length === 0) return undefined
  const resources = found.flatMap((resource) => [
    entry(resource),
    ...resource.subresources.map((sub) => subEntry(resource, sub)),
  ])
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf({ group, version }),
    resources: resources.sort(byText(({ name }) => textOf(name))),
  }
}

function entry({ plural, singular, namespaced, kind, verbs, shortNames, categories }: Resource): JsonObject {
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  }
}

function subEntry(
  { plural, namespaced }: Resource,
  { name, kind, group, version, verbs }: Resource['subresources'][number],
): JsonObject {
  return {
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    ...(group === '' ? {} : { group }),
    ...(version === '' ? {} : { version }),
    kind,
    verbs,
  }
}

function aggregatedList(registry: Registry, wanted: (group: string) => boolean): JsonObject {
  const items = [...groupsOf(registry)]
    .filter(([name]) => wanted(name))
    .map(([name, versions]) => ({
      metadata: name === '' ? {} : { name },
      versions: versions.map((version) => ({
        version,
        freshness: 'Current',
        resources: aggregatedResources(registry, name, version),
      })),
    }))
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items }
}

function aggregatedResources(registry: Registry, group: string, version: string): readonly JsonObject[] {
  return registry
    .all()
    .filter((resource) => resource.group === group && resource.version === version)
    .map((resource) => ({
      resource: resource.plural,
      responseKind: { group, version, kind: resource.kind },
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: resource.singular,
      verbs: resource.verbs,
      ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
      ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
      ...(resource.subresources.length > 0
        ? { subresources: resource.subresources.map((sub) => aggregatedSub(resource, sub)) }
        : {}),
    }))
}

function aggregatedSub(resource: Resource, sub: Resource['subresources'][number]): JsonObject {
  const group = sub.group === '' && sub.version === '' ? resource.group : sub.group
  const version = sub.version === '' ? resource.version : sub.version
  return { subresource: sub.name, responseKind: { group, version, kind: sub.kind }, verbs: sub.verbs }
}

/** The answer of `/version`. */
export function versionBody(release: string): JsonObject {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(release) ?? []
  return {
    major,
    minor,
    gitVersion: `${release}+sandbox`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: 'linux/amd64',
  }
}

/** The openapi v3 documents by which clients learn that this server validates fields itself. */
export function openapiDocument(registry: Registry, path: string): JsonObject | undefined {
  const versions = [
    ...new Set(
      registry.all().map(({ group, version }) => (group === '' ? `api/${version}` : `apis/${group}/${version}`)),
    ),
  ]
  if (path === '/openapi/v3')
    return {
      paths: Object.fromEntries(versions.map((version) => [version, { serverRelativeURL: `/openapi/v3/${version}` }])),
    }
  const wanted = path.slice('/openapi/v3/'.length)
  if (!versions.includes(wanted)) return undefined
  const resources = registry
    .all()
    .filter(({ group, version }) => (group === '' ? `api/${version}` : `apis/${group}/${version}`) === wanted)
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string' },
  }))
  const paths = resources.map(({ group, version, kind, plural, namespaced }) => [
    `/${wanted}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}/{name}`,
    { patch: { parameters, 'x-kubernetes-group-version-kind': { group, version, kind }, responses: {} } },
  ])
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: registry.release },
    paths: Object.fromEntries(paths),
    components: { schemas: {} },
  }
}
