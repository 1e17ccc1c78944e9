import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../src/sdk/index.ts'
import { startServer } from '../../src/server/main.ts'
import { type Harness, openHarness, reportOf } from './harness.ts'
import { deployment, SHOP } from './shop.ts'

const many = Object.fromEntries(
  Array.from({ length: 7 }, (_, index) => [`many/${index}.yml`, deployment(`app-${index}`, 'staging')]),
)

let server: Harness
beforeAll(async () => {
  server = await openHarness({}, { ...SHOP, ...many })
})
afterAll(() => server.end())

async function post(query: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${server.url()}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  })
  return {
    status: response.status,
    answer: (await response.json()) as { errors?: { message: string }[]; data?: unknown },
  }
}

test('a list is read page by page without a gap', async () => {
  const names: string[] = []
  let after = ''
  for (;;) {
    const { deployments } = await server.query<{
      deployments: { nodes: { name: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } }
    }>(`{ deployments(first: 3${after}) { nodes { name } pageInfo { hasNextPage endCursor } } }`)
    names.push(...deployments.nodes.map(({ name }) => name))
    if (!deployments.pageInfo.hasNextPage) break
    after = `, after: "${deployments.pageInfo.endCursor}"`
  }
  expect(names).toEqual(['shop', ...Array.from({ length: 7 }, (_, index) => `app-${index}`), 'shop'])
})

test('history is read page by page, newest first', async () => {
  await server.commit({ note: '1' }, 'second')
  const first = await server.query<{ commits: { edges: { cursor: string; node: { subject: string } }[] } }>(
    '{ commits(first: 1) { edges { cursor node { subject } } } }',
  )
  const [edge] = first.commits.edges
  expect(edge?.node.subject).toBe('second')
  const { commits } = await server.query<{ commits: unknown }>(
    `{ commits(first: 5, after: "${edge?.cursor}") { nodes { subject } pageInfo { hasNextPage } } }`,
  )
  expect(commits).toEqual({ nodes: [{ subject: 'first' }], pageInfo: { hasNextPage: false } })
})

test('every part of a deployment can be asked in one query', async () => {
  const agent = server.agent('eu')
  const [intent] = await agent.intents()
  if (intent === undefined) throw new Error('no intent')
  await agent.report(reportOf(intent, 'applied'))
  const { deployment: seen } = await server.query<{ deployment: unknown }>(`{
    deployment(environment: "production", name: "shop") {
      name id version file cluster namespace environment { name cluster protected } driver { name version }
      active { digest appVersion context values } desired { digest appVersion commit }
      ready phase reason message health sync observedAt components { name state desired ready }
      problems { code } plan { class text steps { number title args } } plans { nodes { digest class } }
      instances { nodes { digest appVersion commit } } drift { object }
      runs { nodes { epoch class phase steps { number state } startedAt finishedAt } }
    } }`)
  expect(seen).toMatchObject({
    version: '1.0.0',
    file: 'production/shop.yml',
    cluster: 'eu',
    driver: { name: 'web', version: '1' },
    active: { digest: intent.instance, appVersion: '1.0.0', values: { greeting: 'hello' } },
    components: [{ name: 'web', state: 'Running', desired: 1, ready: 1 }],
    plan: { class: 'create' },
    instances: { nodes: [{ digest: intent.instance, appVersion: '1.0.0', commit: intent.commit }] },
    runs: { nodes: [{ epoch: 1, class: 'create', phase: 'applied', steps: [{ number: 2, state: 'succeeded' }] }] },
  })
})

test('clusters show their agents', async () => {
  const { clusters } = await server.query<{ clusters: unknown }>(
    '{ clusters { name kubernetes agent { name kubernetes silentSince } environments { name } } }',
  )
  expect(clusters).toEqual([
    {
      name: 'eu',
      kubernetes: '1.34',
      agent: { name: 'agent-of-eu', kubernetes: 'v1.34.4', silentSince: null },
      environments: [{ name: 'production' }],
    },
    { name: 'us', kubernetes: '1.34', agent: null, environments: [{ name: 'staging' }] },
  ])
})

