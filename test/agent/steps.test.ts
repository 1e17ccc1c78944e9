import { describe, expect, test } from 'vitest'
import { commandJob, jobName, repositoryOf } from '../../src/agent/steps/command-job.ts'
import { desiredObject } from '../../src/agent/steps/desired-object.ts'
import { hooksOf } from '../../src/agent/steps/hooks.ts'
import { conditionsOf } from '../../src/agent/status.ts'
import { NOTHING_STOPPED, type Stopped } from '../../src/agent/resources.ts'
import { parseStableId, toDigest } from '../../src/domain/ids.ts'
import type { Bundle } from '../../src/domain/wire.ts'
import { digestOf } from '../../src/util/digest.ts'
import { at, type JsonObject, objectAt } from '../../src/util/json.ts'
import { manifest } from './kit/shop.ts'

const id =
  parseStableId('0badcafe') ??
  (() => {
    throw new Error('no id')
  })()
const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' }

function deployment(spec: JsonObject = { replicas: 3 }): JsonObject {
  const template = { metadata: { labels: { app: 'shop', tier: 'web', 'pod-template-hash': 'abc' } }, spec: POD }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { ...spec, template } }
}

const POD: JsonObject = {
  serviceAccountName: 'web',
  securityContext: { runAsNonRoot: true },
  volumes: [{ name: 'data' }],
  containers: [
    { name: 'side', image: 'registry.test/side:1', env: [{ name: 'SIDE', value: '1' }] },
    {
      name: 'web',
      image: 'registry.test:5000/web:1',
      env: [{ name: 'DB', value: 'x' }],
      securityContext: { runAsUser: 1 },
      ports: [{ containerPort: 80 }],
      livenessProbe: { httpGet: { port: 80 } },
    },
  ],
}

function bundle(objects: readonly JsonObject[] = [], components: Bundle['components'] = {}): Bundle {
  return {
    version: 1,
    deployment: { environment: 'shop', name: 'web', id, namespace: 'shop' },
    release: 'web',
    instance: toDigest(digestOf('instance')),
    appVersion: '1',
    driver: { name: 'web', version: '1' },
    context: {},
    components,
    podSecurity: '',
    drift: 'repair',
    onFailure: 'hold',
    dependsOn: [],
    manifests: objects.map((object) => manifest(object)),
    actions: [],
    steps: [],
    class: 'create',
  }
}

describe('what is applied', () => {
  const replicasWith = (stopped: Partial<Stopped>, made: Bundle): unknown =>
    at(
      desiredObject(manifest(deployment()), {
        ref,
        bundle: made,
        stopped: { ...NOTHING_STOPPED, ...stopped },
        generated: {},
      }),
      'spec',
      'replicas',
    )
  const components = { web: { labels: { tier: 'web' } }, worker: { labels: { tier: 'worker' } } }
  const hpa: JsonObject = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
  }

  test.for([
    { name: 'the chart’s replicas', stopped: {}, made: bundle([], components), want: 3 },
    { name: '0 for a stopped component', stopped: { components: ['web'] }, made: bundle([], components), want: 0 },
    {
      name: 'its own replicas beside a stopped one',
      stopped: { components: ['worker'] },
      made: bundle([], components),
      want: 3,
    },
    { name: '0 when all is stopped', stopped: { all: true }, made: bundle([], components), want: 0 },
    { name: 'no replicas under an autoscaler', stopped: {}, made: bundle([hpa], components), want: undefined },
    { name: '0 under an autoscaler when stopped', stopped: { all: true }, made: bundle([hpa], components), want: 0 },
  ])('has $name', ({ stopped, made, want }) => {
    expect(replicasWith(stopped, made)).toBe(want)
  })

  test('is suspended when it is a CronJob that is stopped', () => {
    const cron: JsonObject = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'c' },
      spec: { schedule: '* * * * *' },
    }
    const stopped = { ...NOTHING_STOPPED, all: true }
    expect(desiredObject(manifest(cron), { ref, bundle: bundle(), stopped, generated: {} })['spec']).toEqual({
      schedule: '* * * * *',
      suspend: true,
    })
  })

  test('has generated values in their places, and nothing else is touched', () => {
    const secret: JsonObject = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      data: { 'a/b': '<generated>', c: 'd' },
    }
    const made = manifest(secret, { generated: ['/data/a~1b'] })
    const dressing = { ref: { ...ref, apiVersion: 'v1', kind: 'Secret' }, bundle: bundle(), stopped: NOTHING_STOPPED }
    const object = desiredObject(made, { ...dressing, generated: { '/data/a~1b': 'c2VjcmV0' } })
    expect(object['data']).toEqual({ 'a/b': 'c2VjcmV0', c: 'd' })
    expect(objectAt(object, 'metadata', 'labels')).toEqual({ 'styrmin.io/deployment-id': '0badcafe' })
  })
})

