import { planListJson } from '../../core/plan/plan-list.ts'
import { printPlan } from '../../core/plan/print-plan.ts'
import { compareSides } from '../offline.ts'
import { printProblems } from '../problems.ts'
import { type CliWorld, type ExitCode, exitCodeOf } from '../world.ts'

export interface PlanOptions {
  readonly base?: string
  readonly head?: string
  readonly output: 'text' | 'json'
}

/** Says what a change will do: class, rule, steps, changed inputs with who set them. Exit code 1 when anything changes. */
export async function plan(
  folder: string,
  options: PlanOptions,
  world: CliWorld,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { plans, problems, from, to } = await compareSides(folder, options, world, signal)
  if (options.output === 'json') {
    world.out(`${JSON.stringify({ ...planListJson(plans), from, to, problems }, null, 2)}\n`)
  } else {
    printProblems(problems, world)
    world.err(`Compared ${from} with ${to}; what is active on a cluster was not asked.\n\n`)
    world.out(printPlan(plans, { color: world.color }))
  }
  const bad = exitCodeOf(problems)
  if (bad !== 0) return bad
  return plans.some(({ verdict }) => verdict.class !== 'none') ? 1 : 0
}
