import { SetupError } from '../domain/errors.ts'
import { refKey } from '../domain/object-ref.ts'
import { textAt } from '../util/json.ts'
import { type Outcome, RecordedFailure, runSteps } from '../workflow/run-steps.ts'
import { resourceName } from './names.ts'
import { type DeploymentResource, NOTHING_STOPPED, type RunResource } from './resources.ts'
import { type RunEnd, RunJournal } from './run-journal.ts'
import { NotPlannedError, runPlan } from './run-plan.ts'
import { writeStatus } from './status.ts'
import { isTransient, type RunScope } from './steps/scope.ts'
import type { AgentWorld } from './world.ts'

/** Half of one of these is worse than its end. */
const FINISHES = new Set(['upgrade', 'driver-upgrade', 'downgrade', 'delete', 'delete-data'])

/**
 * Takes a run from where its record stands to its end.
 *
 * Errors: throws what is to be tried again; the record then stands where it stood.
 */
export async function executeRun(
  world: AgentWorld,
  deployment: DeploymentResource,
  run: RunResource,
  signal: AbortSignal,
): Promise<void> {
  const scope = await scopeOf(world, deployment, run, signal)
  const journal = new RunJournal(world.api, world.runs, run)
  const over = new AbortController()
  const inside = AbortSignal.any([signal, over.signal])
  try {
    const outcome = await runSteps(
      (steps) => runPlan(scope, steps, inside),
      {
        journal,
        clock: world.clock,
        startedAtMs: Date.parse(run.startedAt),
        seed: run.seed,
        isTransient,
        shouldStop: () => mayEnd(world, scope),
        onSay: ({ message }) => world.say(scope.key, message),
      },
      signal,
    )
    if (outcome.kind === 'failed' && isTransient(outcome.error)) throw outcome.error
    await journal.end(endOf(outcome), new Date(world.clock.now()).toISOString(), signal)
  } finally {
    over.abort(new Error('the run was left'))
    world.say(scope.key, '')
  }
}

/** What steps work with, for a run or for a repair of what a run has applied. */
export async function scopeOf(
  world: AgentWorld,
  deployment: DeploymentResource,
  run: RunResource,
  signal: AbortSignal,
): Promise<RunScope> {
  const { key, intent } = deployment
  return {
    world,
    bundle: await world.bundles.read(run.bundle, signal),
    run,
    key,
    runUid: textAt(run.object, 'metadata', 'uid') ?? '',
    namespace: intent.deployment.namespace,
    id: intent.deployment.id,
    inventory: new Map(deployment.status.inventory.map((entry) => [refKey(entry), entry])),
    isSuperseded: () => (world.deployments.get(key)?.intent.epoch ?? 0) > run.epoch,
    stopped: () => world.deployments.get(key)?.status.stopped ?? NOTHING_STOPPED,
    saveStopped: async (stopped, until) => {
      const saved = await writeStatus(world, key, (status) => ({ ...status, stopped }), until)
      if (saved !== undefined) return
      throw new SetupError('STY512', `${resourceName(intent.deployment)} was deleted while it was worked on`, {
        hint: 'Push a new commit; the server sends the deployment again.',
      })
    },
  }
}

/** A newer intent replaces a run that has begun nothing, and ends one that may be left between two steps. */
function mayEnd(world: AgentWorld, { run, isSuperseded }: RunScope): boolean {
  if (!isSuperseded()) return false
  const begun = (world.runs.get(run.key)?.steps.length ?? 0) > 0
  return !begun || !FINISHES.has(run.class)
}

function endOf(outcome: Outcome): RunEnd {
  switch (outcome.kind) {
    case 'done':
      return { phase: 'Succeeded', message: '' }
    case 'stopped':
      return { phase: 'Superseded', message: 'a newer intent came' }
    case 'differs':
      return { phase: 'NeedsAttention', message: outcome.message }
    case 'failed':
      return failedEnd(outcome.error)
    default:
      return outcome satisfies never
  }
}

function failedEnd(error: unknown): RunEnd {
  if (error instanceof NotPlannedError) return { phase: 'NeedsAttention', message: error.message }
  if (error instanceof RecordedFailure) return { phase: 'Failed', message: `${error.record.name}: ${error.message}` }
  return { phase: 'Failed', message: error instanceof Error ? error.message : String(error) }
}
