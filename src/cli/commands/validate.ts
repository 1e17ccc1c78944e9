import { formatProblem } from '../../domain/problem.ts'
import { withPipeline } from '../offline.ts'
import { openSide } from '../sides.ts'
import { type CliWorld, type ExitCode, exitCodeOf } from '../world.ts'

export interface ValidateOptions {
  readonly output: 'text' | 'json'
}

/** Checks every document of a folder: references, parameters, templates and charts, with all problems at once. */
export async function validate(
  folder: string,
  options: ValidateOptions,
  world: CliWorld,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { tree } = await openSide(folder, undefined, world, signal)
  const resolution = await withPipeline((pipeline) => pipeline.resolve(tree, signal))
  const { instances, blocked, problems } = resolution
  if (options.output === 'json') {
    const answer = {
      apiVersion: 'styrmin.io/v1',
      kind: 'ValidationResult',
      deployments: [...instances.keys()],
      blocked,
      problems,
    }
    world.out(`${JSON.stringify(answer, null, 2)}\n`)
    return exitCodeOf(problems)
  }
  for (const problem of problems) world.err(`${formatProblem(problem)}\n`)
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const warnings = problems.length - errors
  world.out(
    `${instances.size} deployments resolve, ${blocked.length} blocked, ${errors} errors, ${warnings} warnings\n`,
  )
  return exitCodeOf(problems)
}
