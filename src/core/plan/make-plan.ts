// Comes in: a verdict, the difference it judged, and what the actions do when rehearsed. Goes out: a plan with its digest.
// Never: a time, a place or a commit; what was reviewed must be what runs.
import { type DeploymentKey, toDigest } from '../../domain/ids.ts'
import type { Instance, LinkedAction } from '../../domain/instance.ts'
import { type Manifest, type ObjectRef, objectTitle } from '../../domain/manifest.ts'
import type { InstanceDiff, Plan, Step, Verdict } from '../../domain/plan.ts'
import { digestOf } from '../../util/digest.ts'
import { type JsonObject, textAt } from '../../util/json.ts'
import { draftSteps } from './draft-steps.ts'
import { stoppedComponents } from './stopped-components.ts'

/** One side of a change; fits a ResolvedInstance. */
export interface Side {
  readonly instance: Instance
  readonly manifests: readonly Manifest[]
}

/** What one action does, as a rehearsal saw it. */
export interface Rehearsal {
  readonly action: Pick<LinkedAction, 'name' | 'hook' | 'mode'>
  readonly calls: readonly { readonly primitive: string; readonly args: JsonObject; readonly live: boolean }[]
}

/** Everything a plan is made from; at least one side is there. */
export interface PlanInput {
  readonly key: DeploymentKey
  readonly before?: Side
  readonly after?: Side
  readonly verdict: Verdict
  readonly diff: InstanceDiff
  /** Objects that must be made anew. */
  readonly recreate: readonly ObjectRef[]
  /** In the order the driver declares its actions; empty for classes that run none. */
  readonly rehearsals: readonly Rehearsal[]
}

/**
 * Makes the plan of one deployment.
 *
 * Order:  steps as they run, numbered from 1.
 * Errors: RangeError when both sides are missing (our bug).
 */
export function makePlan(input: PlanInput): Plan {
  const { key, before, after, verdict, diff } = input
  const known = after ?? before
  if (known === undefined) throw new RangeError(`a plan of ${key} needs an instance`)
  const steps = draftSteps(input).map((step, index): Step => ({ number: index + 1, ...step }))
  const ends = {
    ...(before === undefined ? {} : { from: before.instance.digest, fromVersion: before.instance.appVersion }),
    ...(after === undefined ? {} : { to: after.instance.digest, toVersion: after.instance.appVersion }),
  }
  return {
    digest: toDigest(digestOf(contract(verdict, steps, ends))),
    key,
    id: known.instance.id,
    verdict,
    ...ends,
    diff,
    steps,
    stops: stoppedComponents(steps, Object.keys(known.instance.components)),
    generated: (after?.manifests ?? []).flatMap(generatedLeaves).sort(),
  }
}

/** What a plan's digest is taken over: nothing else about a plan is promised. */
function contract(verdict: Verdict, steps: readonly Step[], { from, to }: Pick<Plan, 'from' | 'to'>): JsonObject {
  return {
    from: from ?? null,
    to: to ?? null,
    class: verdict.class,
    steps: steps.map(({ name, args }) => ({ name, args })),
  }
}

function generatedLeaves({ object, generated }: Manifest): readonly string[] {
  const kind = textAt(object, 'kind') ?? ''
  const name = textAt(object, 'metadata', 'name') ?? ''
  return generated.map((pointer) => `${objectTitle({ kind, name })} ${pointer}`)
}
