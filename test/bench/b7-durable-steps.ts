import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClusterAddress } from '../../src/adapters/kube/connection.ts'
import { type KubeApi, openKubeApi } from '../../src/adapters/kube/kube-api.ts'
import { installCrds } from '../../src/agent/install-crds.ts'
import { readRun, type RunResource, withStatus } from '../../src/agent/resources.ts'
import { RunJournal } from '../../src/agent/run-journal.ts'
import { MACHINE_CLOCK } from '../../src/agent/world.ts'
import { toDigest } from '../../src/domain/ids.ts'
import type { ClusterApi } from '../../src/ports/cluster.ts'
import { startSandbox } from '../../src/sandbox/main.ts'
import { digestOf } from '../../src/util/digest.ts'
import { type JsonObject, objectAt } from '../../src/util/json.ts'
import { runSteps } from '../../src/workflow/run-steps.ts'
import { startControlPlane } from '../cluster/control-plane.ts'
import { type Bench, loadAverage, median, round, sum, timed } from './measure.ts'

/** Steps of one run; its status grows with each, as a real one does. */
const STEPS_ALONE = 12
/** Fewer, so that both sides take turns often on a machine that does other things too. */
const STEPS_TOGETHER = 4
/** For each comparison. */
const BUDGET_MS = 25_000
const LEAST_ROUNDS = 4
/** The agent works on so many runs at the same time. */
const AT_ONCE = 20
const GOAL = 0.7
const UNHEARD = { note: () => undefined }
const never = new AbortController().signal

/** B7: durable steps a second of the engine with the agent's journal, against half the rate of the same writes with nothing around them. */
export const durableSteps: Bench = async (say) => {
  const load = loadAverage()
  const real = await onApiServer(say)
  const small = await onSandbox(say)
  return {
    apiServer: real,
    sandbox: small,
    goalRatio: GOAL,
    loadAverageBefore: load,
    loadAverageAfter: loadAverage(),
  }
}

async function onApiServer(say: (line: string) => void): Promise<JsonObject> {
  say('starting etcd with fsync, and kube-apiserver')
  const plane = await startControlPlane({ controllers: false, scheduler: false, kwok: false, etcdFsync: true })
  await using closing = new AsyncDisposableStack()
  closing.defer(() => plane.stop())
  return await measureAt({ kind: 'file', path: plane.kubeconfig }, say)
}

async function onSandbox(say: (line: string) => void): Promise<JsonObject> {
  say('the same on the sandbox, kept in a folder')
  const dataFolder = await mkdtemp(join(tmpdir(), 'styrmin-b7-'))
  await using closing = new AsyncDisposableStack()
  closing.defer(() => rm(dataFolder, { recursive: true, force: true }))
  const sandbox = await startSandbox({ dataFolder })
  closing.defer(() => sandbox.stop())
  return await measureAt({ kind: 'text', text: sandbox.kubeconfig() }, say)
}

async function measureAt(address: ClusterAddress, say: (line: string) => void): Promise<JsonObject> {
  const api = await openKubeApi(address)
  try {
    await installCrds(api, MACHINE_CLOCK, never)
    const runs = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => makeRun(api, index)))
    const alone = await compare({ api, runs: runs.slice(0, 1), steps: STEPS_ALONE }, say)
    const together = await compare({ api, runs, steps: STEPS_TOGETHER }, say)
    return { oneRun: alone, [`runsTogether${AT_ONCE}`]: together }
  } finally {
    api.close()
  }
}

interface Load {
  readonly api: KubeApi
  readonly runs: readonly RunResource[]
  readonly steps: number
}

interface Sample {
  readonly engineMs: number
  readonly rawMs: number
}

/** Alternates between both, so that what else the machine does meets both. */
async function compare(load: Load, say: (line: string) => void): Promise<JsonObject> {
  const samples: Sample[] = []
  const endMs = performance.now() + BUDGET_MS
  let written = await perform(load) // Not counted: it warms up.
  while (samples.length < LEAST_ROUNDS || performance.now() < endMs) {
    const rawFirst = samples.length % 2 === 0 ? await timed(() => replay(load, written)) : undefined
    const engine = await timed(() => perform(load))
    written = engine.result
    const raw = rawFirst ?? (await timed(() => replay(load, written)))
    samples.push({ engineMs: engine.ms, rawMs: raw.ms })
  }
  const steps = samples.length * load.runs.length * load.steps
  const stepsPerSecond = (steps * 1000) / sum(samples.map(({ engineMs }) => engineMs))
  const rawWritesPerSecond = (steps * 2 * 1000) / sum(samples.map(({ rawMs }) => rawMs))
  const ratios = samples.map(({ engineMs, rawMs }) => rawMs / engineMs)
  const result = {
    stepsOfARun: load.steps,
    rounds: samples.length,
    stepsPerSecond: round(stepsPerSecond),
    rawWritesPerSecond: round(rawWritesPerSecond),
    ratio: round(stepsPerSecond / (rawWritesPerSecond / 2)),
    ratioMedian: round(median(ratios)),
    ratioLowest: round(Math.min(...ratios)),
    ratioHighest: round(Math.max(...ratios)),
  }
  say(`${load.runs.length} at once: ${JSON.stringify(result)}`)
  return result
}

