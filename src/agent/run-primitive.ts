import { isPrimitive } from '../actions/arguments.ts'
import type { PrimitiveName } from '../actions/primitives.ts'
import { InputError } from '../domain/errors.ts'
import { type Json, type JsonObject, listAt, textAt } from '../util/json.ts'
import type { EffectInput } from '../workflow/run-steps.ts'
import { applyObjects } from './steps/apply.ts'
import { componentImages, executeCommands } from './steps/commands.ts'
import { prune } from './steps/remove.ts'
import { scaleComponent, startComponents, stopComponents } from './steps/scale.ts'
import { foldInventory, inventoryResult, type RunScope } from './steps/scope.ts'
import { waitReady } from './steps/wait-ready.ts'

/** Carries out one primitive of an action. Its result is recorded; objects it touched are in it. */
export async function runPrimitive(
  scope: RunScope,
  { primitive, args }: { readonly primitive: string; readonly args: JsonObject },
  input: EffectInput,
): Promise<Json> {
  if (!isPrimitive(primitive)) throw unknownPrimitive(primitive)
  return EFFECTS[primitive](scope, args, input)
}

type PrimitiveEffect = (scope: RunScope, args: JsonObject, input: EffectInput) => Promise<Json>

const EFFECTS: Readonly<Record<PrimitiveName, PrimitiveEffect>> = {
  stopComponents: async (scope, args, input) => inventoryResult(await stopComponents(scope, namesOf(args), input)),
  startComponents: (scope, args, input) => startAndWait(scope, namesOf(args), input),
  scaleComponent: async (scope, args, input) => {
    const scale = { component: textAt(args, 'component') ?? '', replicas: Number(args['replicas']) }
    return inventoryResult(await scaleComponent(scope, scale, input))
  },
  executeCommands: async (scope, args, input) => {
    await executeCommands(scope, args, input)
    return null
  },
  getComponentImages: (scope, args) =>
    Promise.resolve({ value: componentImages(scope.bundle, textAt(args, 'component') ?? '') }),
  upgradeDeploymentVersion: upgrade,
  waitReady: async (scope, args, input) => {
    await waitReady(scope, waitOptions(args), input)
    return null
  },
  log: ({ world, key, run }, args) => {
    world.log.info({ deployment: key, run: run.key, text: args['message'] }, 'action says')
    return Promise.resolve(null)
  },
}

function namesOf(args: JsonObject): readonly string[] {
  return listAt(args, 'components').map(String)
}

async function startAndWait(scope: RunScope, components: readonly string[], input: EffectInput): Promise<Json> {
  const entries = await startComponents(scope, components, input)
  await waitReady(scope, { components }, input)
  return inventoryResult(entries)
}

async function upgrade(scope: RunScope, args: JsonObject, input: EffectInput): Promise<Json> {
  const version = textAt(args, 'targetVersion') ?? ''
  if (version !== scope.bundle.appVersion) {
    throw new InputError(
      'STY518',
      `the action asked for version ${version}, the plan is for ${scope.bundle.appVersion}`,
      {
        hint: 'Pass on the targetVersion that the action was called with.',
      },
    )
  }
  const entries = await applyObjects(scope, args, input)
  foldInventory(scope.inventory, entries, [])
  return inventoryResult(entries, await prune(scope, {}, input))
}

function waitOptions(args: JsonObject): Parameters<typeof waitReady>[1] {
  const seconds = args['timeoutSeconds']
  return {
    ...(args['components'] === undefined ? {} : { components: namesOf(args) }),
    ...(typeof seconds === 'number' ? { timeoutSeconds: seconds } : {}),
  }
}

function unknownPrimitive(primitive: string): InputError {
  return new InputError('STY515', `there is no primitive "${primitive}"`, { hint: 'Upgrade the agent.' })
}
