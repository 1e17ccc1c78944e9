import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { DeploymentView } from './views.ts'

/** What the server counts and measures; names as `reference` tables of the documentation list them. */
export interface ServerMetrics {
  readonly syncs: Counter<'result'>
  readonly syncSeconds: Histogram
  readonly gitSeconds: Histogram
  readonly lastSync: Gauge
  readonly reports: Counter<'result'>
  readonly outbox: Counter<'channel' | 'result'>
  /** The whole page, with the deployments as they are now. */
  text(views: readonly DeploymentView[], agents: ReadonlyMap<string, number>): Promise<string>
  readonly contentType: string
}

/** Makes a registry of its own, so that two servers in one process do not share counts. */
export function createMetrics(version: string): ServerMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  new Gauge({ name: 'styrmin_build_info', help: 'Version of the server', labelNames: ['version'], registers }).set(
    { version },
    1,
  )
  const deployments = new Gauge({
    name: 'styrmin_deployment_info',
    help: 'One for each deployment, with what it is and how it is',
    labelNames: ['cluster', 'environment', 'name', 'driver', 'version', 'sync_status', 'health_status'],
    registers,
  })
  const agents = new Gauge({
    name: 'styrmin_agent_last_report_timestamp_seconds',
    help: 'When the agent of a cluster was heard last',
    labelNames: ['cluster'],
    registers,
  })
  const metrics = {
    syncs: new Counter({
      name: 'styrmin_sync_total',
      help: 'Looks at the repository',
      labelNames: ['result'],
      registers,
    }),
    syncSeconds: new Histogram({
      name: 'styrmin_sync_duration_seconds',
      help: 'From a new head to its plan stored',
      registers,
    }),
    gitSeconds: new Histogram({
      name: 'styrmin_git_request_duration_seconds',
      help: 'Fetches from the repository',
      registers,
    }),
    lastSync: new Gauge({
      name: 'styrmin_sync_last_success_timestamp_seconds',
      help: 'When the repository was read last',
      registers,
    }),
    reports: new Counter({
      name: 'styrmin_agent_reports_total',
      help: 'Messages from agents',
      labelNames: ['result'],
      registers,
    }),
    outbox: new Counter({
      name: 'styrmin_outbox_sent_total',
      help: 'Notes and statuses sent',
      labelNames: ['channel', 'result'],
      registers,
    }),
  } as const
  for (const result of ['ok', 'failed'] as const) metrics.syncs.inc({ result }, 0)
  return {
    ...metrics,
    contentType: registry.contentType,
    text: (views, lastSeenMs) => {
      deployments.reset()
      for (const view of views) deployments.set(labelsOf(view), 1)
      agents.reset()
      for (const [cluster, ms] of lastSeenMs) agents.set({ cluster }, ms / 1000)
      return registry.metrics()
    },
  }
}

function labelsOf({ state, sync, health }: DeploymentView): Record<string, string> {
  return {
    cluster: state.cluster ?? '',
    environment: state.environment,
    name: state.name,
    driver: state.driver?.name ?? '',
    version: state.activeVersion ?? '',
    sync_status: sync,
    health_status: health,
  }
}
