import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openKubeApi, type KubeApi } from '../../src/adapters/kube/kube-api.ts'
import { readRun } from '../../src/agent/resources.ts'
import { deleteObjects } from '../../src/agent/steps/remove.ts'
import type { RunScope } from '../../src/agent/steps/scope.ts'
import { Watches } from '../../src/agent/watches.ts'
import { type AgentWorld, MACHINE_CLOCK } from '../../src/agent/world.ts'
import { digestOf } from '../../src/util/digest.ts'
import { type JsonObject, textAt } from '../../src/util/json.ts'
import { startSandbox } from '../../src/sandbox/main.ts'
import { change, manifest, shop } from './kit/shop.ts'

const { signal } = new AbortController()
const NAMESPACE = 'volumes'
const LABELS = { app: 'db' }

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let api: KubeApi

beforeAll(async () => {
  sandbox = await startSandbox()
  api = await openKubeApi({ kind: 'text', text: sandbox.kubeconfig() })
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, signal)
})

afterAll(async () => {
  api.close()
  await sandbox.stop()
})

function claim(name: string, labels: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: NAMESPACE, labels },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
}

const SET: JsonObject = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db' },
  spec: { selector: { matchLabels: LABELS }, volumeClaimTemplates: [claim('data')] },
}

test('only our claims, and those of our StatefulSets, go with the data', async () => {
  const made = shop({ namespace: NAMESPACE, extra: [manifest(SET)] })
  const mark = { 'styrmin.io/deployment-id': made.id }
  const claims = [
    claim('ours', mark),
    claim('theirs'),
    claim('data-db-0', LABELS),
    claim('data-db-1', { app: 'another' }),
    claim('data-web-0', LABELS),
  ]
  for (const object of claims) await api.create(object, signal)

  await deleteObjects(scopeOf(made), { name: 'delete-data', args: ARGS }, { say: () => {}, signal })

  const { items } = await api.list({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: NAMESPACE }, signal)
  expect(items.map((item) => textAt(item, 'metadata', 'name'))).toEqual(['data-db-1', 'data-web-0', 'theirs'])
})

const ARGS: JsonObject = {
  objects: ['ours', 'theirs'].map((name) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    namespace: NAMESPACE,
    name,
  })),
  claimTemplates: [
    { statefulSet: 'db', template: 'data' },
    { statefulSet: 'web', template: 'data' },
  ],
}

function scopeOf(made: ReturnType<typeof shop>): RunScope {
  const digest = digestOf('any')
  const metadata = { namespace: NAMESPACE, name: 'run' }
  const run = readRun({ metadata, spec: { plan: digest, bundle: digest } })
  if (run === undefined) throw new Error('no run')
  return {
    // Removing asks nothing else of the world.
    world: {
      api,
      log: pino({ level: 'silent' }),
      clock: MACHINE_CLOCK,
      watches: new Watches(api, { onChange: () => {}, onError: () => {} }, signal),
      say: () => {},
    } as unknown as AgentWorld,
    bundle: change('delete', made, undefined).bundle,
    run,
    key: `${NAMESPACE}/${made.instance.name}-${made.id}`,
    runUid: 'uid',
    namespace: NAMESPACE,
    id: made.id,
    inventory: new Map(),
    isSuperseded: () => false,
    stopped: () => ({ all: false, components: [], by: '', workloads: [] }),
    saveStopped: () => Promise.resolve(),
  }
}
