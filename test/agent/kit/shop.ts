import { makePlan, type Rehearsal, type Side } from '../../../src/core/plan/make-plan.ts'
import { diffInstances } from '../../../src/core/diff/diff-instances.ts'
import { type Digest, deploymentKey, parseStableId, type StableId, toDigest } from '../../../src/domain/ids.ts'
import type { Instance, LinkedAction } from '../../../src/domain/instance.ts'
import type { Manifest } from '../../../src/domain/manifest.ts'
import type { ChangeClass } from '../../../src/domain/plan.ts'
import type { Bundle } from '../../../src/domain/wire.ts'
import type { Origin } from '../../../src/domain/source.ts'
import { digestOf } from '../../../src/util/digest.ts'
import type { Json, JsonObject } from '../../../src/util/json.ts'

/** A small shop: a server and a worker, a Service, a ConfigMap, a Secret with a generated password. */
export interface ShopOptions {
  readonly namespace: string
  readonly name?: string
  readonly version?: string
  readonly replicas?: number
  readonly greeting?: string
  readonly state?: 'running' | 'stopped'
  readonly drift?: Bundle['drift']
  readonly dependsOn?: readonly string[]
  readonly extra?: readonly Manifest[]
  readonly action?: string
  /** Its server never becomes ready. */
  readonly broken?: boolean
}

/** What makes a pod of a simulated node misbehave, in the sandbox's words and in those of the simulated nodes. */
const HANGS: JsonObject = { 'sandbox.styrmin.io/never-ready': 'true', 'test.styrmin.io/outcome': 'hang' }
export const FAILS: JsonObject = { 'sandbox.styrmin.io/fail': 'true', 'test.styrmin.io/outcome': 'fail' }

export interface Shop extends Side {
  readonly instance: Instance
  readonly manifests: readonly Manifest[]
  readonly options: ShopOptions
  readonly id: StableId
  readonly origins: ReadonlyMap<string, Origin>
}

const COMPONENTS = {
  server: { labels: { app: 'shop', tier: 'server' } },
  worker: { labels: { app: 'shop', tier: 'worker' } },
}

/** An Instance of the shop with its objects, in Helm's order. */
export function shop(options: ShopOptions): Shop {
  const { namespace, name = 'shop', version = '1.0.0', greeting = 'hello', state = 'running' } = options
  const id = parseStableId(digestOf(`${namespace}/${name}`).slice(7, 15))
  if (id === undefined) throw new Error('no id')
  const manifests = [...objects(options), ...(options.extra ?? [])]
  const manifestsDigest = toDigest(digestOf(manifests as unknown as Json))
  const facts = {
    environment: namespace,
    name,
    id,
    cluster: 'test',
    namespace,
    release: name,
    state,
    driver: { name: 'shop', version: '1', digest: toDigest(digestOf('driver')) },
    appVersion: version,
    chart: { name: 'shop', version: '1', digest: toDigest(digestOf('chart')) },
    engineVersion: 'test',
    context: { app: { version }, parameters: { greeting } },
    values: {},
    services: [],
    components: COMPONENTS,
    policy: { onFailure: 'hold' as const, drift: options.drift ?? 'repair', podSecurity: 'privileged' },
    dependsOn: options.dependsOn ?? [],
    manifestsDigest,
  }
  const instance: Instance = { ...facts, digest: toDigest(digestOf(facts as unknown as Json)) }
  return { instance, manifests, options, id, origins: new Map() }
}

export interface Change {
  readonly bundle: Bundle
  readonly plan: Digest
  readonly phase: 'running' | 'stopped' | 'deleting'
  readonly from?: Digest
}

/** The plan and the bundle of a change, made as the server makes them. */
export function change(kind: ChangeClass, before: Shop | undefined, after: Shop | undefined): Change {
  const known = after ?? before
  if (known === undefined) throw new Error('nothing changes')
  const plan = makePlan({
    key: deploymentKey(known.instance.environment, known.instance.name),
    ...sides(before, after),
    verdict: { class: kind, rule: 'test', evidence: [] },
    diff: diffInstances(before, after),
    recreate: [],
    rehearsals: kind === 'upgrade' ? [rehearsal(known.instance.appVersion, known.options)] : [],
  })
  const bundle: Bundle = {
    ...bundleOf(known),
    ...(after === undefined ? {} : { instance: after.instance.digest }),
    ...(before === undefined ? {} : { previousVersion: before.instance.appVersion }),
    actions: kind === 'upgrade' ? [linked(known.options.action ?? UPGRADE)] : [],
    steps: plan.steps,
    class: kind,
  }
  const phase = after === undefined ? 'deleting' : after.instance.state
  return { bundle, plan: plan.digest, phase, ...(before === undefined ? {} : { from: before.instance.digest }) }
}

