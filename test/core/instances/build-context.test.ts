import { expect, test } from 'vitest'
import { buildContext } from '../../../src/core/instances/build-context.ts'
import { contextOrigins } from '../../../src/core/instances/context-origins.ts'
import { freezeInstance } from '../../../src/core/instances/freeze-instance.ts'
import { nameServices } from '../../../src/core/instances/name-services.ts'
import { releaseName } from '../../../src/core/instances/release-name.ts'
import type { DesiredDeployment } from '../../../src/domain/desired.ts'
import type { Driver } from '../../../src/domain/driver.ts'
import { toDigest } from '../../../src/domain/ids.ts'
import type { Origin } from '../../../src/domain/source.ts'
import { digestOf } from '../../../src/util/digest.ts'
import { isObject, type Json } from '../../../src/util/json.ts'
import { pointerTo } from '../../../src/util/pointer.ts'
import { aCluster, aDeployment, aDesired, aDriverDocument, aDriverSpec, anEnvironment } from '../builders.ts'

const chart = { name: 'web', version: '0.1.0' }
const origin = (layer: Origin['layer'], line: number): Origin => ({ layer, at: { file: `${layer}.yml`, line, col: 1 } })

function desired(): DesiredDeployment {
  const services = [
    { name: 'web', kind: 'http', scope: 'external', port: 80, component: 'server' },
    { name: 'db', kind: 'tcp', scope: 'internal', port: 5432, component: 'database' },
  ] as const
  const components = { server: { labels: { app: 'web' } }, database: { labels: { app: 'db' } } }
  return aDesired({
    cluster: aCluster({ config: { fqdn_suffix: 'apps.example.com' } }),
    environment: anEnvironment({ config: { ip_whitelist: ['10.0.0.0/8'] } }),
    document: aDeployment({ components: { server: { env: { A: 'b' }, args: ['serve'] } } }),
    driver: aDriverDocument({ services, components }),
    config: { fqdn_suffix: 'apps.example.com', ip_whitelist: ['10.0.0.0/8'] },
    parameters: { replicas: 3, nested: { a: [1, 2] } },
    origins: new Map([
      ['/config/fqdn_suffix', origin('cluster', 4)],
      ['/config/ip_whitelist', origin('environment', 5)],
      ['/parameters/replicas', origin('deployment', 9)],
      ['/parameters/nested/a', origin('driver', 20)],
    ]),
  })
}

test('the Context has what is documented, and nothing else', () => {
  const { context } = buildContext(desired(), chart)
  expect(context).toEqual({
    cluster: {
      name: 'prod',
      config: { fqdn_suffix: 'apps.example.com' },
      capabilities: { kubernetes: '1.34', api_versions: [] },
    },
    environment: { name: 'live', config: { ip_whitelist: ['10.0.0.0/8'] } },
    deployment: { name: 'shop', id: '0a1b2c3d', config: {} },
    instance: {
      config: { fqdn_suffix: 'apps.example.com', ip_whitelist: ['10.0.0.0/8'] },
      namespace: 'live',
      release: 'shop-0a1b2c3d',
    },
    app: { name: 'web', version: '1.0.0', chart },
    components: { database: { env: {} }, server: { env: { A: 'b' }, args: ['serve'] } },
    parameters: { replicas: 3, nested: { a: [1, 2] } },
    services: {
      db: {
        name: 'db',
        kind: 'tcp',
        scope: 'internal',
        port: 5432,
        component: 'database',
        primary_fqdn: '',
        human_readable_fqdn: '',
      },
      web: {
        name: 'web',
        kind: 'http',
        scope: 'external',
        port: 80,
        component: 'server',
        primary_fqdn: 'web-0a1b2c3d.apps.example.com',
        human_readable_fqdn: 'web-live.apps.example.com',
      },
    },
  })
})

test('every leaf of the Context has an origin', () => {
  const one = desired()
  const origins = contextOrigins(one)
  const orphans = leaves('', buildContext(one, chart).context).filter(
    (pointer) => nearest(origins, pointer) === undefined,
  )
  expect(orphans).toEqual([])
})

