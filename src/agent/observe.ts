import type { Again } from '../adapters/kube/queue.ts'
import { componentStates, type SeenWorkload } from '../core/health/component-states.ts'
import { objectTitle } from '../domain/manifest.ts'
import { refKey } from '../domain/object-ref.ts'
import type { DeploymentResource } from './resources.ts'
import { type Verdict, conditionsOf, writeStatus } from './status.ts'
import type { AgentWorld } from './world.ts'

/**
 * Keeps the status of a deployment true while nothing is to be done.
 *
 * Nothing is written, and no bundle is read, while its objects are as they were when the status was written.
 */
export async function keepObserving(
  world: AgentWorld,
  deployment: DeploymentResource,
  signal: AbortSignal,
): Promise<Again> {
  const { key, status } = deployment
  if (status.phase !== 'applied' && status.phase !== 'stopped') return { kind: 'wait' }
  const seen = fingerprint(world, deployment)
  const before = world.observed.get(key)
  const verdict = healthVerdict(world, deployment)
  const isTold = before === seen || (before === undefined && isSaid(deployment, verdict))
  if (isTold || status.activeBundle === undefined) {
    world.observed.set(key, seen)
    return { kind: 'wait' }
  }
  const bundle = await world.bundles.read(status.activeBundle, signal)
  const components = componentStates(bundle.components, seenWorkloads(world, deployment))
  const now = new Date(world.clock.now()).toISOString()
  await writeStatus(
    world,
    key,
    (newest, { generation }) => ({
      ...newest,
      components,
      conditions: conditionsOf(verdict, newest.conditions, newest.observedGeneration || generation, now),
    }),
    signal,
  )
  world.observed.set(key, seen)
  world.touch(key)
  return { kind: 'wait' }
}

/** Live workloads of a deployment. */
export function seenWorkloads(world: AgentWorld, { intent }: DeploymentResource): readonly SeenWorkload[] {
  return [...world.watches.of(intent.deployment.id).values()].flatMap(({ facts, health }) =>
    facts === undefined || facts.kind === 'Job' ? [] : [{ facts, health }],
  )
}

/** Whether the applied objects are what their specs ask for. */
export function healthVerdict(world: AgentWorld, { intent, status }: DeploymentResource): Verdict {
  const live = world.watches.of(intent.deployment.id)
  for (const entry of status.inventory) {
    const health = live.get(refKey(entry))?.health
    if (health === undefined || health.state === 'current') continue
    const common = { ready: false, message: `${objectTitle(entry)}: ${health.message}` }
    return health.state === 'failed'
      ? { ...common, reason: 'Degraded' }
      : { ...common, reason: 'Progressing', reconciling: true }
  }
  return stoppedVerdict(status)
}

function stoppedVerdict({ stopped, activeVersion = '' }: DeploymentResource['status']): Verdict {
  if (stopped.all) return { ready: true, reason: 'Stopped', message: `version ${activeVersion} is stopped` }
  if (stopped.components.length === 0) {
    return { ready: true, reason: 'Running', message: `version ${activeVersion} runs` }
  }
  const message = `stopped by an action: ${stopped.components.join(', ')}`
  return { ready: false, reason: 'ComponentsStopped', message }
}

function isSaid({ status }: DeploymentResource, { ready, reason, message }: Verdict): boolean {
  const said = status.conditions.find(({ type }) => type === 'Ready')
  return said?.status === (ready ? 'True' : 'False') && said.reason === reason && said.message === message
}

function fingerprint(world: AgentWorld, { intent, status, generation }: DeploymentResource): string {
  const workloads = [...world.watches.of(intent.deployment.id)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { health, facts }]) => [key, health, facts?.desired, facts?.ready, facts?.suspended])
  return JSON.stringify([generation, status.phase, status.stopped, workloads])
}
