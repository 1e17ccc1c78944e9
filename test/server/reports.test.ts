import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseStableId } from '../../src/domain/ids.ts'
import type { Intent } from '../../src/domain/wire.ts'
import { type Harness, openHarness, reportOf, type TestAgent } from './harness.ts'
import { deployment } from './shop.ts'

let server: Harness
beforeEach(async () => {
  server = await openHarness()
})
afterEach(() => server.end())

async function intentOf(agent: TestAgent, key: string): Promise<Intent> {
  const found = (await agent.intents()).find(({ deployment: of }) => `${of.environment}/${of.name}` === key)
  if (found === undefined) throw new Error(`no intent for ${key}`)
  return found
}

/** What the store keeps of reports, by deployment; a running server does not share its store. */
async function storedReports(): Promise<readonly unknown[]> {
  await server.stop()
  const store = new DatabaseSync(join(server.scratch.folder, 'data/styrmin.db'), { readOnly: true })
  const rows = store.prepare('select deployment from observed order by deployment').all()
  store.close()
  await server.start()
  return rows.map((row) => row['deployment'])
}

test('an agent says nothing of the environments of another cluster, nor of those that nobody declared', async () => {
  const us = server.agent('us')
  const own = await intentOf(us, 'staging/shop')
  const id = parseStableId('0123abcd')
  if (id === undefined) throw new Error('no id')
  const of = (environment: string, name: string) => ({
    ...reportOf({ ...own, epoch: 99 }, 'applied'),
    deployment: { environment, name, id, namespace: environment },
  })
  await us.report(of('production', 'new'), of('made-up', 'new'), of('staging', 'new'))
  expect(await storedReports()).toEqual(['staging/new'])

  await server.commit({ 'production/new.yml': deployment('new', 'production') })
  expect(await intentOf(server.agent('eu'), 'production/new')).toMatchObject({ epoch: 1, class: 'create' })
})

test('an epoch that no server ever gave is refused', async () => {
  const us = server.agent('us')
  const own = await intentOf(us, 'staging/shop')
  await expect(us.report(reportOf({ ...own, epoch: 2 ** 40 }, 'applied'))).rejects.toThrow('/deployments/0/epoch')
  expect(await storedReports()).toEqual([])
})

test('one report that ends a part of a rollout and starts another anew loses neither', async () => {
  const eu = server.agent('eu')
  await server.commit({ 'production/cart.yml': deployment('cart', 'production') })
  await eu.obey()
  await server.commit({ 'production/shop.yml': deployment('shop', 'production', { greeting: 'older' }) })
  const older = await intentOf(eu, 'production/shop')
  await eu.report(reportOf(older, 'applying'))
  const sha = await server.commit({
    'production/cart.yml': deployment('cart', 'production', { greeting: 'newer' }),
    'production/shop.yml': deployment('shop', 'production', { greeting: 'newer' }),
  })
  const waiting = await intentOf(eu, 'production/shop')
  await eu.report(reportOf(await intentOf(eu, 'production/cart'), 'applied'), reportOf(older, 'failed'))
  const anew = await intentOf(eu, 'production/shop')
  expect(anew).toMatchObject({ commit: sha, epoch: waiting.epoch + 1, from: older.from })
  await eu.report(reportOf(anew, 'applied'))
  const { commit } = await server.query<{ commit: { statuses: readonly object[] } }>(
    'query ($sha: String!) { commit(sha: $sha) { statuses { context state description } } }',
    { sha },
  )
  const context = 'styrmin/deploy/eu/production'
  expect(commit.statuses).toContainEqual({
    context,
    state: 'success',
    description: 'all 2 applied',
  })
})
