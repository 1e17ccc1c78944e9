import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { corePath, deployment, groupPath } from '../contract/kube/fixtures.ts'
import { type KubeHttp, kubeHttp } from '../contract/kube/http.ts'
import { type JsonObject, at, listAt } from '../../src/util/json.ts'
import { acquireControlPlane } from './shared.ts'
import { eventually } from './wait.ts'

const plane = acquireControlPlane()

// Real nodes, as a container engine brings them, know nothing of these annotations.
describe.skipIf(plane?.etcdUrl === undefined)('a pod on a simulated node', () => {
  let opened: KubeHttp | undefined
  let namespace = ''

  beforeAll(async () => {
    if (plane === undefined) throw new Error('skipped without a control plane')
    opened = kubeHttp(plane)
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { generateName: 'stages-' } }
    namespace = (await opened.post('/api/v1/namespaces', body)).textAt('metadata', 'name')
  })

  afterAll(() => opened?.close())

  function kube(): KubeHttp {
    if (opened === undefined) throw new Error('not open')
    return opened
  }

  async function seen(path: string, wanted: (body: JsonObject) => boolean): Promise<JsonObject> {
    return eventually({ what: `${path} is as wanted` }, async () => {
      const { body } = await kube().get(path)
      return wanted(body) ? body : undefined
    })
  }

  async function deploy(name: string, annotations: JsonObject): Promise<string> {
    const path = groupPath('apps/v1', namespace, 'deployments')
    const body = deployment(name, 1)
    const spec = Object(body['spec']) as JsonObject
    const template = Object(spec['template']) as JsonObject
    const metadata = { labels: { app: name }, annotations }
    await kube().post(path, { ...body, spec: { ...spec, template: { ...template, metadata } } })
    return `${corePath(namespace, 'pods')}?labelSelector=app%3D${name}`
  }

  async function job(name: string, annotations: JsonObject): Promise<string> {
    const containers = [{ name: 'main', image: 'busybox:1.36' }]
    const template = { metadata: { annotations }, spec: { restartPolicy: 'Never', containers } }
    const body = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { backoffLimit: 0, template } }
    await kube().post(groupPath('batch/v1', namespace, 'jobs'), body)
    return groupPath('batch/v1', namespace, 'jobs', name)
  }

  test('that asks to hang runs and is not ready', async () => {
    const pods = await deploy('hang', { 'test.styrmin.io/outcome': 'hang' })
    const { items } = await seen(pods, (body) => at(body, 'items', 0, 'status', 'phase') === 'Running')
    expect(readiness(listAt({ items: items ?? [] }, 'items')[0])).toBe('False')
  })

  test('that asks to crash waits in CrashLoopBackOff', async () => {
    const pods = await deploy('crash', { 'test.styrmin.io/outcome': 'crash' })
    await seen(pods, (body) => {
      const status = at(body, 'items', 0, 'status', 'containerStatuses', 0)
      return (
        at(status, 'state', 'waiting', 'reason') === 'CrashLoopBackOff' &&
        at(status, 'lastState', 'terminated', 'exitCode') === 1
      )
    })
  })

  test('that asks for time becomes ready after it', async () => {
    const pods = await deploy('late', { 'test.styrmin.io/ready-after': '2s' })
    const { items } = await seen(pods, (body) => readiness(at(body, 'items', 0)) === 'True')
    const pod = at(items, 0)
    const ready = listAt(pod, 'status', 'conditions').find((one) => at(one, 'type') === 'Ready')
    expect(secondsBetween(at(pod, 'metadata', 'creationTimestamp'), at(ready, 'lastTransitionTime'))).toBeGreaterThan(1)
  })

  test('of a Job that asks to fail fails the Job', async () => {
    const path = await job('fail', { 'test.styrmin.io/outcome': 'fail' })
    const failed = await seen(path, (body) => condition(body, 'Failed') === 'True')
    expect(at(failed, 'status', 'failed')).toBe(1)
  })

  test('of a Job that asks for time completes after it', async () => {
    const path = await job('late', { 'test.styrmin.io/complete-after': '2s' })
    const { status } = await seen(path, (body) => condition(body, 'Complete') === 'True')
    expect(secondsBetween(at(status, 'startTime'), at(status, 'completionTime'))).toBeGreaterThan(1)
  })
})

function condition(body: JsonObject, type: string): unknown {
  const found = listAt(body, 'status', 'conditions').find((one) => at(one, 'type') === type)
  return at(found, 'status')
}

function readiness(pod: ReturnType<typeof at>): unknown {
  const found = listAt(pod, 'status', 'conditions').find((one) => at(one, 'type') === 'Ready')
  return at(found, 'status')
}

/** By the server's own clock, which counts whole seconds. */
function secondsBetween(from: unknown, to: unknown): number {
  return (Date.parse(String(to)) - Date.parse(String(from))) / 1_000
}
