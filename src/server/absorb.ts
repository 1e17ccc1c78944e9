import { isDeepStrictEqual } from 'node:util'
import { type CommitSha, type DeploymentKey, deploymentKey } from '../domain/ids.ts'
import { CLASSES, type Plan } from '../domain/plan.ts'
import type { DeploymentReport, Intent, Report } from '../domain/wire.ts'
import type { Attempt, Changes, DeploymentState, IntendedState, Rollout, StoredRun } from '../ports/store.ts'
import { intentMoves } from './advance.ts'
import { joinChanges } from './journal.ts'
import { type NoteFact, noteLine } from './notes.ts'
import { planIntents } from './plan-intents.ts'
import { instanceFinder } from './recall.ts'
import { moveParts, type PartMove } from './rollouts.ts'
import { needsNewPlan } from './targets.ts'
import type { ServerTools } from './tools.ts'

/** That an agent lives is written down this often when it says nothing new. */
const WRITE_BEAT_MS = 60_000

/** How far an attempt is, in the words of intents. */
type Progress = IntendedState['state']

const PROGRESS: Readonly<Record<DeploymentReport['phase'], Progress>> = {
  pending: 'waiting',
  applying: 'started',
  deleting: 'started',
  applied: 'done',
  stopped: 'done',
  deleted: 'done',
  failed: 'failed',
  'needs-attention': 'failed',
}

/** One deployment of a report with what is known of it. */
interface Absorbed {
  readonly key: DeploymentKey
  readonly report: DeploymentReport
  readonly before: DeploymentState
  /** The intent that the report speaks of, when it is one of ours. */
  readonly intent?: Intent
  /** How far that intent was before; left out when it was not heard of. */
  readonly progressBefore?: Progress
  /** Whether the attempt did anything that the next plan must start from. */
  readonly changedSomething: boolean
  /** The application version that is active. */
  readonly version?: string
}

/**
 * Everything that an agent's message changes.
 *
 * Shape:  what belongs to another cluster, or to an environment that nobody declared, is left out;
 *         what was said before changes nothing;
 *         a deployment whose plan no longer starts where the cluster stands gets a new one.
 */
export async function absorb(
  report: Report,
  cluster: string,
  tools: ServerTools,
  signal: AbortSignal,
): Promise<Changes> {
  const { state, now } = tools
  const receivedAtMs = now()
  const agent = { cluster, agent: report.agent, kubernetes: report.kubernetes, lastSeenMs: receivedAtMs }
  const known = state.agent(cluster)
  const sameAgent = known?.agent === agent.agent && known.kubernetes === agent.kubernetes
  const beat = sameAgent && receivedAtMs - known.lastSeenMs < WRITE_BEAT_MS ? {} : { agents: [agent] }
  state.seen(agent)

  const news = report.deployments.filter((one) => isNews(one, cluster, tools))
  const strangers = news.filter((one) => state.deployment(keyOf(one)) === undefined)
  const absorbed = await Promise.all(
    news.flatMap((one) => {
      const before = state.deployment(keyOf(one))
      return before === undefined ? [] : [lookUp(one, before, tools)]
    }),
  )
  const next = absorbed.map(nextState)
  const observed = [...absorbed.map((one) => one.report), ...strangers]
  const gone = next.filter(isGone).map(({ key }) => key)
  const seen: Changes = {
    ...beat,
    deployments: next,
    observed: observed.filter((one) => !gone.includes(keyOf(one))).map((one) => ({ report: one, receivedAtMs })),
    unobserved: gone,
    runs: absorbed.flatMap((one) => runOf(one, receivedAtMs)),
  }
  const told = toldOf(absorbed, tools)
  const rollouts = [...tools.state.rollouts(), ...(told.rollouts ?? [])]
  return joinChanges(seen, told, await replan(next.filter(needsNewPlan), tools, signal, rollouts))
}

/**
 * New plans for deployments whose newest intent starts from somewhere else than the cluster stands.
 *
 * Order: of a rollout that is given twice the later counts; what was moved already must be among them.
 */
