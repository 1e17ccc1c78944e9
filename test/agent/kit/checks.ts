import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Agent, startAgent } from '../../../src/agent/main.ts'
import { at, compareText, type JsonObject, listAt, objectAt, textAt } from '../../../src/util/json.ts'
import { eventually } from '../../cluster/wait.ts'
import { condition, openTestCluster, ready, settled, type TestCluster } from './cluster.ts'
import { type IntentServer, startIntentServer, TOKEN } from './intent-server.ts'
import { type Change, change, FAILS, manifest, type Shop, type ShopOptions, shop } from './shop.ts'

/** What an agent must do, on whatever API it works. */
export function agentChecks(open: () => Promise<{ readonly kubeconfig: string; close(): Promise<void> }>): void {
  let plane: Awaited<ReturnType<typeof open>>
  let cluster: TestCluster
  let server: IntentServer
  let agent: Agent

  beforeAll(async () => {
    plane = await open()
    cluster = await openTestCluster(plane.kubeconfig)
    server = await startIntentServer()
    agent = await startTestAgent(server, plane.kubeconfig)
  })

  afterAll(async () => {
    await agent.stop()
    await server.stop()
    cluster.api.close()
    await plane.close()
  })

  const fresh = (options: Partial<ShopOptions> = {}): Shop =>
    shop({ namespace: `test-${randomBytes(4).toString('hex')}`, ...options })
  const ask = ({ bundle, plan, phase, from }: Change): void => {
    server.ask({ bundle, plan, phase, ...(from === undefined ? {} : { from }) })
  }
  const nameOf = ({ instance, id }: Shop): string => `${instance.name}-${id}`
  const install = async (options: Partial<ShopOptions> = {}): Promise<Shop> => {
    const made = fresh(options)
    ask(change('create', undefined, made))
    await ready(cluster, made.instance.namespace, nameOf(made))
    return made
  }
  const replicas = async ({ instance }: Shop, name: string): Promise<unknown> =>
    at(await cluster.get('Deployment', instance.namespace, name), 'spec', 'replicas')

  test('a new deployment is applied, becomes ready, and is reported with its steps', async () => {
    const made = await install()
    const { namespace } = made.instance
    const object = await ready(cluster, namespace, nameOf(made))
    expect(at(object, 'status', 'active')).toBe(made.instance.digest)
    expect(textAt(object, 'status', 'phase')).toBe('applied')
    expect(condition(object, 'Reconciling')).toBeUndefined()
    expect(condition(object, 'Stalled')).toBeUndefined()
    expect((await cluster.get('ConfigMap', namespace, 'shop'))?.['data']).toEqual({ greeting: 'hello' })
    expect(await replicas(made, 'shop-server')).toBe(2)
    const run = await cluster.get('StyrminRun', namespace, `${nameOf(made)}-1`)
    expect(textAt(run, 'status', 'phase')).toBe('Succeeded')
    await eventually({ what: 'the report' }, () =>
      Promise.resolve(server.report(made.instance.name)?.phase === 'applied' || undefined),
    )
    const report = await eventually({ what: 'a ready report' }, () => {
      const newest = server.report(made.instance.name)
      return Promise.resolve(newest?.ready === true && newest.deployment.namespace === namespace ? newest : undefined)
    })
    expect(report.active).toBe(made.instance.digest)
    expect(report.components.map(({ name, state, ready: up }) => [name, state, up])).toEqual([
      ['server', 'Running', 2],
      ['worker', 'Running', 1],
    ])
    expect(report.steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'namespace succeeded',
      'apply succeeded',
      'wait-ready succeeded',
    ])
  })

  test('applied objects carry the marks of the deployment and none of its pods do', async () => {
    const made = await install()
    const object = await cluster.get('Deployment', made.instance.namespace, 'shop-server')
    expect(at(object, 'metadata', 'labels', 'styrmin.io/deployment-id')).toBe(made.id)
    expect(at(object, 'metadata', 'annotations', 'styrmin.io/instance')).toBe(made.instance.digest)
    expect(at(object, 'spec', 'template', 'metadata', 'labels', 'styrmin.io/deployment-id')).toBeUndefined()
  })

  test('a generated value is made once and stays', async () => {
    const made = await install()
    const { namespace } = made.instance
    const password = async (): Promise<unknown> =>
      at(await cluster.get('Secret', namespace, 'shop'), 'data', 'password')
    const first = await password()
    expect(first).toMatch(/^[A-Za-z0-9+/=]{44}$/)
    const fills = server.fills()
    const next = shop({ ...made.options, greeting: 'good day' })
    ask(change('config', made, next))
    await settled(
      cluster,
      { namespace, name: nameOf(made), what: 'the new Instance' },
      (object) =>
        at(object, 'status', 'active') === next.instance.digest && condition(object, 'Ready')?.['status'] === 'True',
    )
    expect(await password()).toBe(first)
    expect(server.fills()).toBe(fills)
    expect((await cluster.get('ConfigMap', namespace, 'shop'))?.['data']).toEqual({ greeting: 'good day' })
  })

  test('what an Instance no longer has is removed, what is to be kept stays', async () => {
    const namespace = `test-${randomBytes(4).toString('hex')}`
    const map = (name: string, annotations: JsonObject = {}): ReturnType<typeof manifest> =>
      manifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, annotations }, data: { a: 'b' } })
    const kept = { 'helm.sh/resource-policy': 'keep' }
    const before = await install({ namespace, extra: [map('old'), map('kept', kept)] })
    const after = shop({ namespace, extra: [map('new')] })
    ask(change('config', before, after))
    await settled(
      cluster,
      { namespace, name: nameOf(after), what: 'the new Instance' },
      (object) => at(object, 'status', 'active') === after.instance.digest,
    )
    const names = (await cluster.list('ConfigMap', namespace)).map((object) => textAt(object, 'metadata', 'name') ?? '')
    expect(names.filter((name) => name !== 'kube-root-ca.crt').sort(compareText)).toEqual(['kept', 'new', 'shop'])
  })

  test('an upgrade runs its action: one migration, and nothing runs while it does', async () => {
    const before = await install()
    const { namespace } = before.instance
    const after = shop({ ...before.options, version: '2.0.0' })
    const highest = await watchFromStop(cluster, namespace)
    ask(change('upgrade', before, after))
    const object = await settled(
      cluster,
      { namespace, name: nameOf(after), what: 'version 2.0.0' },
      (found) =>
        at(found, 'status', 'active') === after.instance.digest && condition(found, 'Ready')?.['status'] === 'True',
    )
    expect(textAt(object, 'status', 'activeVersion')).toBe('2.0.0')
    const jobs = await cluster.list('Job', namespace)
    expect(jobs).toHaveLength(1)
    const pod = objectAt(jobs[0], 'spec', 'template')
    expect(at(pod, 'spec', 'containers', 0, 'command')).toEqual(['migrate', '--to', '2.0.0'])
    expect(at(pod, 'spec', 'containers', 0, 'image')).toBe('registry.test/shop:2.0.0')
    expect(at(pod, 'spec', 'containers', 0, 'env', 0, 'name')).toBe('DATABASE')
    expect(objectAt(pod, 'metadata', 'labels')).toMatchObject({ app: 'shop', tier: 'server' })
    expect(listAt(pod, 'spec', 'readinessGates')).toHaveLength(1)
    expect(await highest()).toEqual({ server: 0, worker: 0, imageWhileStopped: 'registry.test/shop:2.0.0' })
    expect(await replicas(after, 'shop-server')).toBe(2)
    const run = await cluster.get('StyrminRun', namespace, `${nameOf(after)}-2`)
    expect(listAt(run, 'status', 'steps').map((step) => `${textAt(step, 'name')} ${textAt(step, 'state')}`)).toEqual([
      'upgrade/stopComponents#1 succeeded',
      'upgrade/upgradeDeploymentVersion#1 succeeded',
      'upgrade/getComponentImages#1 succeeded',
      'upgrade/log#1 succeeded',
      'upgrade/executeCommands#1 succeeded',
      'upgrade/startComponents#1 succeeded',
      'wait-ready succeeded',
    ])
  })

  test('a stopped deployment goes to 0 and stays there, and a start gives the replicas back', async () => {
    const made = await install({ replicas: 3 })
    const { namespace } = made.instance
    const stopped = shop({ ...made.options, state: 'stopped' })
    ask(change('stop', made, stopped))
    const object = await settled(
      cluster,
      { namespace, name: nameOf(made), what: 'stopped' },
      (found) => textAt(found, 'status', 'phase') === 'stopped' && condition(found, 'Ready')?.['status'] === 'True',
    )
    expect(condition(object, 'Ready')?.['reason']).toBe('Stopped')
    expect(await replicas(made, 'shop-server')).toBe(0)

    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'shop-server' }
    const signal = new AbortController().signal
    await cluster.api.mergePatch(deployment, { spec: { replicas: 4 } }, { subresource: 'scale' }, signal)
    await eventually({ what: 'back at 0' }, async () => (await replicas(made, 'shop-server')) === 0 || undefined)

    ask(change('start', stopped, made))
    await settled(
      cluster,
      { namespace, name: nameOf(made), what: 'running' },
      (found) => textAt(found, 'status', 'phase') === 'applied' && condition(found, 'Ready')?.['status'] === 'True',
    )
    expect(await replicas(made, 'shop-server')).toBe(3)
    expect(await replicas(made, 'shop-worker')).toBe(1)
  })

  test('a deleted deployment leaves the namespace and its claims, and is reported as deleted', async () => {
    const claim = manifest({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    })
    const made = await install({ name: 'gone', extra: [claim] })
    const { namespace } = made.instance
    ask(change('delete', made, undefined))
    await eventually({ what: 'nothing left of it' }, async () => {
      const left = [
        ...(await cluster.list('StyrminDeployment', namespace)),
        ...(await cluster.list('StyrminRun', namespace)),
        ...(await cluster.list('Deployment', namespace)),
      ]
      return left.length === 0 || undefined
    })
    expect(await cluster.get('PersistentVolumeClaim', namespace, 'data')).toBeDefined()
    expect(await cluster.get('Namespace', '', namespace)).toBeDefined()
    expect(server.phases('gone').at(-1)).toBe('deleted')
  })

  test('an edit by hand is put right and told', async () => {
    const made = await install({ name: 'edited' })
    const { namespace } = made.instance
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'edited' }
    const signal = new AbortController().signal
    const foreign = { ...ref, metadata: { name: ref.name, namespace }, data: { greeting: 'mine' } }
    const { namespace: _namespace, name: _name, ...patch } = foreign
    await cluster.api.apply(patch, { fieldManager: 'somebody', force: true }, signal)
    await eventually(
      { what: 'repaired' },
      async () => at(await cluster.get('ConfigMap', namespace, 'edited'), 'data', 'greeting') === 'hello' || undefined,
    )
    const drift = await eventually({ what: 'the drift in a report' }, () =>
      Promise.resolve(server.report('edited')?.drift[0]),
    )
    expect(drift).toMatchObject({
      object: 'ConfigMap/edited',
      pointer: '/data/greeting',
      state: 'repaired',
      manager: 'somebody',
    })
    await cluster.api.remove(ref, {}, signal)
    await eventually(
      { what: 'made again' },
      async () => (await cluster.get('ConfigMap', namespace, 'edited')) ?? undefined,
    )
  })

  test('drift that is only to be reported is left', async () => {
    const made = await install({ name: 'reported', drift: 'report' })
    const { namespace } = made.instance
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'reported', namespace },
      data: { greeting: 'x' },
    }
    await cluster.api.apply(object, { fieldManager: 'somebody', force: true }, new AbortController().signal)
    await eventually({ what: 'told' }, () =>
      Promise.resolve(server.report('reported')?.drift[0]?.state === 'found' || undefined),
    )
    expect(at(await cluster.get('ConfigMap', namespace, 'reported'), 'data', 'greeting')).toBe('x')
  })

  test('an object of somebody else is left alone, and its owner is named', async () => {
    const made = fresh({ name: 'taken' })
    const { namespace } = made.instance
    const signal = new AbortController().signal
    await cluster.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, signal)
    const labels = { 'app.kubernetes.io/managed-by': 'Helm' }
    const annotations = { 'meta.helm.sh/release-name': 'other' }
    const metadata = { name: 'taken', namespace, labels, annotations }
    await cluster.api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { theirs: 'yes' } }, signal)
    ask(change('create', undefined, made))
    const object = await settled(
      cluster,
      { namespace, name: nameOf(made), what: 'stalled' },
      (found) => condition(found, 'Stalled')?.['status'] === 'True',
    )
    expect(condition(object, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'RunFailed',
      message: expect.stringContaining('belongs to the Helm release other') as string,
    })
    expect((await cluster.get('ConfigMap', namespace, 'taken'))?.['data']).toEqual({ theirs: 'yes' })
    await eventually({ what: 'the problem in a report' }, () =>
      Promise.resolve(server.report('taken')?.problems.find(({ code }) => code === 'STY507')),
    )
  })

  test('an intent that a stranger has signed is not taken in', async () => {
    const made = fresh({ name: 'forged' })
    const { bundle, plan } = change('create', undefined, made)
    server.ask({ bundle, plan, forged: true })
    const after = await install({ name: 'honest' })
    expect(await cluster.list('StyrminDeployment', after.instance.namespace)).toHaveLength(1)
    expect(await cluster.get('Namespace', '', made.instance.namespace)).toBeUndefined()
  })

  test('a deployment waits for those it depends on', async () => {
    const namespace = `test-${randomBytes(4).toString('hex')}`
    const second = shop({ namespace, name: 'second', dependsOn: ['first'] })
    ask(change('create', undefined, second))
    const object = await settled(
      cluster,
      { namespace, name: nameOf(second), what: 'waiting' },
      (found) => condition(found, 'Ready')?.['reason'] === 'DependencyNotReady',
    )
    expect(condition(object, 'Ready')?.['message']).toBe('waiting until first is ready')
    await install({ namespace, name: 'first' })
    await ready(cluster, namespace, nameOf(second))
  })

  test('an action that leaves its plan stops as needing attention, and goes on with the next intent', async () => {
    const before = await install({ name: 'strayed' })
    const { namespace } = before.instance
    const action = `import { action } from 'styrmin/actions'
      export const upgrade = action(async ({ primitives }) => {
        await primitives.stopComponents({ components: ['server', 'worker'] })
        await primitives.scaleComponent({ component: 'server', replicas: 9 })
      })`
    const after = shop({ ...before.options, version: '2.0.0', action })
    ask(change('upgrade', before, after))
    const object = await settled(
      cluster,
      { namespace, name: nameOf(after), what: 'attention' },
      (found) => textAt(found, 'status', 'phase') === 'needs-attention',
    )
    expect(condition(object, 'Stalled')?.['message']).toContain(
      'where the plan has "upgrade/upgradeDeploymentVersion#1"',
    )
    expect(at(object, 'status', 'active')).toBe(before.instance.digest)
    expect(await replicas(before, 'strayed-server')).toBe(0)
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'strayed-server' }
    await cluster.api.mergePatch(
      deployment,
      { spec: { replicas: 3 } },
      { subresource: 'scale' },
      new AbortController().signal,
    )
    await eventually({ what: 'back at 0' }, async () => (await replicas(before, 'strayed-server')) === 0 || undefined)
    ask(change('config', before, shop({ ...before.options, greeting: 'back' })))
    await ready(cluster, namespace, nameOf(after))
    expect(await replicas(before, 'strayed-server')).toBe(2)
  })

  test('a newer intent ends the wait for what never becomes ready', async () => {
    const before = await install({ name: 'hanging' })
    const { namespace } = before.instance
    const broken = shop({ ...before.options, broken: true })
    ask(change('config', before, broken))
    await eventually({ what: 'waiting for the server' }, () =>
      Promise.resolve(
        server.report('hanging')?.steps.find(({ message }) => message.includes('Deployment/hanging-server')),
      ),
    )
    const mended = shop({ ...before.options, greeting: 'mended' })
    ask(change('config', before, mended))
    await settled(
      cluster,
      { namespace, name: nameOf(mended), what: 'the mended Instance' },
      (found) => at(found, 'status', 'active') === mended.instance.digest && isReady(found),
    )
    const run = await cluster.get('StyrminRun', namespace, `${nameOf(before)}-2`)
    expect(textAt(run, 'status', 'phase')).toBe('Superseded')
  })

  test('while the server is away, drift is repaired all the same, and is told when it is back', async () => {
    const made = await install({ name: 'alone' })
    const { namespace } = made.instance
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'alone', namespace },
      data: { greeting: 'x' },
    }
    server.down = true
    try {
      await cluster.api.apply(object, { fieldManager: 'somebody', force: true }, new AbortController().signal)
      await eventually(
        { what: 'repaired' },
        async () => at(await cluster.get('ConfigMap', namespace, 'alone'), 'data', 'greeting') === 'hello' || undefined,
      )
    } finally {
      server.down = false
    }
    await eventually({ what: 'the drift in a report' }, () => Promise.resolve(server.report('alone')?.drift[0]))
  })

  test('a deployment that somebody deletes by hand comes back, and its actions are not run again unasked', async () => {
    const before = await install({ name: 'lost' })
    const { namespace } = before.instance
    const ref = { apiVersion: 'styrmin.io/v1', kind: 'StyrminDeployment', namespace, name: nameOf(before) }
    const signal = new AbortController().signal
    await cluster.api.remove(ref, {}, signal)
    await ready(cluster, namespace, nameOf(before))
    expect(await replicas(before, 'lost-server')).toBe(2)
    const after = shop({ ...before.options, version: '2.0.0' })
    ask(change('upgrade', before, after))
    await settled(
      cluster,
      { namespace, name: nameOf(after), what: 'version 2.0.0' },
      (found) => at(found, 'status', 'active') === after.instance.digest && isReady(found),
    )
    await cluster.api.remove(ref, {}, signal)
    await settled(
      cluster,
      { namespace, name: nameOf(after), what: 'attention' },
      (found) => condition(found, 'Stalled')?.['reason'] === 'NeedsAttention',
    )
    expect(await replicas(after, 'lost-server')).toBe(2)
    const next = shop({ ...after.options, greeting: 'again' })
    ask(change('config', after, next))
    await settled(
      cluster,
      { namespace, name: nameOf(next), what: 'the next Instance' },
      (found) => at(found, 'status', 'active') === next.instance.digest && isReady(found),
    )
  })

  test('a spec that somebody has edited is refused until the next intent', async () => {
    const made = await install({ name: 'bent' })
    const { namespace } = made.instance
    const ref = { apiVersion: 'styrmin.io/v1', kind: 'StyrminDeployment', namespace, name: nameOf(made) }
    await cluster.api.mergePatch(ref, { spec: { phase: 'stopped' } }, {}, new AbortController().signal)
    await settled(
      cluster,
      { namespace, name: nameOf(made), what: 'refused' },
      (found) => condition(found, 'Stalled')?.['reason'] === 'BadSignature',
    )
    expect(await replicas(made, 'bent-server')).toBe(2)
    ask(change('config', made, shop({ ...made.options, greeting: 'straight' })))
    await ready(cluster, namespace, nameOf(made))
  })

  test('a signed spec that somebody has copied to another name is refused', async () => {
    const made = await install({ name: 'copied' })
    const { namespace } = made.instance
    const original = await ready(cluster, namespace, nameOf(made))
    const { labels } = objectAt(original, 'metadata')
    const copy = { ...original, metadata: { name: 'copy', namespace, labels: labels ?? {} }, status: {} }
    const { signal } = new AbortController()
    await cluster.api.create(copy, signal)
    await settled(
      cluster,
      { namespace, name: 'copy', what: 'refused' },
      (found) => condition(found, 'Stalled')?.['reason'] === 'BadSignature',
    )
    const runs = await cluster.list('StyrminRun', namespace)
    expect(runs.map((run) => textAt(run, 'metadata', 'name'))).toEqual([`${nameOf(made)}-1`])
    const after = await ready(cluster, namespace, nameOf(made))
    expect(after['spec']).toEqual(original['spec'])
    expect(await replicas(made, 'copied-server')).toBe(2)
    // The original is still looked after, and reported as it is.
    await cluster.api.remove({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'copied' }, {}, signal)
    await eventually(
      { what: 'made again' },
      async () => (await cluster.get('ConfigMap', namespace, 'copied')) ?? undefined,
    )
    await eventually({ what: 'the drift in a report' }, () =>
      Promise.resolve(server.report('copied')?.drift[0] ?? undefined),
    )
    const phases = server.phases('copied')
    expect(phases.slice(phases.indexOf('applied'))).toEqual(['applied'])
  })

  test('a second agent waits until the first one gives up the lease', async () => {
    const second = await startAgent(
      {
        serverUrl: server.url,
        token: TOKEN,
        kubeconfig: plane.kubeconfig,
        name: 'second',
        logLevel: 'silent',
        metricsPort: 0,
      },
      new AbortController().signal,
    )
    try {
      await install({ name: 'led' })
      const ready = (): Promise<number> =>
        fetch(`http://127.0.0.1:${second.metricsPort}/readyz`).then(({ status }) => status)
      expect(await ready()).toBe(503)
      await agent.stop()
      await eventually({ what: 'the second one leads' }, async () => (await ready()) === 200 || undefined)
      await install({ name: 'taken-over' })
      const metrics = await (await fetch(`http://127.0.0.1:${second.metricsPort}/metrics`)).text()
      expect(metrics).toMatch(
        /^styrmin_deployment_info\{[^}]*name="taken-over",version="1.0.0",phase="applied",ready="True"\} 1$/m,
      )
      expect(metrics).toMatch(/^rest_client_requests_total\{method="PATCH",code="200"\} \d+$/m)
      expect(metrics).toMatch(/^styrmin_agent_leader 1$/m)
    } finally {
      await second.stop()
      agent = await startTestAgent(server, plane.kubeconfig)
    }
  })

  describe('hooks', () => {
    const job = (
      name: string,
      hook: { readonly event: string; readonly weight: number; readonly policies: readonly string[] },
      annotations: JsonObject = {},
    ): ReturnType<typeof manifest> =>
      manifest(
        {
          apiVersion: 'batch/v1',
          kind: 'Job',
          metadata: { name },
          spec: {
            backoffLimit: 0,
            template: {
              metadata: { annotations },
              spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'registry.test/job:1' }] },
            },
          },
        },
        { hook: { events: [hook.event], weight: hook.weight, deletePolicies: hook.policies } },
      )

    test('run in order of weight, are waited for, and go when they are to', async () => {
      const extra = [
        job('second', { event: 'pre-install', weight: 5, policies: ['hook-succeeded'] }),
        job('first', { event: 'pre-install', weight: -1, policies: [] }),
      ]
      const made = await install({ name: 'hooked', extra })
      const { namespace } = made.instance
      const run = await cluster.get('StyrminRun', namespace, `${nameOf(made)}-1`)
      expect(listAt(run, 'status', 'steps').map((step) => textAt(step, 'name'))).toEqual([
        'namespace',
        'apply/hook/pre-install#1:Job/first',
        'apply/hook/pre-install#2:Job/second',
        'apply/hook/pre-install/tidy',
        'apply',
        'wait-ready',
      ])
      const jobs = await eventually({ what: 'the second Job gone' }, async () => {
        const names = (await cluster.list('Job', namespace)).map((object) => textAt(object, 'metadata', 'name'))
        return names.length === 1 ? names : undefined
      })
      expect(jobs).toEqual(['first'])
    })

    test('that fail before the apply leave everything as it was', async () => {
      const before = await install({ name: 'unhooked' })
      const { namespace } = before.instance
      const extra = [job('check', { event: 'pre-upgrade', weight: 0, policies: [] }, FAILS)]
      const after = shop({ ...before.options, greeting: 'never', extra })
      ask(change('config', before, after))
      const object = await settled(
        cluster,
        { namespace, name: nameOf(after), what: 'stalled' },
        (found) => condition(found, 'Stalled')?.['status'] === 'True',
      )
      expect(condition(object, 'Ready')?.['message']).toContain('hook Job/check failed in Job/check')
      expect(at(object, 'status', 'active')).toBe(before.instance.digest)
      expect((await cluster.get('ConfigMap', namespace, 'unhooked'))?.['data']).toEqual({ greeting: 'hello' })
      const mended = shop({ ...before.options, greeting: 'mended' })
      ask(change('config', before, mended))
      await settled(
        cluster,
        { namespace, name: nameOf(mended), what: 'the mended Instance' },
        (found) => at(found, 'status', 'active') === mended.instance.digest && isReady(found),
      )
    })
  })
}

