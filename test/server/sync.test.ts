import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { verifyIntent } from '../../src/core/intents/signature.ts'
import { bundleDigestOf, decodeBundle } from '../../src/core/intents/wire.ts'
import { commitFiles, git } from '../git/repository.ts'
import { toDigest } from '../../src/domain/ids.ts'
import type { Intent } from '../../src/domain/wire.ts'
import { type Harness, headIs, openHarness, reportOf, until } from './harness.ts'
import { deployment, driver, environment, SHOP } from './shop.ts'

interface Seen {
  readonly name: string
  readonly environment: { readonly name: string }
  readonly version: string | null
  readonly phase: string
  readonly ready: boolean
  readonly blocked: boolean
  readonly sync: string
  readonly health: string
  readonly desired: { readonly digest: string } | null
  readonly active: { readonly digest: string; readonly appVersion: string } | null
  readonly plan: { readonly class: string; readonly digest: string } | null
}

let server: Harness

async function deployments(): Promise<readonly Seen[]> {
  const answer = await server.query<{ deployments: { nodes: readonly Seen[] } }>(`{ deployments { nodes {
    name environment { name } version phase ready blocked sync health
    desired { digest } active { digest appVersion } plan { class digest } } } }`)
  return answer.deployments.nodes
}

async function shopOf(env: string): Promise<Seen> {
  const found = (await deployments()).find((one) => one.environment.name === env && one.name === 'shop')
  if (found === undefined) throw new Error(`no shop in ${env}`)
  return found
}

async function problems(): Promise<
  readonly { code: string; message: string; file: string | null; affects: string[] }[]
> {
  const answer = await server.query<{ problems: { nodes: never } }>(
    '{ problems { nodes { code message file affects } } }',
  )
  return answer.problems.nodes
}

async function statusesOf(sha: string): Promise<Readonly<Record<string, string>>> {
  const { commit } = await server.query<{
    commit: { statuses: readonly { context: string; state: string; description: string }[] } | null
  }>('query ($sha: String!) { commit(sha: $sha) { statuses { context state description } } }', { sha })
  return Object.fromEntries((commit?.statuses ?? []).map((one) => [one.context, `${one.state}: ${one.description}`]))
}

