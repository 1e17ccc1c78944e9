import type { Problem } from '../domain/problem.ts'
import type { DeploymentReport } from '../domain/wire.ts'
import type { DeploymentState } from '../ports/store.ts'
import type { ServerState } from './state.ts'

/** An agent sends a beat every 15 s; after three that did not come it is silent. */
const SILENT_AFTER_MS = 45_000

export type Health = 'Healthy' | 'Progressing' | 'Degraded' | 'Suspended' | 'Missing' | 'Unknown'
export type Sync = 'Synced' | 'OutOfSync' | 'Unknown'

/** A deployment as readers see it: what is declared beside what was observed, and which is which. */
export interface DeploymentView {
  readonly state: DeploymentState
  readonly report: DeploymentReport | undefined
  /** True only when the Instance that is desired was observed and is ready. */
  readonly ready: boolean
  readonly phase: DeploymentReport['phase'] | 'unknown'
  readonly reason: string
  readonly message: string
  readonly health: Health
  readonly sync: Sync
}

/** Looks at one deployment at a time. */
export function viewOf(state: DeploymentState, server: ServerState, nowMs: number): DeploymentView {
  const report = server.observed(state.key)?.report
  const silentSince = silentSinceMs(state.intended?.cluster ?? state.cluster, server, nowMs)
  if (silentSince !== undefined && report !== undefined) {
    const message = `unknown since ${new Date(silentSince).toISOString()}`
    const unknown = { ready: false, phase: 'unknown', reason: 'AgentSilent', message } as const
    return { state, report, ...unknown, health: 'Unknown', sync: 'Unknown' }
  }
  const settled = state.active === state.desired
  const sync = settled ? 'Synced' : 'OutOfSync'
  if (report === undefined) {
    const message = 'no agent has reported on it yet'
    return { state, report, ready: false, phase: 'pending', reason: 'NotObserved', message, health: 'Missing', sync }
  }
  const { phase, reason, message } = report
  return { state, report, ready: settled && report.ready, phase, reason, message, health: healthOf(report), sync }
}

/** All deployments, in order of key. */
export function allViews(server: ServerState, nowMs: number): readonly DeploymentView[] {
  return server.deployments().map((state) => viewOf(state, server, nowMs))
}

/** When the agent of a cluster was heard last, if that is too long ago; `undefined` also when it was never heard. */
export function silentSinceMs(
  cluster: string | undefined,
  server: Pick<ServerState, 'agent'>,
  nowMs: number,
): number | undefined {
  const lastSeenMs = cluster === undefined ? undefined : server.agent(cluster)?.lastSeenMs
  return lastSeenMs !== undefined && nowMs - lastSeenMs > SILENT_AFTER_MS ? lastSeenMs : undefined
}

const HEALTH_OF_PHASE: Readonly<Partial<Record<DeploymentReport['phase'], Health>>> = {
  pending: 'Progressing',
  applying: 'Progressing',
  deleting: 'Progressing',
  deleted: 'Missing',
  stopped: 'Suspended',
  failed: 'Degraded',
  'needs-attention': 'Degraded',
}

function healthOf(report: DeploymentReport): Health {
  const byPhase = HEALTH_OF_PHASE[report.phase]
  if (byPhase !== undefined) return byPhase
  if (report.ready) return 'Healthy'
  return report.components.some(({ state }) => state === 'Degraded') ? 'Degraded' : 'Progressing'
}

/** What is wrong with one deployment, declared and observed. */
export function problemsOf({ state, report }: DeploymentView, server: ServerState): readonly Problem[] {
  const declared = (server.head()?.problems ?? []).filter(({ affects }) => affects?.includes(state.key) === true)
  return [...declared, ...failureOf(state, report), ...(report?.problems ?? [])]
}

/** Everything that is wrong anywhere: the commit, the runs, the agents, and the server's own troubles. */
export function allProblems(server: ServerState, nowMs: number): readonly Problem[] {
  const runs = server.deployments().flatMap((state) => {
    const report = server.observed(state.key)?.report
    return [...failureOf(state, report), ...(report?.problems ?? [])]
  })
  return [...server.troubles(), ...(server.head()?.problems ?? []), ...runs, ...agentProblems(server, nowMs)]
}

function failureOf({ key, intended }: DeploymentState, report: DeploymentReport | undefined): readonly Problem[] {
  const failed = report?.phase === 'failed' || report?.phase === 'needs-attention'
  if (report === undefined || !failed || intended === undefined) return []
  return [
    {
      code: 'STY415',
      severity: 'error',
      message: `${intended.intent.class} of ${key} failed: ${report.message}`,
      hint: 'Look at the steps of the run, then mend the cause with a new commit.',
      affects: [key],
    },
  ]
}

function agentProblems(server: ServerState, nowMs: number): readonly Problem[] {
  return (server.head()?.clusters ?? []).flatMap(({ name, kubernetes }): readonly Problem[] => {
    const since = silentSinceMs(name, server, nowMs)
    const found = server.agent(name)?.kubernetes ?? ''
    return [
      ...(since === undefined ? [] : [silence(name, since)]),
      ...(found === '' || minorOf(found) === minorOf(kubernetes) ? [] : [otherVersion(name, kubernetes, found)]),
    ]
  })
}

function silence(cluster: string, sinceMs: number): Problem {
  return {
    code: 'STY416',
    severity: 'error',
    message: `the agent of ${cluster} was last heard at ${new Date(sinceMs).toISOString()}`,
    hint: 'Look at the agent in the cluster; what runs there goes on without it.',
  }
}

function otherVersion(cluster: string, declared: string, found: string): Problem {
  return {
    code: 'STY417',
    severity: 'warning',
    message: `charts are rendered for Kubernetes ${declared}, but ${cluster} is ${found}`,
    hint: `Write the version in spec.capabilities.kubernetes of the cluster.`,
  }
}

function minorOf(version: string): string {
  return /(\d+)\.(\d+)/.exec(version)?.[0] ?? version
}