test.for([
  {
    name: 'too deep',
    query: `{ deployments { ${'edges { node { plans { '.repeat(5)}nodes { digest } ${'} } }'.repeat(5)} } }`,
  },
  {
    name: 'too many aliases',
    query: `{ ${Array.from({ length: 60 }, (_, i) => `a${i}: status { head }`).join(' ')} }`,
  },
  {
    name: 'too much work',
    query: '{ deployments(first: 500) { nodes { runs(first: 500) { nodes { steps { name } } } } } }',
  },
  {
    name: 'too much work behind a variable and a fragment',
    query:
      'query ($n: Int = 500) { deployments(first: $n) { nodes { ...f } } } fragment f on Deployment { plans(first: $n) { nodes { steps { name } } } }',
  },
])('a query that is $name is refused before it runs', async ({ query }) => {
  const { answer } = await post(query)
  expect(answer.data ?? null).toBeNull()
  expect(answer.errors?.[0]?.message).toMatch(/^(the query's \w+ is \d+, more than|Cannot query)/)
})

test('fragments that each spread the next one twice are counted without being followed each time', async () => {
  const fragments = Array.from(
    { length: 60 },
    (_, i) => `fragment f${i} on Status { ${i === 59 ? 'head' : `...f${i + 1} ...f${i + 1}`} }`,
  )
  const { answer } = await post(`{ status { ...f0 } } ${fragments.join(' ')}`)
  expect(answer.data ?? null).toBeNull()
  const messages = answer.errors?.map(({ message }) => message)
  expect(messages).toContain(`the query's cost is ${2 ** 59 + 1}, more than 200000`)
})

test('a query of unreasonable length is refused', async () => {
  const response = await fetch(`${server.url()}/graphql`, { method: 'POST', body: ' '.repeat(200_000) })
  expect(response.status).toBe(413)
})

test.for(['mutation { a }', 'mutation { deleteDeployment(name: "x") { ok } }'])('%s changes nothing', async (query) => {
  expect((await post(query)).answer.errors?.[0]?.message).toContain('mutation')
})

test('the schema can be asked for', async () => {
  const { answer } = await post(
    '{ __schema { queryType { fields { name type { ofType { ofType { ofType { name } } } } } } } }',
  )
  expect(answer.errors).toBeUndefined()
})

test('a subscription gives a deployment as it is, and each time it changes', async () => {
  const client = connect({ url: server.url() })
  const stop = new AbortController()
  const phases: string[] = []
  const [intent] = await server.agent('us').intents()
  if (intent === undefined) throw new Error('no intent')
  const { name } = intent.deployment
  const events = client.subscribe<{ deploymentChanged: { phase: string; name: string } }>(
    'subscription ($name: String!) { deploymentChanged(environment: "staging", name: $name) { name phase } }',
    { name },
    AbortSignal.any([stop.signal, AbortSignal.timeout(15_000)]),
  )
  for await (const { deploymentChanged } of events) {
    phases.push(deploymentChanged.phase)
    if (deploymentChanged.phase === 'pending') await server.agent('us').report(reportOf(intent, 'applying'))
    if (deploymentChanged.phase === 'applying') await server.agent('us').report(reportOf(intent, 'applied'))
    if (deploymentChanged.phase === 'applied') break
  }
  stop.abort()
  expect(phases).toEqual(['pending', 'applying', 'applied'])
})

test('health, readiness and metrics are there', async () => {
  const get = (path: string) => fetch(`${server.url()}${path}`)
  expect((await get('/healthz')).status).toBe(200)
  expect((await get('/readyz')).status).toBe(200)
  const text = await (await get('/metrics')).text()
  expect(text).toMatch(
    /styrmin_deployment_info\{cluster="eu",environment="production",name="shop",driver="web",version="1.0.0",sync_status="Synced",health_status="Healthy"\} 1/,
  )
  expect(text).toMatch(/styrmin_build_info\{version="[\d.]+"\} 1/)
  expect(text).toMatch(/styrmin_agent_last_report_timestamp_seconds\{cluster="eu"\} \d+/)
  expect((await get('/nowhere')).status).toBe(404)
})

describe('who may read', () => {
  const hash = `sha256:${createHash('sha256').update('let-me-in').digest('hex')}` as never

  test('with auth, only who holds a token; an agent’s token does not read', async () => {
    const guarded = await openHarness({}, SHOP)
    await guarded.stop()
    await guarded.start({ auth: { tokens: [{ name: 'ada', hash }] } })
    const ask = (path: string, token?: string) =>
      fetch(`${guarded.url()}${path}`, {
        method: path === '/graphql' ? 'POST' : 'GET',
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(path === '/graphql' ? { body: '{"query":"{ status { head } }"}' } : {}),
      })
    for (const path of ['/graphql', '/metrics']) {
      expect((await ask(path)).status).toBe(401)
      expect((await ask(path, 'wrong')).status).toBe(401)
      expect((await ask(path, 'token-of-eu')).status).toBe(401)
      expect((await ask(path, 'let-me-in')).status).toBe(200)
    }
    expect((await ask('/agent/v1/hello', 'let-me-in')).status).toBe(401)
    expect((await ask('/healthz')).status).toBe(200)
    await guarded.end()
  })

  test('without auth it does not listen for others', async () => {
    const config = {
      repository: server.work,
      dataFolder: `${server.scratch.folder}/open`,
      listen: { host: '0.0.0.0', port: 0 },
    }
    await expect(startServer(config, new AbortController().signal)).rejects.toMatchObject({ code: 'STY413' })
  })

  test('a second server on the same data folder is refused', async () => {
    const config = {
      repository: server.work,
      dataFolder: `${server.scratch.folder}/data`,
      listen: { host: '127.0.0.1', port: 0 },
    }
    await expect(startServer(config, new AbortController().signal)).rejects.toMatchObject({ code: 'STY408' })
  })
})