describe('a repository from its first commit to a deletion', () => {
  beforeAll(async () => {
    server = await openHarness()
  })
  afterAll(() => server.end())

  test('the first head is resolved, planned and waits for its agents', async () => {
    const seen = await deployments()
    expect(
      seen.map((one) => `${one.environment.name}/${one.name} ${one.plan?.class} ${one.phase} ${one.sync}`),
    ).toEqual(['production/shop create pending OutOfSync', 'staging/shop create pending OutOfSync'])
    const head = git(server.work, 'rev-parse', 'HEAD')
    expect(await statusesOf(head)).toEqual({
      'styrmin/plan': 'success: 2 create',
      'styrmin/deploy/eu/production': 'pending: 0 of 1 applied; waiting for the agent',
      'styrmin/deploy/us/staging': 'pending: 0 of 1 applied; waiting for the agent',
    })
  })

  test('an intent verifies with the key of the greeting, and its bundle with its digest', async () => {
    const agent = server.agent('eu')
    const { publicKey, cluster } = await agent.hello()
    const [intent, ...others] = await agent.intents()
    if (intent === undefined) throw new Error('no intent')
    expect([cluster, others]).toEqual(['eu', []])
    expect(intent).toMatchObject({ epoch: 1, class: 'create', phase: 'running', deployment: { name: 'shop' } })
    expect(verifyIntent(intent, publicKey)).toBe(true)
    const text = await agent.bundle(intent.bundle)
    expect(bundleDigestOf(text)).toBe(intent.bundle)
    expect(decodeBundle(JSON.parse(text))).toMatchObject({ ok: true, value: { instance: intent.instance } })
  })

  test('what an agent reports is shown, and makes the Instance active only when its run succeeded', async () => {
    const agent = server.agent('eu')
    const [intent] = await agent.intents()
    if (intent === undefined) throw new Error('no intent')
    await agent.report(reportOf(intent, 'applying'))
    expect(await shopOf('production')).toMatchObject({
      phase: 'applying',
      active: null,
      ready: false,
      health: 'Progressing',
    })
    expect((await statusesOf(intent.commit))['styrmin/deploy/eu/production']).toContain('applying shop')
    await agent.report(reportOf(intent, 'applied'))
    expect(await shopOf('production')).toMatchObject({
      phase: 'applied',
      ready: true,
      sync: 'Synced',
      health: 'Healthy',
      active: { digest: intent.instance, appVersion: '1.0.0' },
    })
    expect((await statusesOf(intent.commit))['styrmin/deploy/eu/production']).toBe('success: all 1 applied')
    await server.agent('us').obey()
  })

  test('a change of one file plans one deployment; the other is not touched', async () => {
    const other = await shopOf('staging')
    const sha = await server.commit({
      'production/shop.yml': deployment('shop', 'production', { greeting: 'bonjour' }),
    })
    const { commit } = await server.query<{ commit: { plans: { nodes: unknown } } }>(
      'query ($sha: String!) { commit(sha: $sha) { plans { nodes { deployment class } } } }',
      { sha },
    )
    expect(commit.plans.nodes).toEqual([{ deployment: 'production/shop', class: 'config' }])
    expect(await shopOf('staging')).toEqual(other)
    expect(await shopOf('production')).toMatchObject({ ready: false, sync: 'OutOfSync' })
  })

  test('a newer commit supersedes what has not started, and its plan starts from what is active', async () => {
    const [older] = await server.agent('eu').intents()
    const sha = await server.commit({ 'production/shop.yml': deployment('shop', 'production', { version: '2.0.0' }) })
    const [newer, ...rest] = await server.agent('eu').intents()
    expect(rest).toEqual([])
    expect(newer).toMatchObject({ class: 'upgrade', epoch: (older?.epoch ?? 0) + 1, from: older?.from, commit: sha })
    expect(newer?.sequence).toBeGreaterThan(older?.sequence ?? 0)
    expect((await statusesOf(older?.commit ?? ''))['styrmin/deploy/eu/production']).toContain('superseded')
  })

  test('a report of the superseded intent, run after all, leads to a plan from there', async () => {
    const agent = server.agent('eu')
    const [waiting] = await agent.intents()
    const runs = await server.query<{ deployment: { instances: { nodes: readonly { digest: string }[] } } }>(
      '{ deployment(environment: "production", name: "shop") { instances { nodes { digest } } } }',
    )
    const middle = runs.deployment.instances.nodes[1]?.digest
    if (waiting === undefined || middle === undefined) throw new Error('nothing waits')
    const raced = { ...waiting, epoch: waiting.epoch - 1, instance: middle as never }
    await agent.report(reportOf(raced, 'applied'))
    const [next] = await agent.intents()
    expect(next).toMatchObject({ class: 'upgrade', from: middle, instance: waiting.instance, epoch: waiting.epoch + 1 })
    await agent.obey()
    expect(await shopOf('production')).toMatchObject({ sync: 'Synced', active: { appVersion: '2.0.0' } })
  })

  test('a bad document blocks its own deployment, and the fix frees it', async () => {
    const bad = await server.commit({
      'production/shop.yml': deployment('shop', 'production', { version: '2.0.0' }).replace(
        'greeting: hello',
        'greeting: [1]',
      ),
      'staging/shop.yml': deployment('shop', 'staging', { greeting: 'hej' }),
    })
    expect(await shopOf('production')).toMatchObject({ blocked: true, sync: 'Synced', active: { appVersion: '2.0.0' } })
    expect(await shopOf('staging')).toMatchObject({ blocked: false, sync: 'OutOfSync' })
    expect(await problems()).toMatchObject([{ file: 'production/shop.yml', affects: ['production/shop'] }])
    expect((await statusesOf(bad))['styrmin/plan']).toMatch(/^failure: 1 problem: production\/shop.yml:\d+: /)
    await server.agent('us').obey()
    await server.commit({ 'production/shop.yml': deployment('shop', 'production', { version: '2.0.0' }) })
    expect(await problems()).toEqual([])
    expect(await shopOf('production')).toMatchObject({ blocked: false, sync: 'Synced' })
  })

  test('a driver that changes without a new version is refused, and its deployments stay', async () => {
    await server.commit({
      ...driver('1', 'two'),
      'staging/shop.yml': deployment('shop', 'staging', { greeting: 'oi' }),
    })
    expect(await problems()).toMatchObject([{ code: 'STY255', affects: ['production/shop', 'staging/shop'] }])
    expect((await deployments()).map(({ blocked, sync }) => [blocked, sync])).toEqual([
      [true, 'Synced'],
      [true, 'Synced'],
    ])
    await server.commit(driver('1', 'one'))
    await server.agent('us').obey()
    expect(await problems()).toEqual([])
  })

  test('a failed run is shown, and a fix is planned from what is still active', async () => {
    const agent = server.agent('us')
    await server.commit({ 'staging/shop.yml': deployment('shop', 'staging', { version: '2.0.0' }) })
    const [upgrade] = await agent.intents()
    if (upgrade === undefined) throw new Error('no intent')
    await agent.report(reportOf(upgrade, 'failed', { message: 'migration failed' }))
    expect(await problems()).toMatchObject([{ code: 'STY415', affects: ['staging/shop'] }])
    expect((await statusesOf(upgrade.commit))['styrmin/deploy/us/staging']).toBe('failure: shop failed; 0 of 1 applied')
    await server.commit({ 'staging/shop.yml': deployment('shop', 'staging', { version: '2.1.0' }) })
    const [fix] = await agent.intents()
    expect(fix).toMatchObject({ class: 'upgrade', from: upgrade.from })
    await agent.obey()
    expect(await problems()).toEqual([])
  })

  test('a change that is refused is named until it is undone, whatever else is committed', async () => {
    const shop = (version: string) => ({ 'staging/shop.yml': deployment('shop', 'staging', { version }) })
    await server.commit(shop('1.0.0'))
    expect(await problems()).toMatchObject([{ code: 'STY260', affects: ['staging/shop'] }])
    expect(await shopOf('staging')).toMatchObject({ blocked: true, active: { appVersion: '2.1.0' } })
    await server.commit({ note: 'unrelated' })
    expect(await problems()).toMatchObject([{ code: 'STY260', affects: ['staging/shop'] }])
    await server.commit(shop('2.1.0'))
    expect(await problems()).toEqual([])
    expect(await shopOf('staging')).toMatchObject({ blocked: false, sync: 'Synced' })
  })

  test('a deletion is asked of the agent, and the deployment is gone when it says so', async () => {
    const agent = server.agent('us')
    const sha = await server.commit({ 'staging/shop.yml': null })
    const [intent] = await agent.intents()
    expect(intent).toMatchObject({ phase: 'deleting', class: 'delete', commit: sha })
    expect(intent?.instance).toBeUndefined()
    expect(await shopOf('staging')).toMatchObject({ desired: null, sync: 'OutOfSync' })
    await agent.obey()
    expect((await deployments()).map(({ environment }) => environment.name)).toEqual(['production'])
    expect(await agent.intents()).toEqual([])
    expect((await statusesOf(sha))['styrmin/deploy/us/staging']).toBe('success: all 1 applied')
  })

  test('one that comes back goes on with a higher epoch', async () => {
    await server.commit({ 'staging/shop.yml': deployment('shop', 'staging') })
    const [intent] = await server.agent('us').intents()
    expect(intent).toMatchObject({ class: 'create', phase: 'running' })
    expect(intent?.epoch).toBeGreaterThan(3)
    await server.agent('us').obey()
  })

  test('the record in git tells the whole story of a commit', async () => {
    const sha = await server.commit({ 'staging/shop.yml': deployment('shop', 'staging', { state: 'stopped' }) })
    const [intent] = await server.agent('us').intents()
    if (intent === undefined) throw new Error('no intent')
    expect(intent).toMatchObject({ class: 'stop', phase: 'stopped' })
    await server.agent('us').report(reportOf(intent, 'applying'))
    await server.agent('us').report(reportOf(intent, 'stopped'))
    const lines = await until('five lines', async () => {
      const text = git(server.work, 'notes', '--ref=styrmin', 'show', sha)
      return text.split('\n').length === 4 ? text.split('\n') : undefined
    })
    const facts = lines.map((line) => JSON.parse(line) as { state: string; digest: string; at: string; v: number })
    expect(facts.map(({ state }) => state)).toEqual(['resolved', 'planned', 'applying', 'applied'])
    expect(facts[1]).toMatchObject({ v: 1, digest: intent.plan, deployment: 'staging/shop', class: 'stop' })
    expect(facts[3]).toMatchObject({ digest: intent.instance, plan: intent.plan, epoch: intent.epoch })
  })
})

