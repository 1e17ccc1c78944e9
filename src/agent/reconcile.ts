// Comes in: the key of one deployment, never what happened to it. Goes out: when to look at it again.
// Never: two moves in one pass, or one that was not said in status first.
import type { Again } from '../adapters/kube/queue.ts'
import { chooseMove, type Move, type Seen } from '../core/decide/choose-move.ts'
import { verifyIntent } from '../core/intents/signature.ts'
import { ApiError } from '../domain/api-error.ts'
import { StyrminError } from '../domain/errors.ts'
import { beginRun } from './begin-run.ts'
import { driftedEntries, handleDrift, isTold } from './drift.ts'
import { executeRun, scopeOf } from './execute-run.ts'
import { forget } from './forget.ts'
import { keepObserving } from './observe.ts'
import { textAt } from '../util/json.ts'
import { ANNOTATION_LOST, resourceKey } from './names.ts'
import type { DeploymentResource, RunResource } from './resources.ts'
import { settleRun } from './settle-run.ts'
import { type Verdict, conditionsOf, writeStatus } from './status.ts'
import { holdAgain, isRaised } from './steps/scale.ts'
import { isTransient } from './steps/scope.ts'
import type { AgentWorld } from './world.ts'

const WAIT_FOR_OTHERS_MS = 2_000
/** From this many failures in a row on, the status says what fails. */
const TELL_AFTER_FAILURES = 3

/** Moves one deployment one step towards its newest intent. */
export async function reconcile(key: string, world: AgentWorld, signal: AbortSignal): Promise<Again> {
  const deployment = world.deployments.get(key)
  if (deployment === undefined) return { kind: 'wait' }
  try {
    await world.watches.follow(deployment.status.inventory, signal)
    const run = runOf(world, deployment)
    const move = chooseMove(
      {
        epoch: deployment.intent.epoch,
        signed: isSigned(world, deployment),
        waitsFor: await waitsFor(world, deployment, signal),
      },
      await observe(world, deployment, run, signal),
    )
    return await make(move, { deployment, ...(run === undefined ? {} : { run }) }, world, signal)
  } catch (error) {
    if (signal.aborted) return { kind: 'wait' }
    return await afterFailure(error, deployment, world, signal)
  }
}

interface Subject {
  readonly deployment: DeploymentResource
  readonly run?: RunResource
}

async function make(move: Move, subject: Subject, world: AgentWorld, signal: AbortSignal): Promise<Again> {
  const { deployment, run } = subject
  switch (move.kind) {
    case 'refuse':
    case 'wait-for':
      return announce(move, deployment, world, signal)
    case 'begin-run':
      return begin(deployment, world, signal)
    case 'forget':
      await forget(world, deployment, signal)
      return { kind: 'wait' }
    case 'observe':
      return keepObserving(world, deployment, signal)
    case 'continue-run':
    case 'settle-run':
    case 'repair':
      return run === undefined ? { kind: 'wait' } : withRun(move.kind, { deployment, run }, world, signal)
    default:
      return move satisfies never
  }
}

async function begin(deployment: DeploymentResource, world: AgentWorld, signal: AbortSignal): Promise<Again> {
  if (await isLost(world, deployment, signal)) return askPerson(world, deployment, signal)
  await beginRun(world, deployment, signal)
  return { kind: 'now' }
}

/** A plan with actions, of a deployment whose record was deleted: some of them may have been done. */
async function isLost(
  world: AgentWorld,
  { object, intent }: DeploymentResource,
  signal: AbortSignal,
): Promise<boolean> {
  if (textAt(object, 'metadata', 'annotations', ANNOTATION_LOST) !== 'true') return false
  const { steps } = await world.bundles.read(intent.bundle, signal)
  return steps.some(({ primitive }) => primitive !== undefined)
}

async function askPerson(world: AgentWorld, deployment: DeploymentResource, signal: AbortSignal): Promise<Again> {
  const message =
    'the record of this deployment was deleted; whether its actions were run is not known: push a new commit'
  await say(world, deployment, { ready: false, stalled: true, reason: 'NeedsAttention', message }, signal)
  return { kind: 'wait' }
}

async function announce(
  move: Extract<Move, { kind: 'refuse' | 'wait-for' }>,
  deployment: DeploymentResource,
  world: AgentWorld,
  signal: AbortSignal,
): Promise<Again> {
  if (move.kind === 'refuse') {
    await say(world, deployment, { ready: false, stalled: true, reason: move.reason, message: move.message }, signal)
    return { kind: 'wait' }
  }
  const message = `waiting until ${move.names.join(', ')} ${move.names.length === 1 ? 'is' : 'are'} ready`
  const verdict = { ready: false, reconciling: true, reason: 'DependencyNotReady', message }
  await say(world, deployment, verdict, signal)
  return { kind: 'after', ms: WAIT_FOR_OTHERS_MS }
}

async function withRun(
  kind: 'continue-run' | 'settle-run' | 'repair',
  { deployment, run }: Required<Subject>,
  world: AgentWorld,
  signal: AbortSignal,
): Promise<Again> {
  if (kind === 'continue-run') await executeRun(world, deployment, run, signal)
  else if (kind === 'settle-run') await settleRun(world, deployment, run, signal)
  else {
    const pauseMs = world.repairs.pauseMs(deployment.key)
    if (pauseMs > 0) return { kind: 'after', ms: pauseMs }
    if (isWhole(deployment)) await handleDrift(world, { deployment, run, mode: 'repair' }, signal)
    else await holdAgain(await scopeOf(world, deployment, run, signal), signal)
  }
  return { kind: 'now' }
}

