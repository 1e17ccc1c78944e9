import type { World } from '../world.ts'
import { startCollector } from './collect.ts'
import { startDaemonSets } from './daemonsets.ts'
import { startDefinitions } from './definitions.ts'
import { startDeployments } from './deployments.ts'
import { startJobs } from './jobs.ts'
import { startNamespaces } from './namespaces.ts'
import { trackOwners } from './owners.ts'
import { startPods } from './pods.ts'
import { startReplicaSets } from './replicasets.ts'
import { startSimple } from './simple.ts'
import { startStatefulSets } from './statefulsets.ts'

/** What keeps the sandbox's objects moving. */
export interface Controllers {
  readonly stop: () => void
}

/** How controllers behave. */
export interface ControllerOptions {
  readonly readyDelayMs: number
}

/** Starts every controller, the one that serves custom resources first. */
export function startControllers(world: World, { readyDelayMs }: ControllerOptions): Controllers {
  const stopDefinitions = startDefinitions(world)
  const { owners, stop: stopOwners } = trackOwners(world)
  const stops = [
    stopDefinitions,
    startCollector(world, owners),
    startNamespaces(world),
    startPods(world, readyDelayMs),
    startReplicaSets(world, owners),
    startDeployments(world, owners),
    startStatefulSets(world, owners),
    startDaemonSets(world, owners),
    startJobs(world, owners),
    startSimple(world, owners),
    stopOwners,
  ]
  return {
    stop: () => {
      for (const stop of stops) stop()
    },
  }
}