function sides(before: Shop | undefined, after: Shop | undefined): { before?: Shop; after?: Shop } {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
}

function bundleOf({ instance, manifests }: Shop): Omit<Bundle, 'actions' | 'steps' | 'class'> {
  const { environment, name, id, namespace, release, appVersion, context, dependsOn, policy } = instance
  return {
    version: 1,
    deployment: { environment, name, id, namespace },
    release,
    appVersion,
    driver: { name: 'shop', version: '1' },
    context,
    components: COMPONENTS,
    podSecurity: policy.podSecurity,
    drift: policy.drift,
    onFailure: policy.onFailure,
    dependsOn,
    manifests,
  }
}

/** What the seeds' upgrade does: stop, move the version, migrate with the new image, start. */
const UPGRADE = `import { action } from 'styrmin/actions'
export const upgrade = action(async ({ targetVersion, primitives }) => {
  await primitives.stopComponents({ components: ['server', 'worker'] })
  await primitives.upgradeDeploymentVersion({ targetVersion })
  const images = await primitives.getComponentImages({ component: 'server' })
  const base = images[0].slice(0, images[0].lastIndexOf(':'))
  await primitives.log('migrating at ' + Date.now() + ' ' + Math.random())
  await primitives.executeCommands([['migrate', '--to', targetVersion]], {
    image: base + ':' + targetVersion,
    envFromComponent: 'server',
    labelsFromComponent: 'server',
  })
  await primitives.startComponents({ components: ['server', 'worker'] })
})`

function linked(code: string): LinkedAction {
  const entry = { file: 'actions.ts', function: 'upgrade' }
  return { name: 'upgrade', hook: 'upgrade', mode: 'core', entry, modules: [{ path: 'actions.ts', code }] }
}

function rehearsal(version: string, { name = 'shop' }: ShopOptions): Rehearsal {
  const both = { components: ['server', 'worker'] }
  const commands = {
    commands: [['migrate', '--to', version]],
    image: `registry.test/${name}:${version}`,
    envFromComponent: 'server',
    labelsFromComponent: 'server',
  }
  const calls: readonly (readonly [string, JsonObject])[] = [
    ['stopComponents', both],
    ['upgradeDeploymentVersion', { targetVersion: version }],
    ['getComponentImages', { component: 'server' }],
    ['executeCommands', commands],
    ['startComponents', both],
  ]
  return {
    action: { name: 'upgrade', hook: 'upgrade', mode: 'core' },
    calls: calls.map(([primitive, args]) => ({ primitive, args, live: false })),
  }
}

/** A manifest of the chart. */
export function manifest(object: JsonObject, more: Partial<Manifest> = {}): Manifest {
  return { object, source: 'templates/all.yaml', generated: [], crd: false, ...more }
}

function objects(options: ShopOptions): readonly Manifest[] {
  const { name = 'shop', version = '1.0.0', replicas = 2, greeting = 'hello' } = options
  const labels = { app: 'shop', release: name }
  const meta = (suffix: string): JsonObject => ({ name: `${name}${suffix}`, labels })
  const workload = (tier: string, count: number): JsonObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta(`-${tier}`),
    spec: {
      replicas: count,
      selector: { matchLabels: { ...labels, tier } },
      template: {
        metadata: {
          labels: { ...labels, tier },
          ...(options.broken === true && tier === 'server' ? { annotations: HANGS } : {}),
        },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name: tier,
              image: `registry.test/${name}:${version}`,
              env: [{ name: 'DATABASE', value: 'postgres' }],
              envFrom: [{ secretRef: { name } }],
            },
          ],
        },
      },
    },
  })
  return [
    manifest(
      { apiVersion: 'v1', kind: 'Secret', metadata: meta(''), data: { password: '<generated>' } },
      { generated: ['/data/password'] },
    ),
    manifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: meta(''), data: { greeting } }),
    manifest({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta(''),
      spec: { selector: { ...labels, tier: 'server' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    }),
    manifest(workload('server', replicas)),
    manifest(workload('worker', 1)),
  ]
}
