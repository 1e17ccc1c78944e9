import type { Plan } from '../domain/plan.ts'
import { compareProblems, type Problem } from '../domain/problem.ts'
import { findGone } from '../pipeline/find-gone.ts'
import { planChanges } from '../pipeline/plan-changes.ts'
import type { PipelineTools, Resolution } from '../pipeline/resolution.ts'
import { createResolveCache } from '../pipeline/resolve-cache.ts'
import { resolveTree } from '../pipeline/resolve-tree.ts'
import type { SourceTree } from '../ports/source-tree.ts'
import { openRenderers } from '../renderer/open-renderers.ts'
import { openSide } from './sides.ts'
import type { CliWorld } from './world.ts'

/** The whole way from a tree to what it says, without a server. */
interface Pipeline {
  readonly tools: PipelineTools
  readonly resolve: (tree: SourceTree, signal: AbortSignal) => Promise<Resolution>
}

/** Opens renderers for as long as `work` takes. */
export async function withPipeline<T>(work: (pipeline: Pipeline) => Promise<T>): Promise<T> {
  const renderers = await openRenderers()
  try {
    const tools = { renderer: renderers.trusted, cache: createResolveCache() }
    return await work({ tools, resolve: (tree, signal) => resolveTree(tree, tools, signal) })
  } finally {
    await renderers.close()
  }
}

/** Two trees compared. */
export interface Comparison {
  /** What was compared, in words. */
  readonly from: string
  readonly to: string
  readonly plans: readonly Plan[]
  /** Of the head only: the base's are its own commit's business. */
  readonly problems: readonly Problem[]
}

/** Plans what turns the base into the head; without a base everything is new. */
export async function compareSides(
  folder: string,
  { base, head }: { readonly base?: string; readonly head?: string },
  world: CliWorld,
  signal: AbortSignal,
): Promise<Comparison> {
  const from = base === undefined ? undefined : await openSide(folder, base, world, signal)
  const to = await openSide(folder, head, world, signal)
  return withPipeline(async ({ tools, resolve }) => {
    const before = from === undefined ? undefined : await resolve(from.tree, signal)
    const after = await resolve(to.tree, signal)
    const gone = before === undefined ? { deletions: [], held: [] } : findGone(before, after)
    const planned = await planChanges(
      { before: before?.instances ?? new Map(), after, deletions: gone.deletions },
      tools,
      signal,
    )
    return {
      from: from?.title ?? 'nothing',
      to: to.title,
      plans: planned.plans,
      problems: [...after.problems, ...planned.problems, ...gone.held.map(heldProblem)].sort(compareProblems),
    }
  })
}

function heldProblem({ key, why }: { readonly key: string; readonly why: string }): Problem {
  return {
    code: 'STY609',
    severity: 'warning',
    message: `${key} is not deleted: ${why}`,
    hint: 'Mend that first; the deployment keeps running until then.',
  }
}
