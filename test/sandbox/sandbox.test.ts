import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/main.ts'
import { type Json, type JsonObject, listAt, textAt } from '../../src/util/json.ts'
import { parseYaml } from '../../src/util/yaml.ts'
import { configMap, corePath, deployment, groupPath } from '../contract/kube/fixtures.ts'
import { type KubeHttp, kubeHttp } from '../contract/kube/http.ts'
import { eventually } from '../cluster/wait.ts'

const opened: { readonly sandbox: Sandbox; readonly kube: KubeHttp }[] = []

afterEach(async () => {
  for (const { sandbox, kube } of opened.splice(0)) {
    kube.close()
    await sandbox.stop()
  }
})

async function open(options: SandboxOptions = {}): Promise<{ readonly sandbox: Sandbox; readonly kube: KubeHttp }> {
  const sandbox = await startSandbox(options)
  const pair = { sandbox, kube: kubeHttp(sandbox) }
  opened.push(pair)
  return pair
}

const MAPS = corePath('default', 'configmaps')
const JOBS = groupPath('batch/v1', 'default', 'jobs')
const DEPLOYMENTS = groupPath('apps/v1', 'default', 'deployments')

describe('a sandbox', () => {
  test('answers nobody without its token, except about its health', async () => {
    const { kube, sandbox } = await open()
    expect((await kube.get(MAPS, { token: 'other' })).status).toBe(401)
    for (const path of ['/healthz', '/livez', '/readyz', '/version']) {
      expect((await fetch(`${sandbox.url}${path}`)).status).toBe(200)
    }
  })

  test('prints a kubeconfig that names its address and token', async () => {
    const { sandbox } = await open()
    const [document] = parseYaml(sandbox.kubeconfig())
    expect(document?.value).toMatchObject({
      kind: 'Config',
      clusters: [{ cluster: { server: expect.stringContaining(sandbox.url) } }],
      users: [{ user: { token: sandbox.token } }],
    })
  })

  test('counts requests by verb and kind', async () => {
    const { kube, sandbox } = await open()
    await kube.post(MAPS, configMap('a'))
    await kube.get(`${MAPS}/a`)
    await kube.get(MAPS)
    const { byVerb, reads, writes } = sandbox.requests()
    expect({ reads, writes }).toEqual({ reads: 2, writes: 1 })
    expect([...byVerb.keys()].sort()).toEqual(['create /configmaps', 'get /configmaps', 'list /configmaps'])
  })

  test('stops when its signal says so', async () => {
    const controller = new AbortController()
    const sandbox = await startSandbox({}, controller.signal)
    controller.abort()
    await sandbox.stop()
    await expect(fetch(`${sandbox.url}/healthz`)).rejects.toThrow()
  })
})

describe('faults', () => {
  test('drop a write before it is done, so that nothing is stored', async () => {
    const { kube } = await open({ faults: { onRequest: (n) => (n === 1 ? 'drop-before' : 'pass') } })
    await expect(kube.post(MAPS, configMap('a'))).rejects.toThrow()
    expect((await kube.get(`${MAPS}/a`)).status).toBe(404)
    expect((await kube.post(MAPS, configMap('a'))).status).toBe(201)
  })

  test('drop the answer to a write that is done', async () => {
    const { kube } = await open({ faults: { onRequest: (n) => (n === 1 ? 'drop-reply' : 'pass') } })
    await expect(kube.post(MAPS, configMap('a'))).rejects.toThrow()
    expect((await kube.get(`${MAPS}/a`)).status).toBe(200)
  })

  test('answer a write with another status and how long to wait', async () => {
    const { kube, sandbox } = await open()
    sandbox.setFaults({ onRequest: () => ({ status: 429, retryAfterSeconds: 3 }) })
    const reply = await kube.post(MAPS, configMap('a'))
    expect(reply).toMatchObject({ status: 429, body: { reason: 'TooManyRequests', code: 429 } })
    expect(reply.headers['retry-after']).toBe('3')
    sandbox.setFaults(undefined)
    expect((await kube.post(MAPS, configMap('a'))).status).toBe(201)
  })

  test('number the writes, not the reads', async () => {
    const seen: string[] = []
    const { kube } = await open({ faults: { onRequest: (n, method) => (seen.push(`${n} ${method}`), 'pass') } })
    await kube.get(MAPS)
    await kube.post(MAPS, configMap('a'))
    await kube.get(`${MAPS}/a`)
    await kube.delete(`${MAPS}/a`)
    expect(seen).toEqual(['1 POST', '2 DELETE'])
  })

  test('cut every open watch', async () => {
    const { kube, sandbox } = await open()
    const watch = await kube.watch(`${MAPS}?watch=true`)
    sandbox.cutWatches()
    await expect(watch.next().catch(() => undefined)).resolves.toBeUndefined()
  })

  test('hold watches back, and then tell all that was missed in order', async () => {
    const { kube, sandbox } = await open()
    const watch = await kube.watch(`${MAPS}?watch=true`)
    sandbox.lagWatches(true)
    await kube.post(MAPS, configMap('a'))
    await kube.post(MAPS, configMap('b'))
    sandbox.lagWatches(false)
    const names = [await watch.next(), await watch.next()].map((event) => textAt(event?.object, 'metadata', 'name'))
    expect(names).toEqual(['a', 'b'])
    watch.close()
  })

  test('a history that is full forgets the oldest changes', async () => {
    const { kube } = await open({ historySize: 4 })
    const first = await kube.post(MAPS, configMap('a'))
    for (let count = 0; count < 20; count++) await kube.patch(`${MAPS}/a`, { data: { n: String(count) } }, 'merge')
    const watch = await kube.watch(`${MAPS}?watch=true&resourceVersion=${first.textAt('metadata', 'resourceVersion')}`)
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
  })
})