/** The run that status names; one that was begun but not yet made is made by `begin-run` again. */
function runOf(world: AgentWorld, { key, status }: DeploymentResource): RunResource | undefined {
  const namespace = key.split('/')[0] ?? ''
  return status.run === undefined ? undefined : world.runs.get(`${namespace}/${status.run}`)
}

async function observe(
  world: AgentWorld,
  deployment: DeploymentResource,
  run: RunResource | undefined,
  signal: AbortSignal,
): Promise<Seen> {
  const { status, key, intent } = deployment
  return {
    epoch: status.epoch,
    ...(run === undefined ? {} : { run: { epoch: run.epoch, ended: run.phase !== 'Running' } }),
    settled: status.phase !== 'applying' && status.phase !== 'deleting',
    deleted: status.phase === 'deleted',
    reported: world.isReported(key, intent.epoch),
    drifted: await toRepair(world, deployment, signal),
  }
}

/** Whether the last run has ended well, so that there is something to go back to. */
function isWhole({ status }: DeploymentResource): boolean {
  return status.phase === 'applied' || status.phase === 'stopped'
}

/** Drift that is to be put right; what is only to be told is told here. */
async function toRepair(world: AgentWorld, deployment: DeploymentResource, signal: AbortSignal): Promise<boolean> {
  const { status } = deployment
  if (!isWhole(deployment)) return isAnyRaised(world, deployment, signal)
  const entries = driftedEntries(world, deployment)
  if (entries.length === 0 || status.activeBundle === undefined) return false
  const { drift } = await world.bundles.read(status.activeBundle, signal)
  const run = runOf(world, deployment)
  if (drift === 'report' && run !== undefined && !isTold(deployment, entries)) {
    await handleDrift(world, { deployment, run, mode: 'report' }, signal)
  }
  return drift === 'repair'
}

/** After a run that failed nothing is put right, but what it has stopped stays so. */
async function isAnyRaised(world: AgentWorld, deployment: DeploymentResource, signal: AbortSignal): Promise<boolean> {
  const { stopped, phase } = deployment.status
  const run = runOf(world, deployment)
  const failed = phase === 'failed' || phase === 'needs-attention'
  if (!failed || run === undefined || (!stopped.all && stopped.components.length === 0)) return false
  const bundle = await world.bundles.read(run.bundle, signal)
  const live = world.watches.of(deployment.intent.deployment.id)
  return [...live.values()].some((object) => isRaised(object, bundle, stopped))
}

/** A signed intent counts only on its own resource: a copy under another name or in another namespace does not. */
function isSigned(world: AgentWorld, { key, intent }: DeploymentResource): boolean {
  if (key !== resourceKey(intent.deployment)) return false
  const known = world.verified.get(intent.signature)
  if (known !== undefined) return known === JSON.stringify(intent)
  const signed = verifyIntent(intent, world.publicKey)
  if (signed) world.verified.set(intent.signature, JSON.stringify(intent))
  return signed
}

/** Only asked when a new plan is about to begin: names of deployments that come first and are not ready. */
async function waitsFor(
  world: AgentWorld,
  { intent, status }: DeploymentResource,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (intent.epoch <= status.epoch || intent.phase !== 'running') return []
  const { dependsOn } = await world.bundles.read(intent.bundle, signal)
  if (dependsOn.length === 0) return []
  const ready = new Set<string>()
  for (const [, other] of world.deployments.entries()) {
    if (other?.intent.deployment.environment !== intent.deployment.environment) continue
    const settled = other.status.observedGeneration === other.generation
    const isReady = other.status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True')
    if (settled && isReady) ready.add(other.intent.deployment.name)
  }
  return dependsOn.filter((name) => !ready.has(name)).sort()
}

/** What nobody needs to act on is tried again; anything else is said and waits for a new intent. */
async function afterFailure(
  error: unknown,
  deployment: DeploymentResource,
  world: AgentWorld,
  signal: AbortSignal,
): Promise<Again> {
  const { key } = deployment
  const message = error instanceof Error ? error.message : String(error)
  const transient = isTransient(error)
  world.log[transient ? 'warn' : 'error']({ deployment: key, err: error }, 'a pass did not succeed')
  world.onFailure(transient)
  if (transient && world.queue.failures(key) < TELL_AFTER_FAILURES) return { kind: 'retry' }
  const known = error instanceof StyrminError || error instanceof ApiError
  const verdict: Verdict = transient
    ? { ready: false, reconciling: true, reason: 'Retrying', message }
    : { ready: false, stalled: true, reason: known ? 'Refused' : 'InternalError', message }
  await say(world, deployment, verdict, signal).catch(() => undefined)
  return { kind: 'retry' }
}

async function say(
  world: AgentWorld,
  { key, generation }: DeploymentResource,
  verdict: Verdict,
  signal: AbortSignal,
): Promise<void> {
  const now = new Date(world.clock.now()).toISOString()
  await writeStatus(
    world,
    key,
    (status) => ({
      ...status,
      observedGeneration: generation,
      conditions: conditionsOf(verdict, status.conditions, generation, now),
    }),
    signal,
  )
}
