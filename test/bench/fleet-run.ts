import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openKubeApi } from '../../src/adapters/kube/kube-api.ts'
import { type Reflector, startReflector } from '../../src/adapters/kube/reflector.ts'
import { API_VERSION } from '../../src/agent/names.ts'
import { readDeployment, readRun } from '../../src/agent/resources.ts'
import type { ControlPlane } from '../cluster/control-plane.ts'
import { freePorts } from '../cluster/ports.ts'
import { eventually } from '../cluster/wait.ts'
import { startKubeProxy } from '../e2e/kube-proxy.ts'
import { restartable } from '../e2e/process.ts'
import { makeRepository, stageCommit, setBranch } from './fleet-history.ts'
import { type FleetOptions, writeFleet } from './fleet-repository.ts'
import { sum } from './measure.ts'
import { cpuSeconds } from './processes.ts'

/** What a fleet is run on. */
export interface FleetPlace {
  /** For repository, data and logs. */
  readonly folder: string
  readonly plane: ControlPlane
  readonly size: number
  /** Whether a proxy counts the agent's requests besides the agent itself; it takes CPU from what is measured. */
  readonly proxied: boolean
}

/** Requests to the API server since the beginning. */
export interface Requests {
  readonly reads: number
  readonly writes: number
  /** All of them, as the proxy has counted. */
  readonly proxied?: number
}

/** A server and an agent as processes, with a repository that they follow. */
export interface FleetRun {
  /** Commits the whole fleet at a version and waits until each is applied and ready. */
  bring(version: string, timeoutMs: number): Promise<void>
  /** Restarts the agent, which then has to look at everything, and waits until it has. */
  passAgain(timeoutMs: number): Promise<void>
  requests(): Promise<Requests>
  /** Recorded steps of the newest run of each deployment, in the mean. */
  stepsPerRun(): Promise<number>
  /** CPU seconds of all processes that were the agent. */
  agentCpu(): number
  agentPid(): number
  serverPid(): number
  stop(): Promise<void>
}

interface Seen {
  readonly version: string
  readonly ready: boolean
}

/** Starts server and agent over a repository that declares nothing yet. */
export async function openFleet({ folder, plane, size, proxied }: FleetPlace): Promise<FleetRun> {
  const repository = join(folder, 'repository')
  const token = randomBytes(24).toString('hex')
  const hash = createHash('sha256').update(token).digest('hex')
  const common = {
    driver: 'podinfo',
    driverFolder: join(import.meta.dirname, 'podinfo-driver'),
    clusterSpec: `{ agent_token_hash: "sha256:${hash}" }`,
  }
  await makeRepository(repository, { ...common, deployments: 0, version: '6.14.0' })
  const proxy = proxied ? await startKubeProxy(plane) : undefined
  const [serverPort = 0, metricsPort = 0] = await freePorts(2)
  await writeFile(
    join(folder, 'styrmin.config.yaml'),
    `repository: ${repository}\ndata_folder: ${join(folder, 'data')}\nlisten: { host: 127.0.0.1, port: ${serverPort} }\nlog_level: warn\n`,
  )
  await writeFile(join(folder, 'token'), token)
  const kubeconfig = join(folder, 'kubeconfig')
  if (proxy !== undefined) await writeFile(kubeconfig, proxy.kubeconfig)
  const server = restartable(
    'src/server/process.ts',
    ['--config', join(folder, 'styrmin.config.yaml')],
    join(folder, 'server.log'),
  )
  const agent = restartable(
    'src/agent/process.ts',
    Object.entries({
      server: `http://127.0.0.1:${serverPort}`,
      'token-file': join(folder, 'token'),
      kubeconfig: proxy === undefined ? plane.kubeconfig : kubeconfig,
      'metrics-port': String(metricsPort),
      'log-level': 'warn',
      name: 'bench',
    }).flatMap(([flag, value]) => [`--${flag}`, value]),
    join(folder, 'agent.log'),
  )
  const agentPid = (): number => agent.pid() ?? 0
  const serverPid = (): number => server.pid() ?? 0
  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  const isLeading = async (): Promise<true | undefined> =>
    (await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).ok || undefined
  /** Of agents that have ended: a new process counts from 0. */
  const past = { reads: 0, writes: 0, cpu: 0 }

  server.start()
  await eventually({ what: 'the server answers', timeoutMs: 60_000 }, async () =>
    (await fetch(`http://127.0.0.1:${serverPort}/readyz`)).ok ? true : undefined,
  )
  agent.start()
  await eventually({ what: 'the agent leads', timeoutMs: 60_000 }, isLeading)
  const watcher = await watchFleet(plane)

  return {
    bring: async (version, timeoutMs) => {
      const options: FleetOptions = { ...common, deployments: size, version }
      await writeFleet(repository, options)
      const commit = await stageCommit(repository, `version ${version}`)
      await setBranch(repository, commit)
      await eventually({ what: `${size} deployments ready at ${version}`, timeoutMs }, () =>
        Promise.resolve(watcher.count(version) === size || undefined),
      )
    },
    passAgain: async (timeoutMs) => {
      const counted = requestsIn(await metrics())
      past.reads += counted.reads
      past.writes += counted.writes
      past.cpu += cpuSeconds(agentPid())
      await agent.stop()
      agent.start()
      await eventually({ what: `${size} deployments passed over`, timeoutMs }, async () => {
        const text = await metrics()
        const done = figure(text, 'styrmin_reconcile_total', 'result="ok"') >= size
        return (done && figure(text, 'workqueue_depth', '') === 0) || undefined
      })
    },
    requests: async () => {
      const counted = requestsIn(await metrics())
      return {
        reads: past.reads + counted.reads,
        writes: past.writes + counted.writes,
        ...(proxy === undefined ? {} : { proxied: proxy.reads() + proxy.writes() }),
      }
    },
    stepsPerRun: () => watcher.stepsPerRun(size),
    agentCpu: () => past.cpu + cpuSeconds(agentPid()),
    agentPid,
    serverPid,
    stop: async () => {
      watcher.stop()
      await agent.kill()
      await server.kill()
      await proxy?.stop()
    },
  }
}

