import { afterAll, beforeAll, expect, test } from 'vitest'
import { openKubeApi, type KubeApi } from '../../src/adapters/kube/kube-api.ts'
import { forget, isMissed } from '../../src/agent/forget.ts'
import { installCrds } from '../../src/agent/install-crds.ts'
import { type DeploymentResource, readDeployment } from '../../src/agent/resources.ts'
import { type AgentWorld, MACHINE_CLOCK } from '../../src/agent/world.ts'
import { digestOf } from '../../src/util/digest.ts'
import type { JsonObject } from '../../src/util/json.ts'
import { startSandbox } from '../../src/sandbox/main.ts'

const { signal } = new AbortController()
const NAMESPACE = 'gone'
const NAME = 'web-0badcafe'
const REF = { apiVersion: 'styrmin.io/v1', kind: 'StyrminDeployment', namespace: NAMESPACE, name: NAME }
const KEY = { apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE, name: 'styrmin-key-0badcafe' }

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let api: KubeApi

beforeAll(async () => {
  sandbox = await startSandbox()
  api = await openKubeApi({ kind: 'text', text: sandbox.kubeconfig() })
  await installCrds(api, MACHINE_CLOCK, signal)
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, signal)
})

afterAll(async () => {
  api.close()
  await sandbox.stop()
})

function spec(epoch: number): JsonObject {
  const digest = digestOf('any')
  return {
    environment: NAMESPACE,
    name: 'web',
    id: '0badcafe',
    sequence: epoch,
    epoch,
    phase: 'deleting',
    class: 'delete-data',
    commit: '0'.repeat(40),
    plan: digest,
    bundle: digest,
    signature: 'none',
  }
}

function read(object: JsonObject | undefined): DeploymentResource {
  const deployment = object === undefined ? undefined : readDeployment(object)
  if (deployment === undefined) throw new Error('no deployment')
  return deployment
}

test('an intent that came in meanwhile is not forgotten, and neither is the key', async () => {
  // Forgetting asks nothing else of the world.
  const world = { api, runs: { entries: () => [] } } as unknown as AgentWorld
  const { apiVersion, kind } = REF
  const metadata = { namespace: NAMESPACE, name: NAME }
  const seen = read(await api.create({ apiVersion, kind, metadata, spec: spec(1) }, signal))
  await api.create({ apiVersion: 'v1', kind: 'Secret', metadata: { namespace: NAMESPACE, name: KEY.name } }, signal)
  await api.mergePatch(REF, { spec: spec(2) }, {}, signal)

  await expect(forget(world, seen, signal)).rejects.toMatchObject({ status: 409 })
  const newer = read(await api.get(REF, signal))
  expect(newer.intent.epoch).toBe(2)
  expect(await api.get(KEY, signal)).toBeDefined()

  await forget(world, newer, signal)
  expect(await api.get(REF, signal)).toBeUndefined()
  expect(await api.get(KEY, signal)).toBeUndefined()
})

test.for([
  { what: 'that was running', phase: 'applied', epoch: 2, acted: 2, missed: true },
  { what: 'that was deleted as asked', phase: 'deleted', epoch: 2, acted: 2, missed: false },
  { what: 'that was deleted and asked for again', phase: 'deleted', epoch: 3, acted: 2, missed: true },
])('a resource $what is pulled again: $missed', ({ phase, epoch, acted, missed }) => {
  const metadata = { namespace: NAMESPACE, name: NAME }
  expect(isMissed(read({ metadata, spec: spec(epoch), status: { phase, epoch: acted } }))).toBe(missed)
})
