import type { JsonObject } from '../util/json.ts'
import type { ComponentSpec } from './documents.ts'
import type { Digest, StableId } from './ids.ts'
import type { LinkedAction } from './instance.ts'
import type { Manifest } from './manifest.ts'
import type { Step } from './plan.ts'
import type { Problem } from './problem.ts'

/** Which deployment an intent or a report speaks of. */
export interface DeploymentRef {
  readonly environment: string
  readonly name: string
  readonly id: StableId
  readonly namespace: string
}

/** What the server asks of an agent: bring one deployment to one Instance by one plan. */
export interface Intent {
  readonly version: 1
  /** Rises by one for each intent of a cluster; where the agent's long-poll goes on. */
  readonly sequence: number
  /** Rises with each intent of a deployment. */
  readonly epoch: number
  readonly deployment: DeploymentRef
  readonly phase: 'running' | 'stopped' | 'deleting'
  readonly commit: string
  readonly class: string
  readonly from?: Digest
  /** Left out for `deleting`. */
  readonly instance?: Digest
  readonly plan: Digest
  /** Fetched from `/agent/v1/bundles/<digest>`. */
  readonly bundle: Digest
  /** ed25519 over the canonical JSON of all other fields except `sequence`, base64. */
  readonly signature: string
}

/** How the server greets an agent. */
export interface Hello {
  readonly version: 1
  /** The cluster that the token stands for. */
  readonly cluster: string
  /** ed25519, SPKI PEM: what signs intents. */
  readonly publicKey: string
  readonly server: string
}

/** Answer to a long-poll: ascending by sequence, only the newest of each deployment. */
export interface IntentList {
  readonly version: 1
  readonly intents: readonly Intent[]
}

/** Everything the agent needs to carry out an intent without asking again. Its digest is over its canonical JSON. */
export interface Bundle {
  readonly version: 1
  readonly deployment: DeploymentRef
  readonly release: string
  readonly instance?: Digest
  readonly appVersion: string
  readonly previousVersion?: string
  readonly driver: { readonly name: string; readonly version: string }
  readonly context: JsonObject
  readonly components: Readonly<Record<string, ComponentSpec>>
  readonly podSecurity: string
  readonly drift: 'repair' | 'report' | 'ignore'
  readonly onFailure: 'hold' | 'rollback'
  readonly dependsOn: readonly string[]
  readonly manifests: readonly Manifest[]
  readonly actions: readonly LinkedAction[]
  readonly steps: readonly Step[]
  readonly class: string
}

/** Values for generated leaves: by object (`apiVersion/kind/namespace/name`), then by pointer. Never stored by the server. */
export type GeneratedValues = Readonly<Record<string, JsonObject>>

export type StepState = 'pending' | 'running' | 'succeeded' | 'failed'

/** What an agent says of one deployment. */
export interface DeploymentReport {
  readonly deployment: DeploymentRef
  readonly epoch: number
  /** The Instance whose run succeeded last. */
  readonly active?: Digest
  /** What the agent is working on or has finished. */
  readonly plan?: Digest
  readonly phase: 'pending' | 'applying' | 'applied' | 'failed' | 'stopped' | 'deleting' | 'deleted' | 'needs-attention'
  readonly ready: boolean
  readonly reason: string
  readonly message: string
  readonly components: readonly ComponentReport[]
  readonly steps: readonly StepReport[]
  readonly drift: readonly DriftReport[]
  readonly problems: readonly Problem[]
  /** ISO 8601, of the agent's clock. */
  readonly observedAt: string
}

export interface ComponentReport {
  readonly name: string
  readonly state: 'Running' | 'Progressing' | 'Stopped' | 'Degraded' | 'Missing'
  readonly desired: number
  readonly ready: number
  readonly message: string
}

export interface StepReport {
  readonly number: number
  readonly name: string
  readonly title: string
  readonly state: StepState
  readonly attempt: number
  readonly message: string
  readonly startedAt?: string
  readonly finishedAt?: string
}

export interface DriftReport {
  readonly object: string
  readonly pointer: string
  readonly state: 'found' | 'repaired' | 'ignored'
  readonly manager: string
  readonly at: string
}

/** One message from an agent; an empty list is a heartbeat. */
export interface Report {
  readonly version: 1
  readonly agent: string
  readonly sentAt: string
  /** What the cluster really is, for comparison with the Cluster document. */
  readonly kubernetes: string
  readonly deployments: readonly DeploymentReport[]
}