interface Watcher {
  readonly count: (version: string) => number
  readonly stepsPerRun: (runs: number) => Promise<number>
  readonly stop: () => void
}

/** Follows what the agent says of the fleet in its resources. */
async function watchFleet(plane: ControlPlane): Promise<Watcher> {
  const api = await openKubeApi({ kind: 'file', path: plane.kubeconfig })
  const stopping = new AbortController()
  const { signal } = stopping
  const seen: Reflector<Seen> = startReflector(
    api,
    {
      scope: { apiVersion: API_VERSION, kind: 'StyrminDeployment' },
      keep: (object) => {
        const status = readDeployment(object)?.status
        const ready = status?.conditions.find(({ type }) => type === 'Ready')?.status === 'True'
        return { version: status?.activeVersion ?? '', ready: ready && status?.phase === 'applied' }
      },
      onChange: () => undefined,
      onError: () => undefined,
    },
    signal,
  )
  await seen.synced
  return {
    count: (version) => [...seen.entries()].filter(([, one]) => one.ready && one.version === version).length,
    stepsPerRun: async (wanted) => {
      const { items } = await api.list({ apiVersion: API_VERSION, kind: 'StyrminRun' }, signal)
      const runs = items.flatMap((object) => readRun(object) ?? []).sort((a, b) => b.epoch - a.epoch)
      return sum(runs.slice(0, wanted).map(({ steps }) => steps.length)) / wanted
    },
    stop: () => {
      stopping.abort(new Error('measured'))
      api.close()
    },
  }
}

function requestsIn(text: string): Requests {
  const methods = [...text.matchAll(/^rest_client_requests_total\{method="(\w+)",code="\d+"\} (\d+)$/gm)]
  const total = (wanted: (method: string) => boolean): number =>
    methods.reduce((all, [, method = '', count = '0']) => all + (wanted(method) ? Number(count) : 0), 0)
  const isRead = (method: string): boolean => method === 'GET' || method === 'WATCH'
  return { reads: total(isRead), writes: total((method) => !isRead(method)) }
}

function figure(text: string, name: string, label: string): number {
  const line = text.split('\n').find((one) => one.startsWith(name) && one.includes(label))
  return Number(line?.split(' ').at(-1) ?? Number.NaN)
}
