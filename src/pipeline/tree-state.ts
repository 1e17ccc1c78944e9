import type {
  BrokenDocument,
  ClusterDocument,
  DeploymentDocument,
  DriverDocument,
  EnvironmentDocument,
} from '../domain/documents.ts'
import type { FileReading } from '../core/documents/read-file.ts'
import type { DeploymentKey } from '../domain/ids.ts'
import type { Problem } from '../domain/problem.ts'
import type { TreeEntry } from '../ports/source-tree.ts'
import type { ClaimOwners } from './claim-owners.ts'
import type { LoadedDriver } from './load-drivers.ts'
import type { Resolution } from './resolution.ts'

/** Documents that deployments share: a change of one of them can touch any of these. */
export type SharedDocument = ClusterDocument | EnvironmentDocument | DriverDocument

/** One resolved tree with what makes the next one, which differs little, cheap. */
export interface TreeState {
  /** As the tree lists them, by path. */
  readonly entries: readonly TreeEntry[]
  /** Entries that decide which other paths belong to a chart. */
  readonly chartMarks: readonly TreeEntry[]
  readonly readings: ReadonlyMap<string, FileReading>
  readonly shared: readonly SharedDocument[]
  readonly broken: readonly BrokenDocument[]
  /** Without those that are declared twice or broken. */
  readonly deployments: ReadonlyMap<DeploymentKey, DeploymentDocument>
  readonly loaded: readonly LoadedDriver[]
  /** Problems of reading and linking. */
  readonly linkProblems: readonly Problem[]
  readonly driverProblems: readonly Problem[]
  /** Problems of rendering, of deployments that have any. */
  readonly renderProblems: ReadonlyMap<DeploymentKey, readonly Problem[]>
  /** Left out when two deployments claim the same: then nothing can be said of a third. */
  readonly owners?: ClaimOwners
  readonly resolution: Resolution
}
