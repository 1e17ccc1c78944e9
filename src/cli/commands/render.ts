import { InputError } from '../../domain/errors.ts'
import { nearest } from '../../util/text.ts'
import { printYaml } from '../../util/yaml.ts'
import { withPipeline } from '../offline.ts'
import { printProblems } from '../problems.ts'
import { openSide } from '../sides.ts'
import { type CliWorld, type ExitCode, exitCodeOf } from '../world.ts'

export interface RenderOptions {
  readonly revision?: string
  readonly show: 'manifests' | 'values' | 'context'
}

/** Prints what one deployment renders to; generated leaves are shown as `<generated>`. */
export async function render(
  what: { readonly deployment: string; readonly folder: string },
  options: RenderOptions,
  world: CliWorld,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { tree } = await openSide(what.folder, options.revision, world, signal)
  const { instances, blocked, problems } = await withPipeline((pipeline) => pipeline.resolve(tree, signal))
  const found = [...instances.values()].find(({ key }) => key === what.deployment)
  if (found === undefined) {
    printProblems(
      problems.filter(({ affects = [] }) => affects.some((key) => key === what.deployment)),
      world,
    )
    if (blocked.some((key) => key === what.deployment)) return 2
    const meant = nearest(what.deployment, [...instances.keys()])
    const hint = meant === undefined ? 'Write it as environment/name.' : `Write "${meant}".`
    throw new InputError('STY605', `there is no deployment "${what.deployment}"`, { hint })
  }
  if (options.show === 'values') world.out(printYaml(found.instance.values))
  else if (options.show === 'context') world.out(printYaml(found.instance.context))
  else for (const { object, source } of found.manifests) world.out(`---\n# Source: ${source}\n${printYaml(object)}`)
  return exitCodeOf(problems.filter(({ affects = [] }) => affects.some((key) => key === what.deployment)))
}