export async function replan(
  states: readonly DeploymentState[],
  tools: ServerTools,
  signal: AbortSignal,
  rollouts: readonly Rollout[] = tools.state.rollouts(),
): Promise<Changes> {
  if (states.length === 0) return {}
  const planned = await planIntents(
    states,
    {
      renderer: tools.renderer,
      privateKey: tools.key.privateKey,
      instance: instanceFinder(tools, signal),
      sequence: (cluster) => tools.state.sequence(cluster),
      atMs: tools.now(),
    },
    signal,
  )
  for (const { key } of states) {
    const found = planned.problems.filter(({ affects }) => affects?.includes(key))
    tools.state.setTrouble(`plan of ${key}`, found)
  }
  const [first] = planned.plans
  if (first === undefined) return { deployments: planned.deployments }
  const { deployments, plans, bundles = [], intents } = planned
  const moved = moveParts(rollouts, intentMoves(planned, tools), {
    digest: first.plan.digest,
    atMs: tools.now(),
  })
  return { deployments, plans, bundles, intents, rollouts: moved.rollouts, statuses: moved.statuses }
}

function keyOf({ deployment }: DeploymentReport): DeploymentKey {
  return deploymentKey(deployment.environment, deployment.name)
}

/** The cluster whose agent may speak of a deployment; one that is not known belongs where its environment is. */
function homeOf(report: DeploymentReport, state: ServerTools['state']): string | undefined {
  const known = state.deployment(keyOf(report))
  const declared = state.head()?.environments.find(({ name }) => name === report.deployment.environment)
  return known?.intended?.cluster ?? known?.cluster ?? declared?.cluster
}

function isNews(report: DeploymentReport, cluster: string, { state }: ServerTools): boolean {
  if (homeOf(report, state) !== cluster) return false
  const before = state.observed(keyOf(report))?.report
  return !isDeepStrictEqual(
    { ...report, observedAt: '' },
    before === undefined ? undefined : { ...before, observedAt: '' },
  )
}

async function lookUp(report: DeploymentReport, before: DeploymentState, tools: ServerTools): Promise<Absorbed> {
  const { key, intended } = before
  const intent = intended?.intent.epoch === report.epoch ? intended.intent : await tools.store.intent(key, report.epoch)
  const plan = intent === undefined ? undefined : (await tools.store.plan(intent.plan))?.plan
  const last = tools.state.observed(key)?.report
  const version = await activeVersion(report, before, { plan, tools })
  return {
    key,
    report,
    before,
    changedSomething: changedSomething(report, plan),
    ...(intent === undefined ? {} : { intent }),
    ...(last?.epoch === report.epoch ? { progressBefore: PROGRESS[last.phase] } : {}),
    ...(version === undefined ? {} : { version }),
  }
}

async function activeVersion(
  { active }: DeploymentReport,
  before: DeploymentState,
  { plan, tools }: { readonly plan: Plan | undefined; readonly tools: ServerTools },
): Promise<string | undefined> {
  if (active === undefined) return undefined
  if (active === before.active && before.activeVersion !== undefined) return before.activeVersion
  if (active === plan?.to) return plan.toVersion
  return (await tools.store.instance(active))?.instance.appVersion
}

/** A run that failed in its `pre` actions has changed nothing that the next plan must start from. */
function changedSomething({ steps }: DeploymentReport, plan: Plan | undefined): boolean {
  const harmless = new Set(
    plan?.steps.filter(({ mode, kind }) => mode === 'pre' || kind === 'namespace').map(({ number }) => number),
  )
  return steps.some(({ number, state }) => state !== 'pending' && !harmless.has(number))
}

function nextState(absorbed: Absorbed): DeploymentState {
  const { before, report } = absorbed
  const { running: _, failed: __, active: ___, activeVersion: ____, intended, ...rest } = before
  const failed = failureAfter(absorbed)
  const base = {
    ...rest,
    epoch: Math.max(before.epoch, report.epoch),
    ...(PROGRESS[report.phase] === 'started' ? { running: attemptOf(absorbed) } : {}),
    ...(failed === undefined ? {} : { failed }),
    ...(report.phase === 'deleted' ? {} : activeAfter(absorbed)),
  }
  return intended === undefined || isSettled(absorbed) ? base : { ...base, intended: intendedAfter(intended, report) }
}

function activeAfter({ report, version }: Absorbed): Pick<DeploymentState, 'active' | 'activeVersion'> {
  if (report.active === undefined) return {}
  return { active: report.active, ...(version === undefined ? {} : { activeVersion: version }) }
}