test.for([
  { pointer: '/instance/config/fqdn_suffix', layer: 'cluster' },
  { pointer: '/instance/config/ip_whitelist/0', layer: 'environment' },
  { pointer: '/parameters/replicas', layer: 'deployment' },
  { pointer: '/parameters/nested/a/1', layer: 'driver' },
  { pointer: '/components/server/env/A', layer: 'deployment' },
  { pointer: '/components/database', layer: 'driver' },
  { pointer: '/cluster/config/fqdn_suffix', layer: 'cluster' },
  { pointer: '/environment/config/ip_whitelist', layer: 'environment' },
  { pointer: '/app/version', layer: 'deployment' },
  { pointer: '/instance/release', layer: 'computed' },
  { pointer: '/policy/drift', layer: 'environment' },
])('$pointer comes from the $layer', ({ pointer, layer }) => {
  expect(nearest(contextOrigins(desired()), pointer)?.layer).toBe(layer)
})

test('a version that only the driver names comes from the driver', () => {
  const { version: _, ...document } = aDeployment()
  expect(contextOrigins(aDesired({ document })).get('/app/version')?.layer).toBe('driver')
})

test('without a suffix no service has a host name', () => {
  const services = [{ name: 'web', kind: 'http', scope: 'external', port: 80, component: 'server' }] as const
  const [service] = nameServices(aDesired({ driver: aDriverDocument({ services }) }))
  expect([service?.primary_fqdn, service?.human_readable_fqdn]).toEqual(['', ''])
})

test.for([
  { name: 'shop', want: 'shop-0a1b2c3d' },
  { name: 'a'.repeat(60), want: `${'a'.repeat(44)}-0a1b2c3d` },
  { name: `${'a'.repeat(43)}-bbb`, want: `${'a'.repeat(43)}-0a1b2c3d` },
])('the release of $name keeps the id whole and fits Helm', ({ name, want }) => {
  const release = releaseName(name, aDesired().id)
  expect(release).toBe(want)
  expect(release.length).toBeLessThanOrEqual(53)
})

const zero = toDigest(digestOf('nothing'))

function frozen(one: DesiredDeployment): ReturnType<typeof freezeInstance> {
  const driver: Driver = {
    name: 'web',
    spec: aDriverSpec(),
    digest: zero,
    actionFiles: [],
    chart: { ...chart, digest: zero, files: [] },
    at: one.driver.at,
  }
  const built = buildContext(one, chart)
  return freezeInstance({ desired: one, driver, built, values: {}, manifestsDigest: zero, engineVersion: 'helm@4' })
}

test('the digest depends on what is asked for, not on where it is written or in what order', () => {
  const one = frozen(desired())
  const moved = desired()
  const elsewhere = { ...moved.document, at: { file: 'other.yml', line: 99, col: 1 }, approve: zero }
  expect(frozen({ ...moved, document: elsewhere, origins: new Map() }).digest).toBe(one.digest)
  const reordered = Object.fromEntries(Object.entries(moved.parameters).reverse())
  expect(frozen({ ...moved, parameters: reordered }).digest).toBe(one.digest)
  expect(frozen({ ...moved, parameters: { replicas: 4 } }).digest).not.toBe(one.digest)
  expect(frozen({ ...moved, document: { ...moved.document, state: 'stopped' } }).digest).not.toBe(one.digest)
  expect(frozen({ ...moved, document: { ...moved.document, drift: 'report' } }).digest).not.toBe(one.digest)
})

function leaves(base: string, value: Json): readonly string[] {
  const entries: readonly (readonly [string | number, Json])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(isObject(value) ? value : {})
  return entries.length === 0 ? [base] : entries.flatMap(([key, item]) => leaves(pointerTo(base, key), item))
}

function nearest(origins: ReadonlyMap<string, Origin>, pointer: string): Origin | undefined {
  for (let here = pointer; ; here = here.slice(0, here.lastIndexOf('/'))) {
    const found = origins.get(here)
    if (found !== undefined || here === '') return found
  }
}
