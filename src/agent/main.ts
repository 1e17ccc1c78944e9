// Comes in: where the cluster and the server are. Goes out: a running agent.
// Never: a read of the environment (that is `process.ts`), of git, or of anything that dials in.
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import pino, { type Logger } from 'pino'
import type { ClusterAddress } from '../adapters/kube/connection.ts'
import { type KubeApi, openKubeApi } from '../adapters/kube/kube-api.ts'
import { WorkQueue } from '../adapters/kube/queue.ts'
import { Lru } from '../util/lru.ts'
import { BundleStore } from './bundle-store.ts'
import { type AgentConfig, NAMESPACE } from './config.ts'
import { serveHealth } from './health-server.ts'
import { lead, type Parts } from './lead.ts'
import { whileLeading } from './lease.ts'
import { makeMetrics } from './metrics.ts'
import { RepairPace } from './repair-pace.ts'
import { Reporter } from './reporter.ts'
import { connectServer } from './server-client.ts'
import { MACHINE_CLOCK } from './world.ts'
import { ensureOwnNamespace } from './steps/namespace.ts'

/** A running agent. */
export interface Agent {
  /** Where `/metrics` is, when it was asked for. */
  readonly metricsPort?: number
  /** Ends all work at the next point where it may be left, and gives the lease up. */
  stop(): Promise<void>
}

const BACK_OFF = { firstMs: 200, maxMs: 60_000 }
const VERIFIED = 20_000
const RESTART_MS = 2_000

/**
 * Starts an agent; it works until `stop` or the signal ends it.
 *
 * Errors: SetupError when the kubeconfig cannot be used. A cluster or server that does not answer is tried again.
 */
export async function startAgent(config: AgentConfig, signal: AbortSignal): Promise<Agent> {
  const log = pino({ level: config.logLevel ?? 'info' }, pino.destination(2))
  const name = config.name ?? hostname()
  const reporter = new Reporter(name)
  const leading: { term?: Parts } = {}
  const metrics = makeMetrics({
    queue: () => leading.term?.queue,
    deployments: () => leading.term?.ready?.deployments.entries() ?? [],
    lastReportMs: () => reporter.lastReportMs,
    isLeader: () => leading.term !== undefined,
  })
  const api = await openKubeApi(addressOf(config), metrics.onRequest)
  const health =
    config.metricsPort === undefined
      ? undefined
      : await serveHealth(config.metricsPort, metrics.registry, () => leading.term?.ready !== undefined)
  const stopping = new AbortController()
  const running = AbortSignal.any([signal, stopping.signal])
  const namespace = config.namespace ?? NAMESPACE
  const candidate = { api, clock: MACHINE_CLOCK, namespace, identity: `${name}_${randomBytes(4).toString('hex')}` }
  const work = untilStopped(
    log,
    async () => {
      await ensureOwnNamespace(api, namespace, running)
      await whileLeading(
        candidate,
        async (term) => {
          leading.term = partsOf({ api, config, log, reporter, namespace })
          try {
            await lead(leading.term, { concurrency: config.concurrency, onPass: metrics.onPass }, term)
          } finally {
            delete leading.term
          }
        },
        running,
      )
    },
    running,
  )
  const stop = async (): Promise<void> => {
    stopping.abort(new Error('the agent was stopped'))
    await work
    await health?.stop()
    api.close()
  }
  return { ...(health === undefined ? {} : { metricsPort: health.port }), stop }
}

interface PartsInput {
  readonly api: KubeApi
  readonly config: AgentConfig
  readonly log: Logger
  readonly reporter: Reporter
  readonly namespace: string
}

/** What a term of leading begins with: nothing that an earlier term has seen. */
function partsOf({ api, config, log, reporter, namespace }: PartsInput): Parts {
  const server = connectServer(config.serverUrl, config.token)
  return {
    api,
    server,
    bundles: new BundleStore({
      api,
      clock: MACHINE_CLOCK,
      namespace,
      fetch: (digest, signal) => server.bundle(digest, signal),
    }),
    queue: new WorkQueue(BACK_OFF),
    clock: MACHINE_CLOCK,
    log,
    namespace,
    reporter,
    verified: new Lru(VERIFIED),
    observed: new Map(),
    namespaces: new Set(),
    repairs: new RepairPace(MACHINE_CLOCK),
  }
}

function addressOf({ kubeconfig, inCluster }: AgentConfig): ClusterAddress {
  if (kubeconfig === undefined || inCluster === true) return { kind: 'in-cluster' }
  return kubeconfig.includes('\n') ? { kind: 'text', text: kubeconfig } : { kind: 'file', path: kubeconfig }
}

/** A term that ends badly is begun anew: the cluster may have been away. */
async function untilStopped(log: Logger, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await work()
    } catch (error) {
      if (signal.aborted) return
      log.error({ err: error }, 'the agent begins anew')
      await MACHINE_CLOCK.sleep(RESTART_MS, signal).catch(() => undefined)
    }
  }
}
