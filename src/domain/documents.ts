import type { Json, JsonObject } from '../util/json.ts'
import type { Digest, JsonPointer, StableId } from './ids.ts'
import type { Problem } from './problem.ts'
import type { SourceRef } from './source.ts'

/** What every document of ours carries. `spec` is checked against its JSON Schema. */
export interface DocumentBase {
  readonly name: string
  /** Where the document starts. */
  readonly at: SourceRef
  /** Where the value (or the key) at a pointer from the document's root was written. */
  readonly placeOf: (pointer: JsonPointer, what?: 'key' | 'value') => SourceRef
  /** A number, boolean or null at a pointer as it is written (`1.10`). */
  readonly sourceOf?: (pointer: JsonPointer) => string | undefined
}

/** What charts may ask of a cluster. */
export interface Capabilities {
  /** Kubernetes version, as "1.34". */
  readonly kubernetes: string
  /** Group/version and group/version/kind names, sorted. */
  readonly apiVersions: readonly string[]
}

export interface ClusterDocument extends DocumentBase {
  readonly kind: 'Cluster'
  readonly agentTokenHash?: Digest
  readonly capabilities: Capabilities
  readonly config: JsonObject
}

/** What happens to a live object that differs from what was applied. */
export type DriftMode = 'repair' | 'report' | 'ignore'

export interface EnvironmentDocument extends DocumentBase {
  readonly kind: 'Environment'
  readonly cluster: string
  readonly namespace: string
  readonly config: JsonObject
  readonly drift: DriftMode
  readonly podSecurity: 'privileged' | 'baseline' | 'restricted'
  readonly protect: boolean
}

/** What a deployment sets for one component. */
export interface ComponentOverride {
  readonly env: Readonly<Record<string, string>>
  readonly command?: readonly string[]
  readonly args?: readonly string[]
}

export interface DeploymentDocument extends DocumentBase {
  readonly kind: 'Deployment'
  readonly environment: string
  /** `metadata.id`, where a rename has written one. */
  readonly id?: StableId
  readonly driver: { readonly name: string; readonly version?: string }
  /** The application's version; the driver's `default_version` when left out. */
  readonly version?: string
  readonly parameters: JsonObject
  readonly config: JsonObject
  readonly components: Readonly<Record<string, ComponentOverride>>
  readonly dependsOn: readonly string[]
  readonly state: 'running' | 'stopped'
  readonly onFailure: 'hold' | 'rollback'
  readonly drift?: DriftMode
  readonly approve?: Digest
  /** `metadata.annotations["styrmin.io/delete-data"] === "true"`. */
  readonly deleteData: boolean
}

/** A driver as a folder of the repository declares it; its files are read by path. */
export interface DriverDocument extends DocumentBase {
  readonly kind: 'ApplicationDriver'
  /** Folder of `driver.styrmin.yml`; `''` for the root. */
  readonly folder: string
  readonly spec: DriverSpec
}

export interface DriverSpec {
  readonly version: string
  readonly supportedVersions: string
  readonly defaultVersion?: string
  readonly info: JsonObject
  readonly chart: { readonly location: string; readonly version: string }
  readonly components: Readonly<Record<string, ComponentSpec>>
  readonly services: readonly ServiceSpec[]
  readonly parameters: readonly ParameterSpec[]
  readonly actions: readonly ActionSpec[]
  readonly clusterScoped: readonly string[]
  /** The rest of `spec`, as written, for fields that only inform. */
  readonly raw: JsonObject
}

export interface ComponentSpec {
  /** A pod belongs to the component when it carries all of them. */
  readonly labels: Readonly<Record<string, string>>
  readonly backup?: JsonObject
}

export interface ServiceSpec {
  readonly name: string
  readonly kind: 'http' | 'https' | 'tcp'
  readonly scope: 'internal' | 'external'
  readonly port: number
  readonly component: string
}

export interface ParameterSpec {
  readonly name: string
  readonly label?: string
  readonly kind: 'string' | 'integer' | 'boolean' | 'enum' | 'secret'
  readonly default?: Json
  readonly values?: readonly Json[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
}

export type Hook = 'setup' | 'upgrade' | 'backup' | 'restore' | 'clone' | 'delete'
export type Mode = 'pre' | 'core' | 'post'

export interface ActionSpec {
  readonly name: string
  readonly hook: Hook
  readonly mode: Mode
  readonly description?: string
  /** `file::function`, the file from the driver's folder. */
  readonly location: { readonly file: string; readonly function: string }
}

/** One file of a tree as it was read; `mode` as git writes it. */
export interface SourceFile {
  readonly path: string
  readonly mode: string
  readonly bytes: Uint8Array | 'too-large'
}

/** A document of ours that cannot be used: what can still be read of its identity, and what is wrong with it. */
export interface BrokenDocument {
  readonly kind: StyrminDocument['kind']
  readonly name: string
  /** Of a Deployment. */
  readonly environment?: string
  /** Of an ApplicationDriver, where it can be read. */
  readonly version?: string
  readonly at: SourceRef
  /** The same values as in the list of all problems. */
  readonly problems: readonly Problem[]
}

export type StyrminDocument = ClusterDocument | EnvironmentDocument | DeploymentDocument | DriverDocument