/** Whether nothing is left to ask: it was deleted as it should, or a cluster that is ahead of the store has what is desired. */
function isSettled({ before, report }: Absorbed): boolean {
  const { intended, desired } = before
  if (report.phase === 'deleted') return intended?.intent.phase === 'deleting'
  const ahead = intended !== undefined && intended.intent.epoch < report.epoch
  return ahead && desired !== undefined && desired === report.active
}

function intendedAfter(intended: IntendedState, { epoch, phase }: DeploymentReport): IntendedState {
  return intended.intent.epoch === epoch ? { ...intended, state: PROGRESS[phase] } : intended
}

function attemptOf({ report, intent }: Absorbed): Attempt {
  return { epoch: report.epoch, ...(intent?.instance === undefined ? {} : { instance: intent.instance }) }
}

function failureAfter(absorbed: Absorbed): Attempt | undefined {
  const progress = PROGRESS[absorbed.report.phase]
  if (progress === 'done') return undefined
  return progress === 'failed' && absorbed.changedSomething ? attemptOf(absorbed) : absorbed.before.failed
}

function isGone({ file, active, intended }: DeploymentState): boolean {
  return file === undefined && active === undefined && intended === undefined
}

function runOf({ key, report, intent }: Absorbed, atMs: number): readonly StoredRun[] {
  const changeClass = CLASSES.find((name) => name === intent?.class)
  const progress = PROGRESS[report.phase]
  if (intent === undefined || changeClass === undefined || progress === 'waiting') return []
  const started = report.steps.flatMap(({ startedAt }) => timeOf(startedAt))
  const finished = report.steps.flatMap(({ finishedAt }) => timeOf(finishedAt))
  return [
    {
      key,
      epoch: report.epoch,
      plan: intent.plan,
      class: changeClass,
      commit: intent.commit as CommitSha,
      phase: report.phase,
      message: report.message,
      steps: report.steps,
      startedAtMs: started.length === 0 ? atMs : Math.min(...started),
      ...(progress === 'started' ? {} : { finishedAtMs: finished.length === 0 ? atMs : Math.max(...finished) }),
    },
  ]
}

function timeOf(text: string | undefined): readonly number[] {
  const ms = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(ms) ? [] : [ms]
}

const NOTE_STATE = { started: 'applying', done: 'applied', failed: 'failed' } as const

/** What is said of commits because of a report: their record, and their deploy statuses. */
function toldOf(absorbed: readonly Absorbed[], tools: ServerTools): Changes {
  const atMs = tools.now()
  const moved = absorbed.filter(({ report, progressBefore }) => PROGRESS[report.phase] !== progressBefore)
  const notes = moved.flatMap((one) => factsOf(one).map((fact) => noteLine(fact, { atMs, ...tools.key })))
  const moves = moved.flatMap((one): readonly PartMove[] => {
    const { key, report, before } = one
    const { intended, environment } = before
    if (intended === undefined || (intended.intent.epoch !== report.epoch && !isSettled(one))) return []
    const sha = intended.intent.commit as CommitSha
    return [{ sha, cluster: intended.cluster, environment, key, to: PROGRESS[report.phase] }]
  })
  const [first] = absorbed
  if (first === undefined) return {}
  const digest = first.intent?.plan ?? first.report.plan
  const rolled = digest === undefined ? {} : moveParts(tools.state.rollouts(), moves, { digest, atMs })
  return { ...rolled, ...(tools.notes ? { notes } : {}) }
}

function factsOf({ key, report, before, intent }: Absorbed): readonly NoteFact[] {
  const progress = PROGRESS[report.phase]
  if (intent === undefined || progress === 'waiting') return []
  const cluster = before.intended?.cluster ?? before.cluster
  return [
    {
      sha: intent.commit as CommitSha,
      state: NOTE_STATE[progress],
      digest: intent.instance ?? intent.plan,
      deployment: key,
      plan: intent.plan,
      epoch: intent.epoch,
      class: intent.class,
      ...(cluster === undefined ? {} : { cluster }),
      ...(intent.instance === undefined ? {} : { instance: intent.instance }),
      ...(progress === 'failed' ? { message: report.message } : {}),
    },
  ]
}
