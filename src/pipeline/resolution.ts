import type { ClusterDocument, EnvironmentDocument } from '../domain/documents.ts'
import type { DeploymentKey, Digest } from '../domain/ids.ts'
import type { ResolvedInstance } from '../domain/instance.ts'
import type { Plan } from '../domain/plan.ts'
import type { Problem } from '../domain/problem.ts'
import type { SourceRef } from '../domain/source.ts'
import type { Renderer, RenderRequest } from '../ports/renderer.ts'
import type { ResolveCache } from './resolve-cache.ts'

/** What the pipeline needs from outside; the cache is made by `createResolveCache` and lives as long as its owner. */
export interface PipelineTools {
  readonly renderer: Renderer
  readonly cache: ResolveCache
}

/** What a tree declares, whether or not it resolves; enough to tell later what is gone. */
export interface Declarations {
  /** The file of each declared deployment, blocked or not. In order of key. */
  readonly files: ReadonlyMap<DeploymentKey, string>
  /** Deployments whose document says that deleting them deletes their data. */
  readonly deleteData: ReadonlySet<DeploymentKey>
  /** Sorted by name. */
  readonly environments: readonly Pick<EnvironmentDocument, 'name' | 'protect'>[]
}

/** What one tree says, whole. */
export interface Resolution extends Declarations {
  /** In order of key; without those that are blocked. */
  readonly instances: ReadonlyMap<DeploymentKey, ResolvedInstance>
  /** Deployments the tree declares but an error keeps from resolving; they keep their active Instance. Sorted. */
  readonly blocked: readonly DeploymentKey[]
  /** Declared by more than one document. Sorted. */
  readonly declaredTwice: readonly DeploymentKey[]
  /** Files whose errors could hide a deployment; sorted. */
  readonly unsureFiles: readonly string[]
  readonly environments: readonly EnvironmentDocument[]
  /** Paths that were read for documents. */
  readonly readFiles: ReadonlySet<string>
  /** All paths of the tree. */
  readonly presentFiles: ReadonlySet<string>
  /** Sorted by name. */
  readonly clusters: readonly ClusterDocument[]
  /** Sorted by name, then version. */
  readonly drivers: readonly ResolvedDriver[]
  /** Sorted as `compareProblems` says. */
  readonly problems: readonly Problem[]
  /** What was rendered for each instance; the server fills generated leaves with it. */
  readonly renderRequests: ReadonlyMap<DeploymentKey, RenderRequest>
}

/** A driver version of a tree; its content never changes under the same name and version. */
export interface ResolvedDriver {
  readonly name: string
  readonly version: string
  readonly digest: Digest
  readonly at: SourceRef
}

/** Plans in order of key, and what keeps a change from being planned. */
export interface PlannedChanges {
  readonly plans: readonly Plan[]
  /** Sorted as `compareProblems` says. */
  readonly problems: readonly Problem[]
}
