import { printObjectDiffs } from '../../core/plan/print-plan.ts'
import { compareSides } from '../offline.ts'
import { printProblems } from '../problems.ts'
import { type CliWorld, type ExitCode, exitCodeOf } from '../world.ts'

export interface DiffOptions {
  readonly base?: string
  readonly head?: string
}

/** Shows what differs object by object; values of Secrets only as changed. Exit code 1 when anything does. */
export async function diff(
  folder: string,
  options: DiffOptions,
  world: CliWorld,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { plans, problems } = await compareSides(folder, options, world, signal)
  printProblems(problems, world)
  const changed = plans.filter(({ diff: { objects } }) => objects.length > 0)
  for (const { key, diff: found } of changed) world.out(`${key}\n${printObjectDiffs(found, { color: world.color })}`)
  const bad = exitCodeOf(problems)
  if (bad !== 0) return bad
  return changed.length > 0 ? 1 : 0
}
