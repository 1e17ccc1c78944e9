import { formatProblem, type Problem } from '../domain/problem.ts'
import type { CliWorld } from './world.ts'

/** Problems on stderr, one after another, with what they keep from changing. */
export function printProblems(problems: readonly Problem[], world: CliWorld): void {
  for (const problem of problems) {
    world.err(`${formatProblem(problem)}\n`)
    const { affects = [] } = problem
    if (affects.length > 0) world.err(`  keeps as they are: ${affects.join(', ')}\n`)
  }
}
