import type { JsonObject } from '../util/json.ts'
import type { ComponentSpec, Hook, Mode } from './documents.ts'
import type { DeploymentKey, Digest, JsonPointer, StableId } from './ids.ts'
import type { Manifest } from './manifest.ts'
import type { Origin, SourceRef } from './source.ts'

/** A declared service with the names that were worked out for it. */
export interface InstanceService {
  readonly name: string
  readonly kind: 'http' | 'https' | 'tcp'
  readonly scope: 'internal' | 'external'
  readonly port: number
  readonly component: string
  /** `''` when internal or when the cluster has no `fqdn_suffix`. */
  readonly primary_fqdn: string
  readonly human_readable_fqdn: string
}

/**
 * One application in one environment, frozen.
 *
 * Equal `digest` means equal desired state, whatever the commit. Everything in it is in the digest;
 * it holds no clock, no machine name, no secret, and not the commit it came from.
 */
export interface Instance {
  /** sha256 over the RFC 8785 form of all the other fields. */
  readonly digest: Digest
  readonly environment: string
  readonly name: string
  readonly id: StableId
  readonly cluster: string
  readonly namespace: string
  readonly release: string
  readonly state: 'running' | 'stopped'
  readonly driver: { readonly name: string; readonly version: string; readonly digest: Digest }
  readonly appVersion: string
  readonly chart: { readonly name: string; readonly version: string; readonly digest: Digest }
  readonly engineVersion: string
  readonly context: JsonObject
  readonly values: JsonObject
  /** Sorted by name. */
  readonly services: readonly InstanceService[]
  readonly components: Readonly<Record<string, ComponentSpec>>
  readonly policy: {
    readonly onFailure: 'hold' | 'rollback'
    readonly drift: 'repair' | 'report' | 'ignore'
    readonly podSecurity: string
  }
  readonly dependsOn: readonly string[]
  readonly manifestsDigest: Digest
}

/** An Instance with what is kept beside it and is in no digest of it. */
export interface ResolvedInstance {
  readonly key: DeploymentKey
  readonly instance: Instance
  /** In Helm's install order: crds, then objects, then hooks. */
  readonly manifests: readonly Manifest[]
  /** Linked action code by `file` of `ActionSpec.location`. */
  readonly actions: readonly LinkedAction[]
  /** Who set each leaf of the context's layers and parameters; pointers are from the context's root. */
  readonly origins: ReadonlyMap<JsonPointer, Origin>
  /** Left out where the driver refuses to go back to an older application version. */
  readonly downgrade?: 'supported'
  readonly at: SourceRef
}

/** An action ready to run: JavaScript of its file and the files it imports. */
export interface LinkedAction {
  readonly name: string
  readonly hook: Hook
  readonly mode: Mode
  readonly entry: { readonly file: string; readonly function: string }
  /** Sorted by path; JavaScript, types stripped. */
  readonly modules: readonly { readonly path: string; readonly code: string }[]
}
