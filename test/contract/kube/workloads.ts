import { describe, expect, test } from 'vitest'
import { eventually } from '../../cluster/wait.ts'
import type { Json, JsonObject } from '../../../src/util/json.ts'
import { at, listAt, objectAt, textAt } from '../../../src/util/json.ts'
import { type Contract, corePath, deployment, groupPath, PAUSE, versionOf } from './fixtures.ts'
import type { KubeHttp } from './http.ts'

/** Workloads come up, are scaled, changed and completed by controllers. */
export function workloadContract(contract: () => Contract): void {
  describe('a Deployment', () => {
    test('makes a ReplicaSet whose pods become ready', async () => {
      const { kube, namespace } = contract()
      const space = await namespace()
      const path = groupPath('apps/v1', space, 'deployments')
      const { uid } = versionOf(await kube.post(path, deployment('a', 2)))
      const ready = await seen(
        kube,
        `${path}/a`,
        'it is available',
        (one) => at(one, 'status', 'availableReplicas') === 2,
      )
      expect(ready).toMatchObject({
        status: { observedGeneration: 1, replicas: 2, readyReplicas: 2, updatedReplicas: 2 },
      })
      expect(listAt(ready, 'status', 'conditions')).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' }),
          expect.objectContaining({ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' }),
        ]),
      )
      const sets = listAt((await kube.get(groupPath('apps/v1', space, 'replicasets'))).body, 'items')
      expect(sets).toHaveLength(1)
      expect(sets[0]).toMatchObject({
        metadata: {
          labels: { app: 'a', 'pod-template-hash': expect.stringMatching(/^[a-z0-9]+$/) },
          ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'a', uid, controller: true }],
        },
      })
      const pods = listAt((await kube.get(`${corePath(space, 'pods')}?labelSelector=app%3Da`)).body, 'items')
      expect(pods).toHaveLength(2)
      for (const pod of pods) expect(podReady(pod)).toBe(true)
      expect(pods[0]).toMatchObject({
        metadata: { ownerReferences: [{ kind: 'ReplicaSet', name: at(sets[0], 'metadata', 'name') }] },
        status: { phase: 'Running', containerStatuses: [{ name: 'main', ready: true, image: PAUSE }] },
      })
    })

    test('gets the defaults of its kind', async () => {
      const { kube, namespace } = contract()
      const made = await kube.post(groupPath('apps/v1', await namespace(), 'deployments'), deployment('a', 0))
      expect(made.body).toMatchObject({
        spec: {
          progressDeadlineSeconds: 600,
          revisionHistoryLimit: 10,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
          template: {
            spec: {
              restartPolicy: 'Always',
              terminationGracePeriodSeconds: 30,
              dnsPolicy: 'ClusterFirst',
              schedulerName: 'default-scheduler',
              securityContext: {},
              containers: [{ imagePullPolicy: 'IfNotPresent', terminationMessagePath: '/dev/termination-log' }],
            },
          },
        },
      })
    })

    test('is scaled through its subresource', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments')
      await kube.post(path, deployment('a', 1))
      const scale = await kube.get(`${path}/a/scale`)
      expect(scale.body).toMatchObject({
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: { name: 'a' },
        spec: { replicas: 1 },
        status: { selector: 'app=a' },
      })
      const up = await kube.patch(`${path}/a/scale`, { spec: { replicas: 3 } }, 'merge')
      expect(up.at('spec', 'replicas')).toBe(3)
      await seen(kube, `${path}/a`, 'three are ready', (one) => at(one, 'status', 'readyReplicas') === 3)
      const down = await kube.put(`${path}/a/scale`, { ...up.body, metadata: { name: 'a' }, spec: { replicas: 0 } })
      expect(down.status).toBe(200)
      const none = await seen(kube, `${path}/a`, 'none is left', (one) => {
        return at(one, 'status', 'replicas') === undefined && at(one, 'status', 'observedGeneration') === 3
      })
      expect(at(none, 'status', 'readyReplicas')).toBeUndefined()
      expect(versionOf(await kube.get(`${path}/a`)).generation).toBe(3)
    })

    test('rolls over to a new template and keeps the old ReplicaSet at none', async () => {
      const { kube, namespace } = contract()
      const space = await namespace()
      const path = groupPath('apps/v1', space, 'deployments')
      await kube.post(path, deployment('a', 2))
      await seen(kube, `${path}/a`, 'it is available', (one) => at(one, 'status', 'availableReplicas') === 2)
      await kube.patch(`${path}/a`, { spec: { template: { metadata: { annotations: { turn: '2' } } } } }, 'merge')
      const rolled = await seen(kube, `${path}/a`, 'the new template is out', (one) => {
        const { observedGeneration, updatedReplicas, availableReplicas, replicas } = Object(
          at(one, 'status'),
        ) as JsonObject
        return observedGeneration === 2 && updatedReplicas === 2 && availableReplicas === 2 && replicas === 2
      })
      expect(at(rolled, 'metadata', 'annotations', 'deployment.kubernetes.io/revision')).toBe('2')
      const sets = listAt((await kube.get(groupPath('apps/v1', space, 'replicasets'))).body, 'items')
      expect(sets.map((one) => Number(at(one, 'spec', 'replicas'))).toSorted((a, b) => a - b)).toEqual([0, 2])
    })

    test('replaces a pod that is deleted', async () => {
      const { kube, namespace } = contract()
      const space = await namespace()
      const path = groupPath('apps/v1', space, 'deployments')
      await kube.post(path, deployment('a', 1))
      await seen(kube, `${path}/a`, 'it is available', (one) => at(one, 'status', 'availableReplicas') === 1)
      const [pod] = listAt((await kube.get(corePath(space, 'pods'))).body, 'items')
      const name = textAt(pod, 'metadata', 'name') ?? ''
      await kube.delete(corePath(space, 'pods', name))
      await seen(kube, corePath(space, 'pods'), 'another pod is ready', (list) => {
        return listAt(list, 'items').some((one) => at(one, 'metadata', 'name') !== name && podReady(one))
      })
    })

    test('deleted takes its ReplicaSets and pods with it', async () => {
      const { kube, namespace } = contract()
      const space = await namespace()
      const path = groupPath('apps/v1', space, 'deployments')
      await kube.post(path, deployment('a', 1))
      await seen(kube, `${path}/a`, 'it is available', (one) => at(one, 'status', 'availableReplicas') === 1)
      await kube.delete(`${path}/a`)
      await seen(kube, corePath(space, 'pods'), 'no pod is left', (list) => listAt(list, 'items').length === 0)
      await seen(
        kube,
        groupPath('apps/v1', space, 'replicasets'),
        'no set is left',
        (list) => listAt(list, 'items').length === 0,
      )
    })
  })

  describe('a StatefulSet', () => {
    test('brings up numbered pods, one after the other', async () => {
      const { kube, namespace } = contract()
      const space = await namespace()
      const path = groupPath('apps/v1', space, 'statefulsets')
      const { spec } = deployment('a', 2)
      const made = await kube.post(path, {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'a' },
        spec: { ...Object(spec), serviceName: 'a' },
      })
      expect(made.body).toMatchObject({
        spec: { podManagementPolicy: 'OrderedReady', updateStrategy: { type: 'RollingUpdate' } },
      })
      const ready = await seen(kube, `${path}/a`, 'two are ready', (one) => at(one, 'status', 'readyReplicas') === 2)
      expect(ready).toMatchObject({ status: { currentReplicas: 2, updatedReplicas: 2, observedGeneration: 1 } })
      expect(at(ready, 'status', 'currentRevision')).toBe(at(ready, 'status', 'updateRevision'))
      const pods = listAt((await kube.get(corePath(space, 'pods'))).body, 'items')
      expect(pods.map((pod) => at(pod, 'metadata', 'name'))).toEqual(['a-0', 'a-1'])
      expect(pods[0]).toMatchObject({
        metadata: {
          labels: { 'statefulset.kubernetes.io/pod-name': 'a-0' },
          ownerReferences: [{ kind: 'StatefulSet' }],
        },
      })
    })

    test('makes a claim for each pod and keeps it', async () => {
      const { kube, namespace } = contract()
      const space = await namespace()
      const path = groupPath('apps/v1', space, 'statefulsets')
      const claim = {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'none', resources: { requests: { storage: '1Gi' } } },
      }
      const spec = objectAt(deployment('a', 1), 'spec')
      const template = objectAt(spec, 'template')
      const container = objectAt(template, 'spec', 'containers', 0)
      const mounting = { ...container, volumeMounts: [{ name: 'data', mountPath: '/data' }] }
      const made = await kube.post(path, {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'a' },
        spec: {
          ...spec,
          serviceName: 'a',
          template: { ...template, spec: { containers: [mounting] } },
          volumeClaimTemplates: [claim],
        },
      })
      expect(made.status).toBe(201)
      const claims = corePath(space, 'persistentvolumeclaims')
      await seen(kube, claims, 'the claim is made', (list) => at(list, 'items', 0, 'metadata', 'name') === 'data-a-0')
      await kube.delete(`${path}/a`)
      await seen(kube, corePath(space, 'pods'), 'no pod is left', (list) => listAt(list, 'items').length === 0)
      expect((await kube.get(`${claims}/data-a-0`)).status).toBe(200)
    })
  })

  describe('a DaemonSet', () => {
    test('runs a pod on every node', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'daemonsets')
      const { replicas: _, ...spec } = Object(deployment('a')['spec']) as JsonObject
      await kube.post(path, { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'a' }, spec })
      const nodes = listAt((await kube.get('/api/v1/nodes')).body, 'items').length
      const ready = await seen(
        kube,
        `${path}/a`,
        'all nodes have it',
        (one) => at(one, 'status', 'numberReady') === nodes,
      )
      expect(ready).toMatchObject({
        status: { desiredNumberScheduled: nodes, numberAvailable: nodes, observedGeneration: 1 },
      })
    })
  })

  describe('a Job', () => {
    test('is complete when its pod has succeeded', async () => {
      const { kube, namespace } = contract()
      const space = await namespace()
      const path = groupPath('batch/v1', space, 'jobs')
      expect((await kube.post(path, job('a'))).status).toBe(201)
      const done = await seen(kube, `${path}/a`, 'it is complete', (one) => {
        return listAt(one, 'status', 'conditions').some(
          (each) => at(each, 'type') === 'Complete' && at(each, 'status') === 'True',
        )
      })
      expect(done).toMatchObject({ status: { succeeded: 1, completionTime: expect.stringMatching(/^\d{4}-/) } })
      const pods = listAt((await kube.get(`${corePath(space, 'pods')}?labelSelector=job-name%3Da`)).body, 'items')
      expect(pods).toHaveLength(1)
      expect(pods[0]).toMatchObject({
        metadata: { ownerReferences: [{ kind: 'Job', name: 'a' }] },
        status: { phase: 'Succeeded', containerStatuses: [{ state: { terminated: { exitCode: 0 } } }] },
      })
    })

    test('cannot change its template', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('batch/v1', await namespace(), 'jobs')
      await kube.post(path, { ...job('a'), spec: { ...Object(job('a')['spec']), suspend: false } })
      const patch = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'other:1' }]
      const reply = await kube.patch(`${path}/a`, patch, 'json')
      expect(reply.status).toBe(422)
      expect(reply.at('details', 'causes', 0, 'field')).toBe('spec.template')
    })

    test('suspended starts no pod', async () => {
      const { kube, namespace } = contract()
      const space = await namespace()
      const path = groupPath('batch/v1', space, 'jobs')
      await kube.post(path, { ...job('a'), spec: { ...Object(job('a')['spec']), suspend: true } })
      await seen(kube, `${path}/a`, 'it says so', (one) => {
        return listAt(one, 'status', 'conditions').some((each) => at(each, 'type') === 'Suspended')
      })
      expect(listAt((await kube.get(corePath(space, 'pods'))).body, 'items')).toEqual([])
    })
  })

  describe('a CronJob', () => {
    test('is taken with a good schedule and suspended by a patch', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('batch/v1', await namespace(), 'cronjobs')
      const made = await kube.post(path, cronJob('a', '0 3 * * *'))
      expect(made.status).toBe(201)
      expect(made.body).toMatchObject({ spec: { concurrencyPolicy: 'Allow', suspend: false } })
      expect((await kube.patch(`${path}/a`, { spec: { suspend: true } }, 'merge')).at('spec', 'suspend')).toBe(true)
    })

    test('is refused with a bad schedule', async () => {
      const { kube, namespace } = contract()
      const reply = await kube.post(groupPath('batch/v1', await namespace(), 'cronjobs'), cronJob('a', 'often'))
      expect(reply.status).toBe(422)
      expect(reply.at('details', 'causes', 0, 'field')).toBe('spec.schedule')
    })
  })
}

function job(name: string): JsonObject {
  const containers = [{ name: 'main', image: 'busybox:1.36', command: ['true'] }]
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template: { spec: { restartPolicy: 'Never', containers } } },
  }
}

function cronJob(name: string, schedule: string): JsonObject {
  const jobTemplate = { spec: job(name)['spec'] ?? {} }
  return { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name }, spec: { schedule, jobTemplate } }
}

function podReady(pod: Json): boolean {
  return listAt(pod, 'status', 'conditions').some((one) => at(one, 'type') === 'Ready' && at(one, 'status') === 'True')
}

/** Reads until the object is as wanted, and returns it. */
async function seen(
  kube: KubeHttp,
  path: string,
  what: string,
  wanted: (body: JsonObject) => boolean,
): Promise<JsonObject> {
  return eventually({ what: `${path}: ${what}`, timeoutMs: 25_000 }, async () => {
    const { body } = await kube.get(path)
    return wanted(body) ? body : undefined
  })
}