describe('a folder', () => {
  test('keeps objects, versions, definitions and the token over a restart', async () => {
    const dataFolder = await mkdtemp(join(tmpdir(), 'sandbox-'))
    const before = await open({ dataFolder })
    await before.kube.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition())
    const things = groupPath('x.test/v1', 'default', 'things')
    await eventually(
      { what: 'the kind is served' },
      async () => (await before.kube.get(things)).status === 200 || undefined,
    )
    const made = await before.kube.post(things, {
      apiVersion: 'x.test/v1',
      kind: 'Thing',
      metadata: { name: 'a' },
      spec: { n: 1 },
    })
    const map = await before.kube.apply(`${MAPS}/a`, 'one', configMap('a', { k: 'v' }))
    await before.sandbox.stop()

    const after = await open({ dataFolder })
    expect(after.sandbox.token).toBe(before.sandbox.token)
    expect((await after.kube.get(`${MAPS}/a`)).body).toEqual(map.body)
    expect((await after.kube.get(`${things}/a`)).body).toEqual(made.body)
    const next = await after.kube.post(MAPS, configMap('b'))
    expect(Number(next.at('metadata', 'resourceVersion'))).toBeGreaterThan(
      Number(map.at('metadata', 'resourceVersion')),
    )
    await after.sandbox.stop()
    await rm(dataFolder, { recursive: true })
  })
})

describe('annotations of a pod template', () => {
  test('keep a Deployment from becoming available, while its old pods go on', async () => {
    const { kube } = await open()
    await kube.post(DEPLOYMENTS, deployment('a', 2))
    await until(kube, `${DEPLOYMENTS}/a`, (body) => condition(body, 'Available') === 'True')
    const annotations = { 'sandbox.styrmin.io/never-ready': 'true' }
    await kube.patch(`${DEPLOYMENTS}/a`, { spec: { template: { metadata: { annotations } } } }, 'merge')
    const stuck = await until(kube, `${DEPLOYMENTS}/a`, (body) => count(body, 'updatedReplicas') === 1)
    expect(count(stuck, 'availableReplicas')).toBe(2)
    expect(count(stuck, 'replicas')).toBe(3)
  })

  test('let a Deployment pass its deadline', async () => {
    const { kube } = await open()
    const body = deployment('a', 1)
    const spec = Object(body['spec']) as JsonObject
    const template = {
      ...(Object(spec['template']) as JsonObject),
      metadata: { labels: { app: 'a' }, annotations: { 'sandbox.styrmin.io/never-ready': 'true' } },
    }
    await kube.post(DEPLOYMENTS, { ...body, spec: { ...spec, template, progressDeadlineSeconds: 1 } })
    const late = await until(kube, `${DEPLOYMENTS}/a`, (found) => condition(found, 'Progressing') === 'False')
    expect(listAt(late, 'status', 'conditions')).toContainEqual(
      expect.objectContaining({ reason: 'ProgressDeadlineExceeded' }),
    )
  })

  test('make a Job fail once its retries are spent', async () => {
    const { kube } = await open()
    await kube.post(JOBS, job({ 'sandbox.styrmin.io/fail': 'true' }, { backoffLimit: 1 }))
    const failed = await until(kube, `${JOBS}/a`, (body) => condition(body, 'Failed') === 'True')
    expect(count(failed, 'failed')).toBe(2)
    expect(listAt(failed, 'status', 'conditions')).toContainEqual(
      expect.objectContaining({ type: 'Failed', reason: 'BackoffLimitExceeded' }),
    )
  })

  test('let a Job run for a while', async () => {
    const { kube } = await open()
    await kube.post(JOBS, job({ 'sandbox.styrmin.io/run-ms': '1500' }, {}))
    await until(kube, `${JOBS}/a`, (body) => count(body, 'ready') === 1)
    expect(condition((await kube.get(`${JOBS}/a`)).body, 'Complete')).toBeUndefined()
    await until(kube, `${JOBS}/a`, (body) => condition(body, 'Complete') === 'True')
  })

  test('a finished Job goes after its time to live', async () => {
    const { kube } = await open()
    await kube.post(JOBS, job({}, { ttlSecondsAfterFinished: 0 }))
    await eventually({ what: 'the Job is gone' }, async () => (await kube.get(`${JOBS}/a`)).status === 404 || undefined)
  })
})

