import type { Digest } from '../../domain/ids.ts'
import { type Json, type JsonObject, listAt, textAt } from '../../util/json.ts'
import type { StepDraft } from './draft-steps.ts'
import type { Rehearsal } from './make-plan.ts'

/** The primitive that applies the Instance from inside an action. */
const APPLIES = 'upgradeDeploymentVersion'
/** Touches nothing, so it is no step. */
const TALK = 'log'

/**
 * The name of an action's step: `upgrade/stopComponents#1`.
 *
 * Shape: `ordinal` counts the calls of this primitive within this action, from 1.
 */
function actionStepName(action: string, primitive: string, ordinal: number): string {
  return `${action}/${primitive}#${ordinal}`
}

/** The steps of one rehearsed action, in the order of its calls. */
export function actionSteps({ action, calls }: Rehearsal, manifests: Digest | undefined): readonly StepDraft[] {
  const seen = new Map<string, number>()
  return calls
    .filter(({ primitive }) => primitive !== TALK)
    .map(({ primitive, args, live }) => {
      const ordinal = (seen.get(primitive) ?? 0) + 1
      seen.set(primitive, ordinal)
      const applies = primitive === APPLIES
      return {
        name: actionStepName(action.name, primitive, ordinal),
        kind: applies ? 'apply' : 'primitive',
        hook: action.hook,
        mode: action.mode,
        primitive,
        args: applies && manifests !== undefined ? { ...args, manifests } : args,
        live,
        title: titleOf(primitive, args),
      }
    })
}

function titleOf(primitive: string, args: JsonObject): string {
  const components = textsOf(listAt(args, 'components')).join(', ')
  const component = textAt(args, 'component') ?? '?'
  const titles: Readonly<Record<string, string>> = {
    stopComponents: `Stop ${components || 'components'}`,
    startComponents: `Start ${components || 'components'}`,
    scaleComponent: `Scale ${component} to ${JSON.stringify(args['replicas'] ?? null)}`,
    executeCommands: `Run ${commandsOf(args)}`,
    getComponentImages: `Read the images of ${component}`,
    upgradeDeploymentVersion: `Apply version ${textAt(args, 'targetVersion') ?? '?'}`,
    waitReady: `Wait until ${components || 'everything'} is ready`,
  }
  return titles[primitive] ?? primitive
}

function commandsOf(args: JsonObject): string {
  const commands = listAt(args, 'commands').map((argv) => textsOf(listAt(argv)).join(' '))
  const image = textAt(args, 'image') ?? textAt(args, 'options', 'image')
  return `${commands.join('; ') || 'commands'}${image === undefined ? '' : ` in ${image}`}`
}

function textsOf(items: readonly Json[]): readonly string[] {
  return items.filter((item) => typeof item === 'string')
}
