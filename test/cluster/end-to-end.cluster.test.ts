import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Overview, settled } from '../../examples/overview.ts'
import { at, type Json, type JsonObject, listAt, textAt } from '../../src/util/json.ts'
import type { KubeHttp } from '../contract/kube/http.ts'
import type { Cut } from '../e2e/kube-proxy.ts'
import { type Recorder, record } from '../e2e/recorder.ts'
import { CLUSTERS, type E2eCluster, type E2eWorld, keepLogs, startWorld } from '../e2e/world.ts'
import { type Gitea, giteaMissing, startGitea } from './gitea.ts'
import { acquireControlPlane } from './shared.ts'

const run = promisify(execFile)

const SETTLE_MS = 240_000
const PRODUCTION = 'production'
const KILLS = 24
const missing = acquireControlPlane() === undefined ? 'there is no control plane' : await giteaMissing()

/** What a run of the seven commits leaves behind, without what differs from run to run. */
interface EndState {
  readonly deployments: readonly string[]
  readonly objects: readonly string[]
  readonly problems: readonly string[]
}

describe.skipIf(missing !== undefined)('the seven commits of the example, with real git, forge and clusters', () => {
  let gitea: Gitea
  let reference: EndState | undefined
  const never = new AbortController().signal

  beforeAll(async () => {
    gitea = await startGitea()
  }, 600_000)
  afterAll(() => gitea?.stop())

  test('are carried out and told everywhere', { timeout: 600_000 }, async () => {
    const world = await startWorld(gitea, 'calm')
    const recorder = record(world.clusters['prod-eu'].kube, PRODUCTION)
    try {
      const shas: string[] = []
      for (const commit of world.history) {
        const sha = await world.work.push(commit)
        shas.push(sha)
        const seen = await settled(world.client, { sha, timeoutMs: SETTLE_MS }, never)
        checkBadCommit(seen, shas.length)
      }
      checkMigration(recorder)
      reference = await endState(world)
      expect(reference.deployments).toContain('production/shop 0.2.0 applied')
      expect(reference.deployments).toContain('dev/queue 7.4.0 stopped')
      expect(reference.deployments.filter((line) => line.startsWith('dev/scratch'))).toEqual([])
      await checkGiteaStatuses(gitea, shas)
      await checkNotes(world, shas)
      await checkKubectl(world.clusters['prod-eu'])
    } catch (cause) {
      await keep(world, 'calm')
      throw cause
    } finally {
      await recorder.stop()
      await world.stop()
    }
  })

  test(`end the same when server and agents are killed ${KILLS} times`, { timeout: 900_000 }, async () => {
    const world = await startWorld(gitea, 'rough')
    const recorder = record(world.clusters['prod-eu'].kube, PRODUCTION)
    const killer = startKilling(world)
    try {
      for (const commit of world.history) {
        const sha = await world.work.push(commit)
        await settled(world.client, { sha, timeoutMs: SETTLE_MS }, never)
      }
      expect(killer.points().length).toBeGreaterThanOrEqual(20)
      await killer.stop()
      checkMigration(recorder)
      expect(await endState(world)).toEqual(reference)
    } catch (cause) {
      await keep(world, 'rough')
      throw cause
    } finally {
      await killer.stop()
      await recorder.stop()
      await world.stop()
    }
  })
})

/** The mistake in one file is told with its place, and nobody else is touched. */
function checkBadCommit(seen: Overview, commits: number): void {
  if (commits !== 4) return
  expect(seen.problems.nodes.filter(({ file }) => file === 'deployments/staging/shop.yml')).toHaveLength(1)
  expect(seen.deployments.nodes.filter(({ blocked }) => blocked).map(({ name }) => name)).toEqual(['shop'])
}

/** The migration ran once, and what was stopped for it stayed at 0 until it had ended. */
function checkMigration(recorder: Recorder): void {
  const { sightings } = recorder
  expect([...recorder.jobs().values()]).toHaveLength(1)
  const [job] = [...recorder.jobs().values()]
  const ended = sightings.findIndex(({ kind, name, value }) => kind === 'job' && name === job && value === 0)
  expect(ended).toBeGreaterThan(0)
  for (const component of ['server', 'worker']) {
    const stopped = sightings.findIndex(
      ({ kind, name, value }) => kind === 'replicas' && name.endsWith(component) && value === 0,
    )
    expect(stopped).toBeGreaterThan(0)
    expect(stopped).toBeLessThan(ended)
    const during = sightings
      .slice(stopped, ended)
      .filter(({ kind, name }) => kind === 'replicas' && name.endsWith(component))
    expect(during.filter(({ value }) => value !== 0)).toEqual([])
    const after = sightings.slice(ended).filter(({ kind, name }) => kind === 'replicas' && name.endsWith(component))
    expect(after.at(-1)?.value).toBeGreaterThan(0)
  }
}

const NAMESPACES = new Set(['production', 'shop-staging', 'dev'])
const LISTS = [
  '/apis/apps/v1/deployments',
  '/apis/apps/v1/statefulsets',
  '/api/v1/services',
  '/api/v1/configmaps',
  '/apis/networking.k8s.io/v1/ingresses',
  '/apis/styrmin.io/v1/styrmindeployments',
] as const

async function endState({ client, clusters }: E2eWorld): Promise<EndState> {
  const seen = await client.query<Overview>(
    '{ deployments(first: 100) { nodes { environment { name } name phase ready active { digest appVersion } } } problems(first: 100) { nodes { code message } } }',
    {},
    AbortSignal.timeout(10_000),
  )
  const objects = await Promise.all(CLUSTERS.map((name) => objectsOf(name, clusters[name].kube)))
  return {
    deployments: seen.deployments.nodes.map(
      ({ environment, name, active, phase }) => `${environment.name}/${name} ${active?.appVersion} ${phase}`,
    ),
    objects: objects.flat(),
    problems: seen.problems.nodes.map(({ code }) => code),
  }
}

