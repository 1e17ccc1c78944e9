import type { Logger } from 'pino'
import type { KubeApi } from '../adapters/kube/kube-api.ts'
import type { Reflector } from '../adapters/kube/reflector.ts'
import type { WorkQueue } from '../adapters/kube/queue.ts'
import type { Clock } from '../ports/clock.ts'
import type { Lru } from '../util/lru.ts'
import type { BundleStore } from './bundle-store.ts'
import type { RepairPace } from './repair-pace.ts'
import type { DeploymentResource, RunResource } from './resources.ts'
import type { ServerClient } from './server-client.ts'
import type { Watches } from './watches.ts'

/** What every part of the agent may touch. */
export interface AgentWorld {
  readonly api: KubeApi
  readonly server: ServerClient
  readonly bundles: BundleStore
  /** Keys are `namespace/name`; `undefined` for what cannot be read. */
  readonly deployments: Reflector<DeploymentResource | undefined>
  readonly runs: Reflector<RunResource | undefined>
  readonly watches: Watches
  readonly queue: WorkQueue
  readonly clock: Clock
  readonly log: Logger
  /** The agent's own namespace. */
  readonly namespace: string
  /** PEM of the key that signs intents, pinned. */
  readonly publicKey: string
  /** Whether the server has taken in that this deployment is deleted. */
  readonly isReported: (key: string, epoch: number) => boolean
  /** What the running step of a deployment waits for; `''` when nothing. */
  readonly say: (key: string, message: string) => void
  /** Intents whose signature was checked, by signature. */
  readonly verified: Lru<string, string>
  /** Namespaces that were made sure of in this term, with their level of pod security. */
  readonly namespaces: Set<string>
  /** How the objects of a deployment were when its status was written. */
  readonly observed: Map<string, string>
  readonly repairs: RepairPace
  /** Told of each pass that did not succeed. */
  readonly onFailure: (transient: boolean) => void
  /** Something of the deployment is to be reported. */
  readonly touch: (key: string) => void
}

/** The clock of the machine. */
export const MACHINE_CLOCK: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    const { setTimeout: sleep } = await import('node:timers/promises')
    await sleep(ms, undefined, { signal })
  },
}
