import type { Json, JsonObject } from '../util/json.ts'
import type { DeploymentKey, Digest, JsonPointer, StableId } from './ids.ts'
import type { ObjectRef } from './manifest.ts'
import type { Origin } from './source.ts'

/** One leaf that differs between two JSON values. */
export type Change =
  | { readonly kind: 'added'; readonly at: JsonPointer; readonly after: Json }
  | { readonly kind: 'removed'; readonly at: JsonPointer; readonly before: Json }
  | { readonly kind: 'replaced'; readonly at: JsonPointer; readonly before: Json; readonly after: Json }

/** What differs in one object; Secret values are shown only as `(changed)`. */
export interface ObjectDiff {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly ref: ObjectRef
  readonly changes: readonly Change[]
}

/** Two Instances compared at three depths. */
export interface InstanceDiff {
  /** Context leaves that differ, with who set the new (or, when removed, the old) value. */
  readonly inputs: readonly (Change & { readonly origin?: Origin })[]
  readonly values: readonly Change[]
  /** Sorted by kind, namespace, name. */
  readonly objects: readonly ObjectDiff[]
}

export const CLASSES = [
  'none',
  'metadata',
  'config',
  'scale',
  'restart',
  'create',
  'upgrade',
  'driver-upgrade',
  'engine',
  'downgrade',
  'rename',
  'move',
  'recreate',
  'stop',
  'start',
  'clone',
  'restore',
  'backup',
  'delete',
  'delete-data',
] as const
/** What kind of change a plan is. */
export type ChangeClass = (typeof CLASSES)[number]

/** The class with the rule and the evidence that decided. */
export interface Verdict {
  readonly class: ChangeClass
  /** Name of the rule in the table of `core/verdict`. */
  readonly rule: string
  readonly evidence: readonly string[]
}

/**
 * One step of a plan, in order.
 *
 * `name` is stable inside a plan (`apply`, `wait-ready`, `upgrade/stopComponents#1`); `args` are what its digest is taken over.
 * A step whose arguments only the live cluster can give is `live: true` and carries the arguments that are known.
 */
export interface Step {
  readonly number: number
  readonly name: string
  readonly kind: 'namespace' | 'primitive' | 'apply' | 'wait-ready' | 'prune' | 'scale-down' | 'scale-up' | 'delete'
  readonly hook?: string
  readonly mode?: string
  /** Primitive of an action step. */
  readonly primitive?: string
  readonly args: JsonObject
  readonly live: boolean
  /** One line for people. */
  readonly title: string
}

/** What will be done to one deployment. */
export interface Plan {
  /** sha256 over (from, to, class, steps with arguments). */
  readonly digest: Digest
  readonly key: DeploymentKey
  readonly id: StableId
  readonly verdict: Verdict
  /** Left out when the deployment is new. */
  readonly from?: Digest
  /** Left out when it is deleted. */
  readonly to?: Digest
  readonly fromVersion?: string
  readonly toVersion?: string
  readonly diff: InstanceDiff
  readonly steps: readonly Step[]
  /** Components that stop, and for which step numbers. */
  readonly stops: readonly { readonly component: string; readonly fromStep: number; readonly toStep: number }[]
  /** `<kind>/<name> <pointer>` of each generated leaf. */
  readonly generated: readonly string[]
}
