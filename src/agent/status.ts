import { ApiError } from '../domain/api-error.ts'
import { digestOf } from '../util/digest.ts'
import type { JsonObject } from '../util/json.ts'
import { API_VERSION } from './names.ts'
import {
  type Condition,
  type DeploymentResource,
  type DeploymentStatus,
  readDeployment,
  withStatus,
} from './resources.ts'
import type { AgentWorld } from './world.ts'

/** What is true of a deployment, in one reason and one sentence. */
export interface Verdict {
  readonly ready: boolean
  readonly reason: string
  readonly message: string
  readonly reconciling?: boolean
  readonly stalled?: boolean
}

const MAX_TRIES = 5
const MAX_MESSAGE = 2_000

/** Conditions as `metav1.Condition`: the time moves only when the status flips. Order: Ready, Reconciling, Stalled. */
export function conditionsOf(
  verdict: Verdict,
  before: readonly Condition[],
  generation: number,
  now: string,
): readonly Condition[] {
  const { ready, reason, message, reconciling, stalled } = verdict
  const make = (type: Condition['type'], status: Condition['status']): Condition => {
    const old = before.find((condition) => condition.type === type)
    return {
      type,
      status,
      reason,
      message: message.slice(0, MAX_MESSAGE),
      observedGeneration: generation,
      lastTransitionTime: old?.status === status ? old.lastTransitionTime : now,
    }
  }
  return [
    make('Ready', ready ? 'True' : 'False'),
    ...(reconciling === true ? [make('Reconciling', 'True')] : []),
    ...(stalled === true ? [make('Stalled', 'True')] : []),
  ]
}

/**
 * Writes a deployment's status when it says something new.
 *
 * Order:  `change` is asked again with the newest status when somebody wrote in between; only the agent writes status.
 * Shape:  the deployment as it is afterwards; `undefined` when it is gone.
 */
export async function writeStatus(
  world: AgentWorld,
  key: string,
  change: (status: DeploymentStatus, deployment: DeploymentResource) => DeploymentStatus,
  signal: AbortSignal,
): Promise<DeploymentResource | undefined> {
  let deployment = world.deployments.get(key)
  for (let tries = 1; deployment !== undefined; tries++) {
    const status = change(deployment.status, deployment)
    if (digestOf(asJson(status)) === digestOf(asJson(deployment.status))) return deployment
    try {
      const body = withStatus(deployment.object, status)
      world.deployments.note(await world.api.replace(body, { subresource: 'status' }, signal))
      world.touch(key)
      return world.deployments.get(key)
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined
      if (!(error instanceof ApiError && error.status === 409) || tries === MAX_TRIES) throw error
      deployment = await readAgain(world, key, signal)
    }
  }
  return undefined
}

async function readAgain(world: AgentWorld, key: string, signal: AbortSignal): Promise<DeploymentResource | undefined> {
  const [namespace = '', name = ''] = key.split('/')
  const live = await world.api.get({ apiVersion: API_VERSION, kind: 'StyrminDeployment', namespace, name }, signal)
  if (live === undefined) return undefined
  world.deployments.note(live)
  return readDeployment(live)
}

function asJson(status: DeploymentStatus): JsonObject {
  return JSON.parse(JSON.stringify(status)) as JsonObject
}
