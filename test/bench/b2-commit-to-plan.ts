import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { openGitSource } from '../../src/adapters/git/git-source.ts'
import { openStore } from '../../src/adapters/store/sqlite-store.ts'
import { createResolveCache } from '../../src/pipeline/resolve-cache.ts'
import type { Changes, Store } from '../../src/ports/store.ts'
import { openRenderers } from '../../src/renderer/open-renderers.ts'
import { createJournal } from '../../src/server/journal.ts'
import { loadSigningKey } from '../../src/server/keys.ts'
import { createMetrics } from '../../src/server/metrics.ts'
import { createState } from '../../src/server/state.ts'
import { createSync } from '../../src/server/sync.ts'
import type { ServerTools } from '../../src/server/tools.ts'
import type { JsonObject } from '../../src/util/json.ts'
import { appendEdits, makeRepository, setBranch } from './fleet-history.ts'
import { type Bench, loadAverage, percentile, round, timed } from './measure.ts'

const SIZES = [100, 2_000]
const COMMITS = 300
/** The first commits after the import warm up what a running server has warm. */
const UNCOUNTED = 10
const GOAL_P99_MS = 50
const GOAL_RATIO = 1.5
const NO_POLL_MS = 3_600_000

/** B2: from the look that finds a commit of one file to its plan, bundle and intent durable in the store. */
export const commitToPlan: Bench = async (say) => {
  const load = loadAverage()
  const sizes = process.env['STYRMIN_BENCH_SIZES']?.split(',').map(Number) ?? SIZES
  const results: Record<string, JsonObject> = {}
  for (const size of sizes) results[`deployments${size}`] = await measureSize(size, say)
  const all = Object.values(results)
  const ratioOf = (key: string): number => round(Number(all.at(-1)?.[key]) / Number(all[0]?.[key]))
  return {
    ...results,
    ratioP50: ratioOf('p50Ms'),
    ratioP99: ratioOf('p99Ms'),
    ratioCpuP50: ratioOf('cpuP50Ms'),
    ratioCpuP99: ratioOf('cpuP99Ms'),
    goalP99Ms: GOAL_P99_MS,
    goalRatio: GOAL_RATIO,
    loadAverageBefore: load,
    loadAverageAfter: loadAverage(),
  }
}

async function measureSize(deployments: number, say: (line: string) => void): Promise<JsonObject> {
  const folder = await mkdtemp(join(tmpdir(), 'styrmin-b2-'))
  try {
    const repository = join(folder, 'repository')
    const first = await makeRepository(repository, { deployments, driver: 'redis', version: '7.4.0' })
    const commits = await appendEdits(repository, first, { count: COMMITS + UNCOUNTED, deployments })
    return await follow({ folder, repository, first, commits, deployments }, say)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Sample {
  readonly ms: number
  readonly cpuMs: number
}

interface History {
  readonly folder: string
  readonly repository: string
  readonly first: string
  /** After the first, oldest first. */
  readonly commits: readonly string[]
  readonly deployments: number
}

async function follow(history: History, say: (line: string) => void): Promise<JsonObject> {
  await using closing = new AsyncDisposableStack()
  const { repository, deployments, commits } = history
  await setBranch(repository, history.first)
  const durable = new Map<string, (changes: Changes) => void>()
  const tools = await openServerParts(history, closing, (changes) => {
    for (const { sha } of changes.commits ?? []) durable.get(sha)?.(changes)
  })
  const stop = new AbortController()
  const sync = createSync(tools, { pollMs: NO_POLL_MS, depth: 50 })
  const stored = (sha: string): Promise<Changes> => new Promise((resolve) => durable.set(sha, resolve))

  const imported = stored(history.first)
  const cold = await timed(async () => {
    const running = sync.run(stop.signal)
    closing.defer(async () => {
      stop.abort(new Error('measured'))
      await running
    })
    await imported
  })
  say(`${deployments} deployments imported in ${round(cold.ms / 1000)} s`)

  const samples: Sample[] = []
  for (const sha of commits) {
    const done = stored(sha)
    await setBranch(repository, sha)
    const cpu = process.cpuUsage()
    const { ms, result } = await timed(() => {
      sync.wake()
      return done
    })
    if (result.plans?.length !== 1 || result.intents?.length !== 1) throw new Error(`${sha} has no plan`)
    const { user, system } = process.cpuUsage(cpu)
    samples.push({ ms, cpuMs: (user + system) / 1000 })
  }
  const wall = samples.slice(UNCOUNTED).map(({ ms }) => ms)
  const cpu = samples.slice(UNCOUNTED).map(({ cpuMs }) => cpuMs)
  const figures = {
    coldSyncSeconds: round(cold.ms / 1000),
    commits: wall.length,
    p50Ms: round(percentile(wall, 0.5)),
    p99Ms: round(percentile(wall, 0.99)),
    leastMs: round(Math.min(...wall)),
    // Of this process, without the renderer's: what a busy machine does not shake.
    cpuP50Ms: round(percentile(cpu, 0.5)),
    cpuP99Ms: round(percentile(cpu, 0.99)),
    rssMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  }
  say(JSON.stringify(figures))
  return figures
}

/** The parts of a server as `src/server/main.ts` wires them, without its HTTP side. */
async function openServerParts(
  { folder, repository }: History,
  closing: AsyncDisposableStack,
  onWritten: (changes: Changes) => void,
): Promise<ServerTools> {
  const store = await openStore(join(folder, 'styrmin.db'))
  closing.defer(() => store.close())
  const git = await openGitSource({
    repository,
    branch: 'main',
    path: '',
    folder: join(folder, 'git'),
    credentialOf: () => Promise.resolve(undefined),
  })
  closing.defer(() => git.close())
  const renderers = await openRenderers()
  closing.defer(() => renderers.close())
  const state = createState(await store.load())
  const telling: Store = {
    ...store,
    write: async (changes) => {
      await store.write(changes)
      onWritten(changes)
    },
  }
  return {
    state,
    store: telling,
    journal: createJournal(telling, state),
    git,
    renderer: renderers.trusted,
    cache: createResolveCache(),
    key: await loadSigningKey(join(folder, 'signing-key.pem')),
    notes: false,
    now: () => Date.now(),
    log: pino({ level: 'silent' }),
    metrics: createMetrics('bench'),
  }
}
