import { afterAll, beforeAll, expect, test } from 'vitest'
import { openKubeApi, type KubeApi } from '../../src/adapters/kube/kube-api.ts'
import { BundleStore } from '../../src/agent/bundle-store.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { encodeBundle } from '../../src/core/intents/wire.ts'
import { startSandbox } from '../../src/sandbox/main.ts'
import { change, shop } from './kit/shop.ts'

const { signal } = new AbortController()
const NAMESPACE = 'bundles'
const { digest, text } = encodeBundle(change('create', undefined, shop({ namespace: 'shop' })).bundle)

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

function clockAfter(minutes: number): Clock {
  return { now: () => Date.now() + minutes * 60_000, sleep: () => Promise.resolve() }
}

/** A store as it is after a restart: with nothing at hand but what the cluster keeps. */
function storeAfter(minutes: number, fetch: () => Promise<string> = away): BundleStore {
  return new BundleStore({ api, clock: clockAfter(minutes), namespace: NAMESPACE, fetch })
}

function away(): Promise<string> {
  return Promise.reject(new Error('the server is away'))
}

const nothing = (): ReadonlySet<string> => new Set()

test('a bundle that comes back after it was removed is durable again', async () => {
  const store = storeAfter(11)
  await store.keep(digest, text, signal)
  expect(await store.collect(nothing, signal)).toBe(1)
  await store.keep(digest, text, signal)
  expect((await storeAfter(0).read(digest, signal)).deployment.namespace).toBe('shop')
})

test('a bundle that was just stored is not removed, and neither is one in use', async () => {
  await storeAfter(0).keep(digest, text, signal)
  expect(await storeAfter(9).collect(nothing, signal)).toBe(0)
  expect(await storeAfter(11).collect(() => new Set([digest]), signal)).toBe(0)
})

test('a bundle that is not stored is fetched from the server, and kept', async () => {
  await storeAfter(11).collect(nothing, signal)
  await expect(storeAfter(0).read(digest, signal)).rejects.toMatchObject({ code: 'STY506' })
  await storeAfter(0, () => Promise.resolve(text)).read(digest, signal)
  expect((await storeAfter(0).read(digest, signal)).deployment.namespace).toBe('shop')
})
