import type { JsonObject } from '../util/json.ts'
import type { ClusterDocument, DeploymentDocument, DriverDocument, EnvironmentDocument } from './documents.ts'
import type { DeploymentKey, JsonPointer, StableId } from './ids.ts'
import type { Origin } from './source.ts'

/** One deployment with everything its document refers to, layers merged, before anything is rendered. */
export interface DesiredDeployment {
  readonly key: DeploymentKey
  readonly id: StableId
  readonly document: DeploymentDocument
  readonly environment: EnvironmentDocument
  readonly cluster: ClusterDocument
  readonly driver: DriverDocument
  readonly appVersion: string
  /** Cluster, environment and deployment merged; narrower wins. */
  readonly config: JsonObject
  /** With the driver's defaults. */
  readonly parameters: JsonObject
  /** Who set each leaf of `config` and `parameters`; pointers start with `/config` or `/parameters`. */
  readonly origins: ReadonlyMap<JsonPointer, Origin>
}

/** A deployment whose document is gone for good, as the tree and its parent say. */
export interface Deletion {
  readonly key: DeploymentKey
  /** Whether its volumes go too: its last document carried `styrmin.io/delete-data: "true"`. */
  readonly deleteData: boolean
}