describe('what must never be a mass deletion', () => {
  beforeEach(async () => {
    server = await openHarness()
    await server.agent('eu').obey()
    await server.agent('us').obey()
  })
  afterEach(() => server.end())

  test('an empty tree keeps everything and says so', async () => {
    await server.commit(Object.fromEntries(Object.keys(SHOP).map((path) => [path, null])), 'empty')
    expect(await problems()).toMatchObject([{ code: 'STY407' }])
    expect((await deployments()).map(({ desired, active }) => desired?.digest === active?.digest)).toEqual([true, true])
    expect((await server.agent('eu').call('hello')).status).toBe(200)
    await server.commit(SHOP, 'back')
    expect(await server.agent('eu').intents(1)).toEqual([])
    expect(await problems()).toEqual([])
  })

  test('a protected environment keeps what it has', async () => {
    await server.commit({
      'environments.yml': `${environment('production', 'eu', '  protect: true\n')}---\n${environment('staging', 'us')}`,
    })
    await server.agent('eu').obey()
    await server.commit({ 'production/shop.yml': null })
    expect(await problems()).toMatchObject([{ code: 'STY240', affects: ['production/shop'] }])
    expect((await shopOf('production')).sync).toBe('Synced')
  })

  test('a rewound branch is held until a commit says that it was meant', async () => {
    const applied = await server.commit({
      'production/shop.yml': deployment('shop', 'production', { greeting: 'ciao' }),
    })
    await server.agent('eu').obey()
    git(server.work, 'reset', '-q', '--hard', 'HEAD~1')
    const rewound = commitFiles(server.work, { 'staging/shop.yml': null }, 'elsewhere')
    await until('the problem', async () => ((await problems())[0]?.code === 'STY406' ? true : undefined))
    expect((await statusesOf(rewound))['styrmin/plan']).toMatch(/^failure: held: /)
    expect(await deployments()).toHaveLength(2)
    expect(await shopOf('production')).toMatchObject({ sync: 'Synced' })

    const meant = await server.commit({ note: 'x' }, `go back\n\nStyrmin-Rewind-From: ${applied}`)
    expect(await problems()).toEqual([])
    expect(await shopOf('staging')).toMatchObject({ desired: null })
    expect(await shopOf('production')).toMatchObject({ sync: 'OutOfSync' })
    expect((await statusesOf(meant))['styrmin/plan']).toMatch(/^success: /)
  })
})