describe('the Job of a command', () => {
  const job = (eagerSelectors: readonly JsonObject[] = []): JsonObject =>
    commandJob({
      name: 'job',
      namespace: 'shop',
      id,
      run: { name: 'web-1', uid: 'uid' },
      argv: ['migrate', '--to', '2'],
      image: 'registry.test:5000/web:2',
      timeoutSeconds: 60,
      envFrom: deployment(),
      labelsFrom: deployment(),
      eagerSelectors,
    })
  const pod = (object: JsonObject): JsonObject => objectAt(object, 'spec', 'template')

  test('borrows from the container of its image, and neither ports nor probes nor volumes', () => {
    const spec = objectAt(pod(job()), 'spec')
    expect(spec['containers']).toEqual([
      {
        env: [{ name: 'DB', value: 'x' }],
        securityContext: { runAsUser: 1 },
        name: 'command',
        image: 'registry.test:5000/web:2',
        command: ['migrate', '--to', '2'],
      },
    ])
    expect(spec).toMatchObject({
      serviceAccountName: 'web',
      securityContext: { runAsNonRoot: true },
      restartPolicy: 'Never',
    })
    expect(spec['volumes']).toBeUndefined()
  })

  test('is never tried again by itself, and belongs to its run', () => {
    expect(at(job(), 'spec', 'backoffLimit')).toBe(0)
    expect(at(job(), 'metadata', 'ownerReferences', 0)).toMatchObject({ kind: 'StyrminRun', name: 'web-1', uid: 'uid' })
  })

  test('has pods with the component’s labels that no controller would take for its own, and that are never ready', () => {
    expect(at(pod(job()), 'metadata', 'labels')).toEqual({
      app: 'shop',
      tier: 'web',
      'app.kubernetes.io/managed-by': 'styrmin',
    })
    expect(at(pod(job()), 'spec', 'readinessGates')).toEqual([{ conditionType: 'styrmin.io/not-a-server' }])
  })

  test('is in no Service that takes pods that are not ready', () => {
    const labels = at(pod(job([{ app: 'shop', tier: 'web' }])), 'metadata', 'labels')
    expect(labels).toEqual({ app: 'shop', 'app.kubernetes.io/managed-by': 'styrmin' })
  })

  test('is named after its run and step', () => {
    expect(jobName('web-0badcafe-7', 3, 0)).toBe('web-0badcafe-7-s3-0')
  })

  test.for([
    { of: 'a short name', runs: ['web-0badcafe-7', 'web-0badcafe-8'] },
    { of: 'a long name', runs: [`${'x'.repeat(54)}-0badcafe-7`, `${'x'.repeat(54)}-0badcafe-8`] },
    { of: 'long names', runs: [`${'x'.repeat(54)}-0badcafe-7`, `${'x'.repeat(54)}-deadbeef-7`] },
    {
      of: 'a name that is cut at a dash',
      runs: [`${'x'.repeat(45)}---${'y'.repeat(15)}-7`, `${'x'.repeat(45)}----7-8`],
    },
    { of: 'a name of the longest run', runs: [`${'x'.repeat(54)}-0badcafe-123`, `${'x'.repeat(54)}-0badcafe-124`] },
  ])('has another name in another run of $of, and a valid one', ({ runs }) => {
    const names = runs.map((run) => jobName(run, 12, 3))
    expect(new Set(names).size).toBe(runs.length)
    for (const name of names) expect(name).toMatch(/^(?=.{1,63}$)[a-z]([-a-z0-9]*[a-z0-9])?$/)
  })

  test.for([
    { image: 'web', want: 'web' },
    { image: 'web:1', want: 'web' },
    { image: 'r.test:5000/web', want: 'r.test:5000/web' },
    { image: 'r.test:5000/web:1@sha256:abc', want: 'r.test:5000/web' },
  ])('finds the repository of $image', ({ image, want }) => {
    expect(repositoryOf(image)).toBe(want)
  })
})

test('hooks run by weight, then name, and only those of the event', () => {
  const hook = (name: string, weight: number, event = 'pre-install'): ReturnType<typeof manifest> =>
    manifest(
      { apiVersion: 'batch/v1', kind: 'Job', metadata: { name } },
      { hook: { events: [event], weight, deletePolicies: [] } },
    )
  const all = [hook('b', 1), hook('a', 1), hook('z', -5), hook('x', 0, 'test')]
  expect(hooksOf(all, 'pre-install').map(({ object }) => at(object, 'metadata', 'name'))).toEqual(['z', 'a', 'b'])
})

test('a condition keeps its time while its status does not flip', () => {
  const first = conditionsOf({ ready: false, reconciling: true, reason: 'A', message: 'a' }, [], 1, 't1')
  expect(first.map(({ type, status }) => `${type} ${status}`)).toEqual(['Ready False', 'Reconciling True'])
  const second = conditionsOf({ ready: false, stalled: true, reason: 'B', message: 'b' }, first, 2, 't2')
  expect(second).toMatchObject([
    { type: 'Ready', lastTransitionTime: 't1', observedGeneration: 2, reason: 'B' },
    { type: 'Stalled', lastTransitionTime: 't2' },
  ])
  expect(conditionsOf({ ready: true, reason: 'C', message: '' }, second, 2, 't3')).toMatchObject([
    { type: 'Ready', status: 'True', lastTransitionTime: 't3' },
  ])
})
