import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { WorkQueue } from '../adapters/kube/queue.ts'
import type { DeploymentResource } from './resources.ts'

/** The figures of one agent, under the names that dashboards know. */
export interface AgentMetrics {
  readonly registry: Registry
  readonly onRequest: (method: string, status: number) => void
  readonly onPass: (result: 'ok' | 'retry' | 'error', seconds: number) => void
}

/** What the gauges look at when they are read. */
export interface MetricsView {
  readonly queue: () => WorkQueue | undefined
  readonly deployments: () => Iterable<readonly [string, DeploymentResource | undefined]>
  readonly lastReportMs: () => number
  readonly isLeader: () => boolean
}

/** Makes a registry of its own, so that two agents in one process do not mix. */
export function makeMetrics(view: MetricsView): AgentMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the Kubernetes API by method and code.',
    labelNames: ['method', 'code'],
    registers,
  })
  const passes = new Counter({
    name: 'styrmin_reconcile_total',
    help: 'Passes over a deployment by result.',
    labelNames: ['kind', 'result'],
    registers,
  })
  const duration = new Histogram({
    name: 'styrmin_reconcile_duration_seconds',
    help: 'How long a pass over a deployment takes.',
    labelNames: ['kind', 'result'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
    registers,
  })
  for (const result of ['ok', 'retry', 'error']) passes.inc({ kind: 'StyrminDeployment', result }, 0)
  addGauges(registry, view)
  return {
    registry,
    onRequest: (method, code) => requests.inc({ method, code: String(code) }),
    onPass: (result, seconds) => {
      passes.inc({ kind: 'StyrminDeployment', result })
      duration.observe({ kind: 'StyrminDeployment', result }, seconds)
    },
  }
}

function addGauges(registry: Registry, view: MetricsView): void {
  gauge(registry, 'workqueue_depth', 'Deployments that are due.', () => view.queue()?.figures().depth ?? 0)
  gauge(registry, 'workqueue_adds_total', 'Times a deployment became due.', () => view.queue()?.figures().adds ?? 0)
  gauge(registry, 'workqueue_retries_total', 'Times a pass is tried again.', () => view.queue()?.figures().retries ?? 0)
  gauge(registry, 'styrmin_agent_leader', '1 while this agent leads.', () => (view.isLeader() ? 1 : 0))
  gauge(
    registry,
    'styrmin_agent_last_report_timestamp_seconds',
    'When the server took in a report last.',
    () => view.lastReportMs() / 1000,
  )
  const info = new Gauge({
    name: 'styrmin_deployment_info',
    help: 'One for each deployment of the cluster.',
    labelNames: ['environment', 'name', 'version', 'phase', 'ready'],
    registers: [registry],
    collect() {
      info.reset()
      for (const [, deployment] of view.deployments()) {
        if (deployment === undefined) continue
        const { intent, status } = deployment
        const ready = status.conditions.find(({ type }) => type === 'Ready')?.status ?? 'Unknown'
        const { environment, name } = intent.deployment
        info.set({ environment, name, version: status.activeVersion ?? '', phase: status.phase, ready }, 1)
      }
    },
  })
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  const made = new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      made.set(read())
    },
  })
}