describe('a server that was away', () => {
  beforeAll(async () => {
    server = await openHarness()
  })
  afterAll(() => server.end())

  test('takes up every commit that it missed, in order', async () => {
    await server.stop()
    const shas = ['a', 'b', 'c'].map((greeting) =>
      commitFiles(server.work, { 'production/shop.yml': deployment('shop', 'production', { greeting }) }, greeting),
    )
    await server.start()
    await until('head', async () => {
      const { status } = await server.query<{ status: { head: string } }>('{ status { head } }')
      return status.head === shas[2] ? true : undefined
    })
    const { commits } = await server.query<{ commits: { nodes: readonly { subject: string; outcome: string }[] } }>(
      '{ commits { nodes { subject outcome } } }',
    )
    expect(commits.nodes.map(({ subject, outcome }) => `${subject} ${outcome}`)).toEqual([
      'c resolved',
      'b resolved',
      'a resolved',
      'first resolved',
    ])
    const [intent, ...rest] = await server.agent('eu').intents()
    expect(rest).toEqual([])
    expect(intent?.commit).toBe(shas[2])
  })

  test('resolves only the newest of very many, and records the others', async () => {
    await server.stop()
    execFileSync(
      'bash',
      ['-c', 'for i in $(seq 60); do git -c user.name=a -c user.email=a@b commit -q --allow-empty -m "n$i"; done'],
      {
        cwd: server.work,
      },
    )
    await server.start()
    const head = git(server.work, 'rev-parse', 'HEAD')
    await until('head', async () => {
      const { status } = await server.query<{ status: { head: string } }>('{ status { head } }')
      return status.head === head ? true : undefined
    })
    const { commits } = await server.query<{ commits: { nodes: readonly { outcome: string }[] } }>(
      '{ commits(first: 60) { nodes { outcome } } }',
    )
    expect(commits.nodes.filter(({ outcome }) => outcome === 'skipped')).toHaveLength(10)
  })
})