function isReady(object: JsonObject): boolean {
  return condition(object, 'Ready')?.['status'] === 'True'
}

/** An agent with what a test needs to know of it. */
function startTestAgent(server: IntentServer, kubeconfig: string): Promise<Agent> {
  const logLevel = process.env['TEST_AGENT_LOG'] === undefined ? 'silent' : 'info'
  const config = { serverUrl: server.url, token: TOKEN, kubeconfig, name: 'test', logLevel } as const
  return startAgent(config, new AbortController().signal)
}

/** From the moment on that both workloads are at 0 until the migration has ended: the highest replicas, and the image. */
async function watchFromStop(
  cluster: TestCluster,
  namespace: string,
): Promise<() => Promise<{ server: number; worker: number; imageWhileStopped: unknown }>> {
  const scope = { apiVersion: 'apps/v1', kind: 'Deployment', namespace }
  const { resourceVersion } = await cluster.api.list(scope, new AbortController().signal)
  const events: JsonObject[] = []
  const stop = new AbortController()
  const watching = (async () => {
    for await (const { object } of cluster.api.watch(scope, resourceVersion, stop.signal)) events.push(object)
  })().catch(() => undefined)
  return async () => {
    stop.abort(new Error('seen enough'))
    await watching
    const seen = (name: string): readonly JsonObject[] => {
      const own = events.filter((object) => textAt(object, 'metadata', 'name') === name)
      const first = own.findIndex((object) => at(object, 'spec', 'replicas') === 0)
      const last = own.findLastIndex((object) => at(object, 'spec', 'replicas') === 0)
      return first < 0 ? [] : own.slice(first, last + 1)
    }
    const highest = (objects: readonly JsonObject[]): number =>
      Math.max(...objects.map((object) => Number(at(object, 'spec', 'replicas'))))
    const image = ['spec', 'template', 'spec', 'containers', 0, 'image'] as const
    const serverEvents = seen('shop-server')
    return {
      server: highest(serverEvents),
      worker: highest(seen('shop-worker')),
      imageWhileStopped: at(serverEvents.at(-1), ...image),
    }
  }
}
