import { expect, test } from 'vitest'
import { checkManifests, type RenderScope } from '../../../src/core/render/check-manifests.ts'
import { type Claims, claimsOf, findCollisions } from '../../../src/core/render/claims.ts'
import { deploymentKey } from '../../../src/domain/ids.ts'
import type { InstanceService } from '../../../src/domain/instance.ts'
import type { Manifest } from '../../../src/domain/manifest.ts'
import { type JsonObject, textAt } from '../../../src/util/json.ts'
import { aManifest, anInstance, anObject } from '../builders.ts'

function scope(more: Partial<RenderScope> = {}): RenderScope {
  return {
    key: deploymentKey('live', 'shop'),
    namespace: 'live',
    services: [],
    components: { server: { labels: { app: 'web' } } },
    clusterScoped: [],
    chartFolder: 'drivers/web/chart',
    ...more,
  }
}

const codes = (objects: readonly JsonObject[], more: Partial<RenderScope> = {}): readonly string[] =>
  checkManifests(
    objects.map((object) => aManifest(object)),
    scope(more),
  ).problems.map(({ code }) => code)

const named = (kind: string, name: string, metadata: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  ...anObject(kind, name, more),
  metadata: { name, ...metadata },
})

const clusterRole: JsonObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'system:Reader' },
}

test.for<{ readonly name: string; readonly object: JsonObject; readonly want: readonly string[] }>([
  { name: 'a plain object', object: anObject('ConfigMap', 'c'), want: [] },
  { name: 'no kind', object: { apiVersion: 'v1', metadata: { name: 'x' } }, want: ['STY330'] },
  {
    name: 'only a generated name',
    object: { apiVersion: 'v1', kind: 'Pod', metadata: { generateName: 'x-' } },
    want: ['STY330'],
  },
  { name: 'a name of 254 characters', object: anObject('ConfigMap', 'a'.repeat(254)), want: ['STY331'] },
  { name: 'a Service name of 64 characters', object: anObject('Service', 'a'.repeat(64)), want: ['STY331'] },
  { name: 'a CronJob name of 53 characters', object: anObject('CronJob', 'a'.repeat(53)), want: ['STY331'] },
  { name: 'a name with capitals', object: anObject('ConfigMap', 'Web'), want: ['STY331'] },
  { name: 'its own namespace', object: named('ConfigMap', 'c', { namespace: 'live' }), want: [] },
  { name: 'another namespace', object: named('ConfigMap', 'c', { namespace: 'kube-system' }), want: ['STY332'] },
  { name: 'an undeclared cluster role', object: clusterRole, want: ['STY333'] },
  { name: 'a namespace', object: anObject('Namespace', 'live'), want: ['STY334'] },
  {
    name: 'an object of ours',
    object: { apiVersion: 'styrmin.io/v1', kind: 'StyrminDeployment', metadata: { name: 'x' } },
    want: ['STY334'],
  },
  { name: 'a release record', object: anObject('Secret', 's', { type: 'helm.sh/release.v1' }), want: ['STY334'] },
  {
    name: 'more than 1.5 MiB',
    object: anObject('ConfigMap', 'c', { data: { a: 'x'.repeat(1_600_000) } }),
    want: ['STY336'],
  },
  {
    name: 'too large annotations',
    object: named('ConfigMap', 'c', { annotations: { a: 'x'.repeat(262_145) } }),
    want: ['STY337'],
  },
  { name: 'a label that is a number', object: named('ConfigMap', 'c', { labels: { version: 1 } }), want: ['STY338'] },
  {
    name: 'a label value with a space',
    object: named('ConfigMap', 'c', { labels: { version: 'a b' } }),
    want: ['STY338'],
  },
  {
    name: 'an annotation that is true',
    object: named('ConfigMap', 'c', { annotations: { on: true } }),
    want: ['STY338'],
  },
  { name: 'negative replicas', object: anObject('Deployment', 'd', { spec: { replicas: -1 } }), want: ['STY339'] },
  { name: 'replicas as text', object: anObject('Deployment', 'd', { spec: { replicas: '3' } }), want: ['STY339'] },
])('$name gives $want', ({ object, want }) => {
  expect(codes([object])).toEqual(want)
})

test('a problem names the object, its template and the deployment', () => {
  const { problems } = checkManifests([aManifest(anObject('Deployment', 'd', { spec: { replicas: -1 } }))], scope())
  expect(problems[0]).toMatchObject({
    at: { file: 'drivers/web/chart/templates/all.yaml', line: 1, col: 1 },
    affects: ['live/shop'],
    message: 'Deployment/d of web/templates/all.yaml has spec.replicas -1',
  })
})

test.for(['ClusterRole', 'ClusterRole.rbac.authorization.k8s.io'])('declaring %s allows cluster roles', (declared) => {
  expect(codes([clusterRole], { clusterScoped: [declared] })).toEqual([])
})

