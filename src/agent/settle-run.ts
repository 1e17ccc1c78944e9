import { componentStates } from '../core/health/component-states.ts'
import { refKey } from '../domain/object-ref.ts'
import type { Bundle } from '../domain/wire.ts'
import { listAt } from '../util/json.ts'
import { readInventory, type DeploymentResource, type DeploymentStatus, type RunResource } from './resources.ts'
import { type Verdict, conditionsOf, writeStatus } from './status.ts'
import { foldInventory } from './steps/scope.ts'
import { healthVerdict, seenWorkloads } from './observe.ts'
import type { AgentWorld } from './world.ts'

/** Steps that change nothing: a plan that failed among them has left everything as it was. */
const HARMLESS_MODE = 'pre'

/**
 * Writes what a run that has ended has made of the deployment.
 *
 * Order: the new Instance is active only after a run that succeeded.
 */
export async function settleRun(
  world: AgentWorld,
  deployment: DeploymentResource,
  run: RunResource,
  signal: AbortSignal,
): Promise<void> {
  const bundle = await world.bundles.read(run.bundle, signal)
  const now = new Date(world.clock.now()).toISOString()
  await writeStatus(
    world,
    deployment.key,
    (status, newest) => {
      const next = { ...status, ...ended(newest, run, bundle) }
      const components = componentStates(bundle.components, seenWorkloads(world, deployment))
      const verdict = verdictOf(world, { ...newest, status: next }, run)
      // A newer intent may have come meanwhile; what is said here is said of the generation that was begun.
      const generation = status.observedGeneration
      return { ...next, components, conditions: conditionsOf(verdict, status.conditions, generation, now) }
    },
    signal,
  )
}

function ended({ status, intent }: DeploymentResource, run: RunResource, bundle: Bundle): Partial<DeploymentStatus> {
  const inventory = foldAll(status, run)
  if (run.phase !== 'Succeeded') return { phase: unfinished(run), inventory, ...attempted(run, bundle) }
  if (bundle.class === 'delete' || bundle.class === 'delete-data') return { phase: 'deleted', inventory: [] }
  const { attempted: _attempted, ...rest } = status
  return {
    ...withoutAttempt(rest),
    ...(run.instance === undefined ? {} : { active: run.instance }),
    activeVersion: run.version,
    activeBundle: run.bundle,
    phase: status.stopped.all || intent.phase === 'stopped' ? 'stopped' : 'applied',
    inventory: inventory.filter(({ uid }) => uid !== ''),
  }
}

/** A key that is set to `undefined` is left out of the status that is sent. */
function withoutAttempt(status: object): Partial<DeploymentStatus> {
  return { ...status, attempted: undefined } as unknown as Partial<DeploymentStatus>
}

function unfinished({ phase }: RunResource): DeploymentStatus['phase'] {
  if (phase === 'Superseded') return 'pending'
  return phase === 'NeedsAttention' ? 'needs-attention' : 'failed'
}

/** An attempt whose every begun step was harmless has changed nothing. */
function attempted({ steps }: RunResource, bundle: Bundle): Partial<DeploymentStatus> {
  const modes = new Map(bundle.steps.map(({ name, mode }) => [name, mode]))
  return steps.every(({ name }) => modes.get(name) === HARMLESS_MODE) ? withoutAttempt({}) : {}
}

function foldAll(status: DeploymentStatus, { steps }: RunResource): DeploymentStatus['inventory'] {
  const inventory = new Map(status.inventory.map((entry) => [refKey(entry), entry]))
  for (const { result } of steps) {
    foldInventory(inventory, readInventory(listAt(result, 'inventory')), listAt(result, 'gone').map(String))
  }
  return [...inventory.values()]
}

function verdictOf(world: AgentWorld, deployment: DeploymentResource, run: RunResource): Verdict {
  switch (run.phase) {
    case 'Succeeded':
      return deployment.status.phase === 'deleted'
        ? { ready: false, reason: 'Deleted', message: 'all objects are deleted' }
        : healthVerdict(world, deployment)
    case 'Superseded':
      return { ready: false, reconciling: true, reason: 'Superseded', message: run.message }
    case 'NeedsAttention':
      return { ready: false, stalled: true, reason: 'NeedsAttention', message: run.message }
    case 'Failed':
    case 'Running':
      return { ready: false, stalled: true, reason: 'RunFailed', message: run.message }
    default:
      return run.phase satisfies never
  }
}
