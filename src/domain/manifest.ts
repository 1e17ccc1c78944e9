import type { JsonObject } from '../util/json.ts'
import type { JsonPointer } from './ids.ts'

/** When Helm runs a hook object, and when it removes it. */
export interface HelmHook {
  /** `pre-install`, `post-upgrade`, …, as the chart writes them. */
  readonly events: readonly string[]
  readonly weight: number
  readonly deletePolicies: readonly string[]
}

/**
 * One Kubernetes object as rendered.
 *
 * Generated leaves hold the text `<generated>` in `object`; `generated` lists where they are.
 */
export interface Manifest {
  readonly object: JsonObject
  /** Path of the template in the chart, `styrmin` for objects that are ours. */
  readonly source: string
  /** Sorted. */
  readonly generated: readonly JsonPointer[]
  readonly hook?: HelmHook
  /** True for objects of the chart's `crds/` folder. */
  readonly crd: boolean
}

/** What names an object in one cluster. */
export interface ObjectRef {
  /** `apps/v1`, `v1`. */
  readonly apiVersion: string
  readonly kind: string
  /** `''` for cluster-scoped kinds. */
  readonly namespace: string
  readonly name: string
}

/** A readable name for an object: `Deployment/web`. */
export function objectTitle({ kind, name }: Pick<ObjectRef, 'kind' | 'name'>): string {
  return `${kind}/${name}`
}