describe('a server that lost its store', () => {
  beforeAll(async () => {
    server = await openHarness()
  })
  afterAll(() => server.end())

  test('takes over what runs, and plans from it even where only history knows it', async () => {
    const old = new Map<string, Intent>()
    for (const cluster of ['eu', 'us']) {
      const [intent] = await server.agent(cluster).intents()
      if (intent !== undefined) old.set(cluster, intent)
    }
    const [eu, us] = [old.get('eu'), old.get('us')]
    if (eu === undefined || us === undefined) throw new Error('no intents')
    await server.agent('eu').obey()
    await server.agent('us').obey()
    await server.commit({ 'production/shop.yml': deployment('shop', 'production', { version: '2.0.0' }) })
    await server.stop()
    for (const end of ['', '-wal', '-shm'])
      rmSync(join(server.scratch.folder, `data/styrmin.db${end}`), { force: true })
    await server.start()
    await headIs(server.query, git(server.work, 'rev-parse', 'HEAD'))

    await server.agent('us').report(reportOf({ ...us, epoch: 7 }, 'applied'))
    expect(await shopOf('staging')).toMatchObject({ sync: 'Synced', ready: true })
    expect(await server.agent('us').intents()).toEqual([])

    await server.agent('eu').report(reportOf({ ...eu, epoch: 7 }, 'applied'))
    const [next] = await server.agent('eu').intents()
    expect(next).toMatchObject({ class: 'upgrade', from: eu.instance, epoch: 8 })
    expect(await problems()).toEqual([])
  })

  test('never guesses where even history does not know what runs', async () => {
    const [intent] = await server.agent('eu').intents()
    if (intent === undefined) throw new Error('no intent')
    const foreign = toDigest(`sha256:${'9'.repeat(64)}`)
    await server.agent('eu').report(reportOf({ ...intent, epoch: 20, instance: foreign }, 'applied'))
    expect(await problems()).toMatchObject([{ code: 'STY421', affects: ['production/shop'] }])
    expect((await server.agent('eu').intents()).every(({ epoch }) => epoch < 20)).toBe(true)
  })
})