/** Carries the runs out; the statuses that each of them wrote. */
async function perform({ api, runs, steps: count }: Load): Promise<readonly (readonly JsonObject[])[]> {
  return await Promise.all(
    runs.map(async (run) => {
      const written: JsonObject[] = []
      const journal = new RunJournal(recording(api, written), UNHEARD, await readAgain(api, run))
      const outcome = await runSteps(
        async (steps) => {
          for (let number = 0; number < count; number++) {
            await steps.step('apply', { wave: number }, () => Promise.resolve(appliedObjects(number)))
          }
        },
        {
          journal,
          clock: MACHINE_CLOCK,
          startedAtMs: Date.now(),
          seed: 'bench',
          isTransient: () => true,
          shouldStop: () => false,
          onSay: () => undefined,
        },
        never,
      )
      if (outcome.kind !== 'done') throw new Error(`the run ended as ${JSON.stringify(outcome)}`)
      return written
    }),
  )
}

/** Writes the same statuses again, one after another in each run. */
async function replay({ api, runs }: Load, written: readonly (readonly JsonObject[])[]): Promise<void> {
  await Promise.all(
    runs.map(async (run, index) => {
      let { object } = await readAgain(api, run)
      for (const status of written[index] ?? []) {
        object = await api.replace(withStatus(object, status), { subresource: 'status' }, never)
      }
    }),
  )
}

/** Keeps what the API server answered: the journal goes on changing what it sent. */
function recording(api: KubeApi, written: JsonObject[]): ClusterApi {
  return new Proxy(api, {
    get: (target, key) => {
      if (key !== 'replace') return Reflect.get(target, key)
      return async (object: JsonObject, options: { readonly subresource?: 'status' }, signal: AbortSignal) => {
        const live = await target.replace(object, options, signal)
        written.push(objectAt(live, 'status'))
        return live
      }
    },
  })
}

/** As it is now, with nothing recorded. */
async function readAgain(api: KubeApi, { key }: RunResource): Promise<RunResource> {
  const [namespace = '', name = ''] = key.split('/')
  const live = await api.get({ apiVersion: 'styrmin.io/v1', kind: 'StyrminRun', namespace, name }, never)
  const run = live === undefined ? undefined : readRun(live)
  if (run === undefined) throw new Error(`${key} is gone`)
  return { ...run, steps: [] }
}

async function makeRun(api: KubeApi, index: number): Promise<RunResource> {
  const digest = toDigest(digestOf({ index }))
  const spec = { deployment: `d${index}`, epoch: 1, class: 'upgrade', phase: 'running', commit: 'a'.repeat(40) }
  const object = await api.create(
    {
      apiVersion: 'styrmin.io/v1',
      kind: 'StyrminRun',
      metadata: { name: `d${index}-1`, namespace: 'default' },
      spec: {
        ...spec,
        plan: digest,
        bundle: digest,
        version: '1.0.0',
        seed: 'bench',
        startedAt: new Date().toISOString(),
      },
    },
    never,
  )
  const run = readRun(object)
  if (run === undefined) throw new Error('the run cannot be read')
  return run
}

/** What an apply of four objects records. */
function appliedObjects(wave: number): JsonObject {
  const entry = (apiVersion: string, kind: string): JsonObject => ({
    apiVersion,
    kind,
    namespace: 'default',
    name: `application-${wave}`,
    uid: '00000000-0000-4000-8000-000000000000',
    fields: `sha256:${'0'.repeat(64)}`,
  })
  const inventory = [
    entry('v1', 'ServiceAccount'),
    entry('v1', 'Service'),
    entry('apps/v1', 'Deployment'),
    entry('networking.k8s.io/v1', 'Ingress'),
  ]
  return { inventory, gone: [] }
}
