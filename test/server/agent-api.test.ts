import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Harness, openHarness, reportOf } from './harness.ts'
import { cluster, deployment, SHOP } from './shop.ts'

let server: Harness

beforeAll(async () => {
  server = await openHarness()
})
afterAll(() => server.end())

const PATHS = ['hello', 'intents', 'bundles/sha256:0', 'bundles/sha256:0/fill', 'reports', 'nowhere']

describe.for([
  { name: 'no token', headers: {} },
  { name: 'a wrong token', headers: { authorization: 'Bearer wrong' } },
  { name: 'the hash itself', headers: { authorization: `Bearer ${/sha256:\w+/.exec(cluster('eu'))?.[0]}` } },
  { name: 'a basic login', headers: { authorization: `Basic ${btoa('eu:token-of-eu')}` } },
])('$name', ({ headers }) => {
  test.for(PATHS)('opens nothing at %s', async (path) => {
    for (const method of ['GET', 'POST']) {
      const response = await fetch(`${server.url()}/agent/v1/${path}`, { method, headers })
      expect(response.status).toBe(401)
    }
  })
})

test('an agent is given its own intents only', async () => {
  const names = async (name: string) =>
    (await server.agent(name).intents()).map(({ deployment: one }) => one.environment)
  expect(await names('eu')).toEqual(['production'])
  expect(await names('us')).toEqual(['staging'])
})

test('a bundle of another cluster is not there', async () => {
  const [intent] = await server.agent('eu').intents()
  const path = `bundles/${intent?.bundle}`
  const key = Buffer.alloc(32).toString('base64')
  expect((await server.agent('eu').call(path)).status).toBe(200)
  expect((await server.agent('us').call(path)).status).toBe(404)
  expect((await server.agent('us').call(`${path}/fill`, { key })).status).toBe(404)
})

test('what an agent says of another cluster’s deployment counts for nothing', async () => {
  const [intent] = await server.agent('eu').intents()
  if (intent === undefined) throw new Error('no intent')
  await server.agent('us').report(reportOf(intent, 'applied'))
  const { deployment: seen } = await server.query<{ deployment: unknown }>(
    '{ deployment(environment: "production", name: "shop") { phase active { digest } } }',
  )
  expect(seen).toEqual({ phase: 'pending', active: null })
})

test.for([
  { name: 'no JSON', body: '{' },
  { name: 'another version', body: JSON.stringify({ version: 2 }) },
  { name: 'a list', body: '[]' },
])('a report that is $name is refused with what is wrong', async ({ body }) => {
  const response = await fetch(`${server.url()}/agent/v1/reports`, {
    method: 'POST',
    headers: { authorization: 'Bearer token-of-eu', 'content-type': 'application/json' },
    body,
  })
  expect(response.status).toBe(400)
  expect(((await response.json()) as { error: string }).error).not.toBe('')
})

test.for([undefined, 'short', Buffer.alloc(33).toString('base64'), 7])('a key of %s is refused', async (key) => {
  const [intent] = await server.agent('eu').intents()
  expect((await server.agent('eu').call(`bundles/${intent?.bundle}/fill`, { key })).status).toBe(400)
})

test('a long-poll ends with the intent that a commit brings', async () => {
  const agent = server.agent('eu')
  const before = await agent.intents()
  const after = before.at(-1)?.sequence ?? 0
  const polled = agent.intents(after, 20)
  const sha = await server.commit({ 'production/shop.yml': deployment('shop', 'production', { greeting: 'poll' }) })
  expect((await polled).map(({ commit }) => commit)).toEqual([sha])
})

test('a long-poll without news ends empty', async () => {
  const after = (await server.agent('us').intents()).at(-1)?.sequence ?? 0
  expect(await server.agent('us').intents(after, 1)).toEqual([])
})

test('a cursor ahead of a store that was restored does not hide what comes', async () => {
  const agent = server.agent('eu')
  expect(await agent.intents(1_000)).toEqual([])
  await server.commit({ 'production/shop.yml': deployment('shop', 'production', { greeting: 'later' }) })
  expect((await agent.intents(1_000)).map(({ sequence }) => sequence)).toEqual([1_001])
})

test('a cluster that is gone has no agent any more', async () => {
  await server.commit({ 'clusters.yml': `${cluster('eu')}---\n${cluster('us')}---\n${cluster('third')}` })
  expect((await server.agent('third').call('hello')).status).toBe(200)
  await server.commit({ 'clusters.yml': SHOP['clusters.yml'] ?? '' })
  expect((await server.agent('third').call('hello')).status).toBe(401)
})

describe('generated values', () => {
  const key = Buffer.alloc(32, 7)

  test('come from the key: the same again, others for another, also after a restart, and are never stored', async () => {
    const [intent] = await server.agent('us').intents()
    const bundle = intent?.bundle ?? ''
    expect(await server.agent('us').bundle(bundle)).toContain('<generated>')
    const first = await server.agent('us').fill(bundle, key)
    const [[ref, values] = ['', {}]] = Object.entries(first)
    expect(ref).toMatch(/^v1\/Secret\/staging\//)
    const [password] = Object.values(values)
    expect(password).toMatch(/^\w{24}$/)
    expect(await server.agent('us').fill(bundle, Buffer.alloc(32, 8))).not.toEqual(first)

    await server.stop()
    await server.start()
    expect(await server.agent('us').fill(bundle, key)).toEqual(first)
    await server.stop()
    for (const file of ['styrmin.db', 'styrmin.db-wal']) {
      const bytes = readIfThere(join(server.scratch.folder, 'data', file))
      expect(bytes.includes(password as string)).toBe(false)
      expect(bytes.includes(key)).toBe(false)
    }
    await server.start()
  })
})

test('an agent that goes on after a restart sees the same intents', async () => {
  const before = [await server.agent('eu').intents(), await server.agent('us').intents()]
  await server.stop()
  await server.start()
  expect([await server.agent('eu').intents(), await server.agent('us').intents()]).toEqual(before)
  expect(before.flat()).toHaveLength(2)
})

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch {
    return Buffer.alloc(0)
  }
}
