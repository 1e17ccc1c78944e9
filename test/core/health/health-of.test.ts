import { expect, test } from 'vitest'
import { healthOf } from '../../../src/core/health/health-of.ts'
import type { JsonObject } from '../../../src/util/json.ts'

interface Row {
  readonly name: string
  readonly kind: string
  readonly spec?: JsonObject
  readonly status?: JsonObject
  readonly metadata?: JsonObject
  readonly state: string
  readonly message?: string
}

const API: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
  CustomResourceDefinition: 'apiextensions.k8s.io/v1',
  Certificate: 'cert-manager.io/v1',
}

const seen = { observedGeneration: 2 }
const all = { ...seen, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 }

test.for<Row>([
  {
    name: 'a Deployment whose pods are all new and available',
    kind: 'Deployment',
    spec: { replicas: 2 },
    status: all,
    state: 'current',
  },
  {
    name: 'a Deployment whose controller has not seen it',
    kind: 'Deployment',
    spec: { replicas: 0 },
    state: 'progressing',
    message: 'its controller has not seen it yet',
  },
  {
    name: 'a Deployment that was changed since',
    kind: 'Deployment',
    spec: { replicas: 2 },
    status: { ...all, observedGeneration: 1 },
    state: 'progressing',
    message: 'its controller has not seen the change yet',
  },
  { name: 'a Deployment at 0', kind: 'Deployment', spec: { replicas: 0 }, status: seen, state: 'current' },
  {
    name: 'a Deployment with old pods left',
    kind: 'Deployment',
    spec: { replicas: 2 },
    status: { ...all, replicas: 3 },
    state: 'progressing',
    message: '1 old pods are still there',
  },
  {
    name: 'a Deployment past its deadline',
    kind: 'Deployment',
    spec: { replicas: 2 },
    status: {
      ...all,
      conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'too slow' }],
    },
    state: 'failed',
    message: 'too slow',
  },
  {
    name: 'a StatefulSet in the middle of an update',
    kind: 'StatefulSet',
    spec: { replicas: 2 },
    status: { ...all, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
    state: 'progressing',
    message: '1 of 2 pods are updated',
  },
  {
    name: 'a StatefulSet that updates only a part',
    kind: 'StatefulSet',
    spec: { replicas: 2, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } },
    status: { ...all, currentRevision: 'a', updateRevision: 'b' },
    state: 'current',
  },
  {
    name: 'a DaemonSet without its pods',
    kind: 'DaemonSet',
    status: { ...seen, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 1 },
    state: 'progressing',
    message: '1 of 3 pods are available',
  },
  { name: 'a Job that runs', kind: 'Job', status: { active: 1 }, state: 'progressing' },
  {
    name: 'a Job that ended',
    kind: 'Job',
    status: { conditions: [{ type: 'Complete', status: 'True' }] },
    state: 'current',
  },
  {
    name: 'a Job that failed',
    kind: 'Job',
    status: { conditions: [{ type: 'Failed', status: 'True', message: 'BackoffLimitExceeded' }] },
    state: 'failed',
    message: 'BackoffLimitExceeded',
  },
  { name: 'a CronJob', kind: 'CronJob', state: 'current' },
  {
    name: 'a pod whose image cannot be pulled',
    kind: 'Pod',
    status: {
      phase: 'Pending',
      containerStatuses: [{ name: 'web', state: { waiting: { reason: 'ImagePullBackOff' } } }],
    },
    state: 'progressing',
    message: 'container web: ImagePullBackOff',
  },
  { name: 'a claim that waits', kind: 'PersistentVolumeClaim', status: { phase: 'Pending' }, state: 'current' },
  { name: 'a claim that lost its volume', kind: 'PersistentVolumeClaim', status: { phase: 'Lost' }, state: 'failed' },
  { name: 'a load balancer without address', kind: 'Service', spec: { type: 'LoadBalancer' }, state: 'progressing' },
  { name: 'a Service in the cluster', kind: 'Service', spec: { type: 'ClusterIP' }, state: 'current' },
  {
    name: 'a definition that is served',
    kind: 'CustomResourceDefinition',
    status: { conditions: [{ type: 'Established', status: 'True' }] },
    state: 'current',
  },
  {
    name: 'an unknown kind that is stalled',
    kind: 'Certificate',
    status: { conditions: [{ type: 'Stalled', status: 'True', message: 'no issuer' }] },
    state: 'failed',
    message: 'no issuer',
  },
  {
    name: 'an unknown kind that is not ready',
    kind: 'Certificate',
    status: { conditions: [{ type: 'Ready', status: 'False', message: 'issuing' }] },
    state: 'progressing',
    message: 'issuing',
  },
  { name: 'an unknown kind that says nothing', kind: 'Certificate', state: 'current' },
  {
    name: 'anything on its way out',
    kind: 'ConfigMap',
    metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    state: 'terminating',
  },
])('$name is $state', ({ kind, spec = {}, status = {}, metadata = {}, state, message }) => {
  const object = {
    apiVersion: API[kind] ?? 'v1',
    kind,
    metadata: { name: 'x', generation: 2, ...metadata },
    spec,
    status,
  }
  const health = healthOf(object)
  expect(health.state).toBe(state)
  if (message !== undefined) expect(health.message).toBe(message)
})