async function objectsOf(cluster: string, kube: KubeHttp): Promise<readonly string[]> {
  const lists = await Promise.all(
    LISTS.map(async (path) => ({ path, items: listAt((await kube.get(path)).body, 'items') })),
  )
  return lists.flatMap(({ path, items }) =>
    items
      .filter(
        (item) =>
          NAMESPACES.has(textAt(item, 'metadata', 'namespace') ?? '') &&
          textAt(item, 'metadata', 'name') !== 'kube-root-ca.crt',
      )
      .map(
        (item) =>
          `${cluster} ${path} ${textAt(item, 'metadata', 'namespace')}/${textAt(item, 'metadata', 'name')} ${statement(item)}`,
      ),
  )
}

/** What of an object must be the same in every run. */
function statement(item: Json): string {
  const replicas = at(item, 'spec', 'replicas')
  const image = textAt(item, 'spec', 'template', 'spec', 'containers', 0, 'image')
  const instance = textAt(item, 'spec', 'instance') ?? ''
  return JSON.stringify({ replicas, image, instance, data: at(item, 'data') } as JsonObject)
}

async function checkGiteaStatuses(gitea: Gitea, shas: readonly string[]): Promise<void> {
  const last = await statusesOf(gitea, shas[2] ?? '')
  expect(last.get('styrmin/plan')).toBe('success')
  expect(last.get('styrmin/deploy/prod-eu/production')).toBe('success')
  expect((await statusesOf(gitea, shas[3] ?? '')).get('styrmin/plan')).toBe('failure')
}

/** The newest state of each context; what is still on its way is waited for. */
async function statusesOf(gitea: Gitea, sha: string): Promise<ReadonlyMap<string, string>> {
  const url = `${gitea.url}/api/v1/repos/${gitea.user}/calm/commits/${sha}/status`
  for (let tries = 0; ; tries++) {
    const response = await fetch(url, { headers: { authorization: `token ${gitea.token}` } })
    const statuses = listAt((await response.json()) as Json, 'statuses')
    const states = new Map(statuses.map((one) => [textAt(one, 'context') ?? '', textAt(one, 'status') ?? '']))
    if ((states.size > 0 && ![...states.values()].includes('pending')) || tries > 100) return states
    await sleep(100)
  }
}

async function checkNotes({ work }: E2eWorld, shas: readonly string[]): Promise<void> {
  const upgrade = shas[2] ?? ''
  let states: ReadonlySet<string> = new Set()
  for (let tries = 0; tries < 100 && !states.has('applied'); tries++) {
    await work.git('fetch', '--quiet', 'origin', '+refs/notes/styrmin:refs/notes/styrmin')
    const text = await work.git('notes', '--ref=styrmin', 'show', upgrade)
    states = new Set(
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => textAt(JSON.parse(line) as Json, 'state') ?? ''),
    )
    await sleep(100)
  }
  expect([...states].sort()).toEqual(['applied', 'applying', 'planned', 'resolved'])
}

async function checkKubectl({ plane }: E2eCluster): Promise<void> {
  const kubectl = (...args: readonly string[]) => run(plane.kubectl, ['--kubeconfig', plane.kubeconfig, ...args])
  const { stdout: table } = await kubectl('get', 'sd', '-A')
  expect(table.split('\n')[0]).toMatch(/^NAMESPACE\s+NAME\s+.*READY.*AGE$/)
  expect(table.split('\n').filter((line) => line.includes('True'))).toHaveLength(5)
  const { stdout: names } = await kubectl('get', 'sd', '-n', PRODUCTION, '-o', 'name')
  const shop = names.split('\n').find((name) => name.includes('/shop-')) ?? ''
  const { stdout: waited } = await kubectl('wait', '--for=condition=Ready', shop, '-n', PRODUCTION, '--timeout=10s')
  expect(waited).toContain('condition met')
  const { stdout: described } = await kubectl('describe', shop, '-n', PRODUCTION)
  expect(described).toMatch(/Type:\s+Ready/)
}

/** One place where a process was killed. */
type Point = string

/** Kills the agent of the production cluster at ever other writes, every third time the server too, and starts them again. */
function startKilling(world: E2eWorld): {
  readonly points: () => readonly Point[]
  readonly stop: () => Promise<void>
} {
  const { proxy, agent } = world.clusters['prod-eu']
  const points: Point[] = []
  let open = true
  let striking = Promise.resolve()
  const strike = async (point: Point, withServer: boolean): Promise<void> => {
    points.push(point)
    await agent.kill()
    if (withServer) await world.server.kill()
    if (!open) return
    if (withServer) world.server.start()
    agent.start()
    arm()
  }
  function arm(): void {
    const number = points.length
    if (!open || number >= KILLS) return
    const cut: Cut = number % 2 === 0 ? 'before' : 'after'
    const ahead = 2 + (number % 5)
    proxy.arm(ahead, cut, () => {
      striking = strike(`${cut} write ${proxy.writes()}`, number % 3 === 2)
      return striking
    })
  }
  arm()
  return {
    points: () => points,
    stop: async () => {
      open = false
      await striking
    },
  }
}

async function keep(world: E2eWorld, name: string): Promise<void> {
  const folder = join(import.meta.dirname, '../../.styrmin/e2e', name)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await keepLogs(world, folder)
}