test('a StatefulSet mounts the claims it makes, and they are bound', async () => {
  const { kube } = await open()
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
  const containers = [{ name: 'main', image: 'x:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }]
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers } }
  const spec = {
    serviceName: 'a',
    replicas: 1,
    selector: { matchLabels: { app: 'a' } },
    template,
    volumeClaimTemplates: [claim],
  }
  const sets = groupPath('apps/v1', 'default', 'statefulsets')
  expect(
    (await kube.post(sets, { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'a' }, spec })).status,
  ).toBe(201)
  await until(kube, `${sets}/a`, (body) => count(body, 'readyReplicas') === 1)
  const pod = await kube.get(corePath('default', 'pods', 'a-0'))
  expect(listAt(pod.body, 'spec', 'volumes')).toEqual([
    { name: 'data', persistentVolumeClaim: { claimName: 'data-a-0' } },
  ])
  const bound = await until(
    kube,
    corePath('default', 'persistentvolumeclaims', 'data-a-0'),
    (body) => Object(body['status']).phase === 'Bound',
  )
  expect(bound['spec']).toMatchObject({ storageClassName: 'standard', volumeName: expect.stringMatching(/^pvc-/) })
})

test('the log of a pod says what ran', async () => {
  const { kube } = await open()
  await kube.post(JOBS, job({}, {}))
  await until(kube, `${JOBS}/a`, (body) => condition(body, 'Complete') === 'True')
  const pods = corePath('default', 'pods')
  const name = textAt((await kube.get(pods)).body, 'items', 0, 'metadata', 'name') ?? ''
  expect((await kube.get(`${pods}/${name}/log`)).text).toBe('image busybox:1.36\nargv ["true"]\nphase Succeeded\n')
})

test('a definition whose rule is outside of the known part of CEL is refused with the rule named', async () => {
  const { kube } = await open()
  const rule = { rule: 'self.n.format("x") == 1', message: 'no' }
  const reply = await kube.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition([rule]))
  expect(reply.status).toBe(422)
  expect(reply.textAt('message')).toContain(rule.rule.replaceAll('"', String.raw`\"`))
})

function definition(rules: readonly Json[] = []): JsonObject {
  const spec = {
    type: 'object',
    properties: { n: { type: 'integer' } },
    ...(rules.length > 0 ? { 'x-kubernetes-validations': rules } : {}),
  }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.x.test' },
    spec: {
      group: 'x.test',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        },
      ],
    },
  }
}

function job(annotations: JsonObject, more: JsonObject): JsonObject {
  const containers = [{ name: 'main', image: 'busybox:1.36', command: ['true'] }]
  const template = { metadata: { annotations }, spec: { restartPolicy: 'Never', containers } }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a' }, spec: { template, ...more } }
}

function condition(body: JsonObject, type: string): string | undefined {
  return textAt(
    listAt(body, 'status', 'conditions').find((one) => textAt(one, 'type') === type),
    'status',
  )
}

function count(body: JsonObject, key: string): number {
  const status = Object(body['status']) as JsonObject
  return Number(status[key] ?? 0)
}

async function until(kube: KubeHttp, path: string, wanted: (body: JsonObject) => boolean): Promise<JsonObject> {
  return eventually({ what: `${path} is as wanted` }, async () => {
    const { body } = await kube.get(path)
    return wanted(body) ? body : undefined
  })
}