test('a custom kind is where its own definition says', () => {
  const definition = (kind: string, scopeName: string): JsonObject => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.toLowerCase()}s.example.com` },
    spec: { group: 'example.com', scope: scopeName, names: { kind } },
  })
  const custom = (kind: string): JsonObject => ({ apiVersion: 'example.com/v1', kind, metadata: { name: 'x' } })
  const objects = [definition('Wide', 'Cluster'), definition('Narrow', 'Namespaced'), custom('Wide'), custom('Narrow')]
  const allowed = { clusterScoped: ['CustomResourceDefinition', 'Wide'] }
  expect(codes(objects, { clusterScoped: ['CustomResourceDefinition'] })).toEqual(['STY333'])
  const { manifests } = checkManifests(
    objects.map((object) => aManifest(object)),
    scope(allowed),
  )
  expect(manifests.map(({ object }) => textAt(object, 'metadata', 'namespace'))).toEqual([
    undefined,
    undefined,
    undefined,
    'live',
  ])
})

test('a namespace that was left out is filled in, and a wrong one on a cluster-scoped object is dropped', () => {
  const wrong = { ...clusterRole, metadata: { name: 'reader', namespace: 'live' } }
  const { manifests } = checkManifests(
    [aManifest(anObject('ConfigMap', 'c')), aManifest(wrong)],
    scope({ clusterScoped: ['ClusterRole'] }),
  )
  expect(manifests.map(({ object }) => object['metadata'])).toEqual([
    { name: 'c', namespace: 'live' },
    { name: 'reader' },
  ])
})

test('an object rendered twice is told once, hooks of other events apart', () => {
  expect(codes([anObject('ConfigMap', 'c'), named('ConfigMap', 'c', { namespace: 'live' })])).toEqual(['STY335'])
  const hook = (event: string): Manifest =>
    aManifest(anObject('Job', 'j'), { hook: { events: [event], weight: 0, deletePolicies: [] } })
  expect(checkManifests([hook('pre-install'), hook('pre-upgrade')], scope()).problems).toEqual([])
})

test('lists are taken apart, with the generated leaves of their items', () => {
  const list: JsonObject = {
    apiVersion: 'v1',
    kind: 'List',
    items: [anObject('ConfigMap', 'a'), anObject('Secret', 'b', { stringData: { p: '<generated>' } })],
  }
  const { manifests } = checkManifests([aManifest(list, { generated: ['/items/1/stringData/p'] })], scope())
  expect(manifests.map(({ object, generated }) => [textAt(object, 'metadata', 'name'), generated])).toEqual([
    ['a', []],
    ['b', ['/stringData/p']],
  ])
})

const service: InstanceService = {
  name: 'web',
  kind: 'http',
  scope: 'external',
  port: 80,
  component: 'server',
  primary_fqdn: 'web-0a1b2c3d.example.com',
  human_readable_fqdn: 'web-live.example.com',
}

test('a declared service is made before the workloads, unless the chart makes it', () => {
  const objects = [aManifest(anObject('ConfigMap', 'c')), aManifest(anObject('Deployment', 'web'))]
  const { manifests } = checkManifests(objects, scope({ services: [service] }))
  expect(manifests.map(({ object }) => object['kind'])).toEqual(['ConfigMap', 'Service', 'Deployment'])
  expect(manifests[1]).toMatchObject({
    source: 'styrmin',
    object: {
      metadata: { name: 'web', namespace: 'live', labels: { 'app.kubernetes.io/managed-by': 'styrmin' } },
      spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 80 }] },
    },
  })
  const made = checkManifests([aManifest(anObject('Service', 'web'))], scope({ services: [service] }))
  expect(made.manifests.map(({ source }) => source)).toEqual(['web/templates/all.yaml'])
})

test('the digest is over objects, hooks and generated leaves, not over file names', () => {
  const digest = (more: Partial<Manifest>): string =>
    checkManifests([aManifest(anObject('ConfigMap', 'c'), more)], scope()).digest
  expect(digest({ source: 'web/templates/other.yaml' })).toBe(digest({}))
  expect(digest({ generated: ['/data/a'] })).not.toBe(digest({}))
  expect(digest({ hook: { events: ['pre-install'], weight: 0, deletePolicies: [] } })).not.toBe(digest({}))
})

function claims(name: string, manifests: readonly Manifest[], services: readonly InstanceService[] = []): Claims {
  const at = { file: `${name}.yml`, line: 1, col: 1 }
  return claimsOf({ key: deploymentKey('live', name), at, instance: anInstance({ name, services }) }, manifests)
}

test('two deployments that make one object are both named, once', () => {
  const manifests = [
    aManifest(named('Service', 'web', { namespace: 'live' })),
    aManifest(named('ConfigMap', 'c', { namespace: 'live' })),
  ]
  const problems = findCollisions([claims('b', manifests), claims('a', manifests), claims('c', [])])
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatchObject({ code: 'STY340', affects: ['live/a', 'live/b'], at: { file: 'b.yml' } })
})

test('two deployments that want one host name are both named, whether by service or by Ingress', () => {
  const ingress = aManifest({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'i' },
    spec: { rules: [{ host: 'web-live.example.com' }] },
  })
  const [problem] = findCollisions([claims('a', [], [service]), claims('b', [ingress])])
  expect(problem).toMatchObject({ code: 'STY341', affects: ['live/a', 'live/b'] })
  expect(problem?.message).toContain('web-live.example.com')
})
