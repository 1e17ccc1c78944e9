import { diffInstances } from '../core/diff/diff-instances.ts'
import { componentImages } from '../core/plan/component-images.ts'
import { hookOf } from '../core/plan/draft-steps.ts'
import { makePlan, type Rehearsal } from '../core/plan/make-plan.ts'
import { recreatedObjects } from '../core/verdict/immutable-fields.ts'
import { judgeChange } from '../core/verdict/judge-change.ts'
import type { Deletion } from '../domain/desired.ts'
import type { DeploymentKey } from '../domain/ids.ts'
import type { LinkedAction, ResolvedInstance } from '../domain/instance.ts'
import type { Plan } from '../domain/plan.ts'
import type { Problem } from '../domain/problem.ts'
import { compareText } from '../util/json.ts'
import { mapLimited } from '../util/map-limited.ts'
import { mergeProblems } from './merge-problems.ts'
import { refusal } from './refusal.ts'
import type { PipelineTools, PlannedChanges, Resolution } from './resolution.ts'

/** What is compared: what was, what a tree says, and what is gone. */
export interface ChangeInput {
  readonly before: ReadonlyMap<DeploymentKey, ResolvedInstance>
  readonly after: Pick<Resolution, 'instances'>
  readonly deletions: readonly Deletion[]
}

interface Pair {
  readonly key: DeploymentKey
  readonly before?: ResolvedInstance
  readonly after?: ResolvedInstance
  readonly deleteData: boolean
}

interface Planned {
  readonly plan?: Plan
  readonly problems: readonly Problem[]
}

const REHEARSALS_AT_ONCE = 4

/**
 * Plans every deployment that changes; what stays as it is has no plan.
 *
 * Order:  by key.
 * Errors: as problems: an action that cannot be rehearsed, a change that is refused. Such a deployment has no plan.
 */
export async function planChanges(
  { before, after, deletions }: ChangeInput,
  tools: Pick<PipelineTools, 'renderer'>,
  signal: AbortSignal,
): Promise<PlannedChanges> {
  const pairs: Pair[] = []
  for (const [key, resolved] of after.instances) {
    const active = before.get(key)
    if (active?.instance.digest === resolved.instance.digest) continue
    pairs.push({ key, ...(active === undefined ? {} : { before: active }), after: resolved, deleteData: false })
  }
  for (const { key, deleteData } of deletions) {
    const active = before.get(key)
    if (active !== undefined) pairs.push({ key, before: active, deleteData })
  }
  const sorted = pairs.sort((a, b) => compareText(a.key, b.key))
  const planned = await mapLimited(sorted, REHEARSALS_AT_ONCE, (pair) => planOne(pair, sorted, { tools, signal }))
  return {
    plans: planned.flatMap(({ plan }) => (plan === undefined ? [] : [plan])),
    problems: mergeProblems(planned.flatMap(({ problems }) => problems)),
  }
}

interface Run {
  readonly tools: Pick<PipelineTools, 'renderer'>
  readonly signal: AbortSignal
}

async function planOne(pair: Pair, all: readonly Pair[], run: Run): Promise<Planned> {
  const { key, before, after, deleteData } = pair
  const diff = diffInstances(before, after)
  const sides = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
  const verdict = judgeChange({ ...instancesOf(pair), diff, deleteData })
  if (verdict.class === 'none') return { problems: [] }
  const refused = refusal({ ...sides, verdict, diff, others: all.filter((other) => other !== pair) })
  if (refused !== undefined) return { problems: [{ ...refused, affects: [key] }] }

  const hook = hookOf(verdict.class)
  const actions = (after ?? before)?.actions.filter((action) => action.hook === hook) ?? []
  const rehearsed = await mapLimited(actions, 1, (action) => rehearse(action, after ?? before, run))
  const problems = rehearsed.flatMap((one) => one.problems)
  if (problems.some(({ severity }) => severity === 'error')) {
    return { problems: problems.map((problem) => ({ ...problem, affects: [key] })) }
  }
  const recreate = recreatedObjects(diff.objects)
  const plan = makePlan({ key, ...sides, verdict, diff, recreate, rehearsals: rehearsed })
  return { plan, problems }
}

function instancesOf({ before, after }: Pair): {
  before?: ResolvedInstance['instance']
  after?: ResolvedInstance['instance']
} {
  return {
    ...(before === undefined ? {} : { before: before.instance }),
    ...(after === undefined ? {} : { after: after.instance }),
  }
}

async function rehearse(
  action: LinkedAction,
  target: ResolvedInstance | undefined,
  { tools, signal }: Run,
): Promise<Rehearsal & { readonly problems: readonly Problem[] }> {
  if (target === undefined) return { action, calls: [], problems: [] }
  const { instance, manifests, at } = target
  const images = componentImages(manifests, instance.components)
  const { calls, problems } = await tools.renderer.rehearse(
    { action, context: instance.context, targetVersion: instance.appVersion, images },
    signal,
  )
  return { action, calls, problems: problems.map((problem) => ({ ...problem, at: problem.at ?? at })) }
}
