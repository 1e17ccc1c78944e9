// Comes in: a run, its bundle and its journal. Goes out: how it ended, every effect a recorded step.
// Never: a step that the plan does not have; a step done again whose end is recorded.
import { toArguments, isPrimitive } from '../actions/arguments.ts'
import { BugError, InputError } from '../domain/errors.ts'
import type { LinkedAction } from '../domain/instance.ts'
import { objectTitle } from '../domain/manifest.ts'
import { refOf } from '../domain/object-ref.ts'
import type { Step } from '../domain/plan.ts'
import { digestOf } from '../util/digest.ts'
import { at, type Json, type JsonObject, listAt } from '../util/json.ts'
import type { EffectInput, Steps } from '../workflow/run-steps.ts'
import { readInventory } from './resources.ts'
import { runAction } from './run-action.ts'
import { runPrimitive } from './run-primitive.ts'
import { applyObjects } from './steps/apply.ts'
import { type HookEvent, hooksOf, runHook, tidyHook } from './steps/hooks.ts'
import { ensureNamespaceOnce } from './steps/namespace.ts'
import { deleteLeftovers, deleteObjects, prune } from './steps/remove.ts'
import { startAll, startComponents, stopAll } from './steps/scale.ts'
import { foldInventory, inventoryResult, type RunScope } from './steps/scope.ts'
import { waitReady } from './steps/wait-ready.ts'

/** A step that differs from the plan: nobody may go on but a person. */
export class NotPlannedError extends Error {}

/** Carries out all steps of a plan, in order. Errors: what an action threw; NotPlannedError. */
export async function runPlan(scope: RunScope, steps: Steps, signal: AbortSignal): Promise<void> {
  const plan = scope.bundle.steps.length > 0 ? scope.bundle.steps : RESTORE
  const actions = actionGroups(plan)
  for (let index = 0; index < plan.length; ) {
    const step = plan[index]
    if (step === undefined) break
    const group = actions.get(index)
    if (group === undefined) {
      await builtIn({ scope, steps, plan }, step)
      index++
    } else {
      await actionOf({ scope, steps, plan }, group, signal)
      index += group.length
    }
  }
  if (scope.bundle.class === 'delete' || scope.bundle.class === 'delete-data') await leftovers(scope, steps)
}

interface Work {
  readonly scope: RunScope
  readonly steps: Steps
  readonly plan: readonly Step[]
}

/** What a plan without steps means when an earlier change was begun and never ended: put everything back. */
const RESTORE: readonly Step[] = (['apply', 'wait-ready'] as const).map((kind, index) => ({
  number: index + 1,
  name: kind,
  kind,
  args: {},
  live: false,
  title: kind,
}))

/** Steps of one action stand together; by the place of the first. */
function actionGroups(plan: readonly Step[]): ReadonlyMap<number, readonly Step[]> {
  const groups = new Map<number, Step[]>()
  let open: Step[] | undefined
  for (const [index, step] of plan.entries()) {
    if (step.primitive === undefined) open = undefined
    else if (open !== undefined && actionName(open[0]) === actionName(step)) open.push(step)
    else {
      open = [step]
      groups.set(index, open)
    }
  }
  return groups
}

/** `upgrade/stopComponents#1` is a step of the action `upgrade`. */
function actionName(step: Step | undefined): string {
  return step?.name.slice(0, step.name.lastIndexOf('/')) ?? ''
}

async function recorded(work: Work, step: Pick<Step, 'name' | 'args'>, effect: Effect): Promise<Json> {
  const result = await work.steps.step(step.name, step.args, effect)
  const gone = listAt(result, 'gone').map(String)
  foldInventory(work.scope.inventory, readInventory(listAt(result, 'inventory')), gone)
  return result
}

type Effect = (input: EffectInput) => Promise<Json>

async function builtIn(work: Work, step: Step): Promise<void> {
  const { scope } = work
  if (step.kind === 'apply') return applyWithHooks(work, step, (input) => applyAndTidy(work, step, input))
  if (step.kind === 'delete') return deleteWithHooks(work, step)
  await recorded(work, step, (input) => simpleStep(scope, step, input))
}

async function deleteWithHooks(work: Work, step: Step): Promise<void> {
  const deletes = work.plan.filter(({ kind }) => kind === 'delete')
  if (deletes[0] === step) await hooks(work, 'pre-delete', step.name)
  await recorded(work, step, async (input) => inventoryResult([], await deleteObjects(work.scope, step, input)))
  if (deletes.at(-1) === step) await hooks(work, 'post-delete', step.name)
}

async function simpleStep(scope: RunScope, step: Step, input: EffectInput): Promise<Json> {
  const { bundle, namespace, world } = scope
  if (step.kind === 'namespace') {
    const facts = { name: namespace, environment: bundle.deployment.environment, podSecurity: bundle.podSecurity }
    await ensureNamespaceOnce(world, facts, input.signal)
    return null
  }
  if (step.kind === 'prune') return inventoryResult([], await prune(scope, step.args, input))
  if (step.kind === 'scale-down') return inventoryResult(await stopAll(scope, input))
  if (step.kind === 'scale-up') return inventoryResult(await startAll(scope, input))
  if (step.kind !== 'wait-ready') throw new BugError('STY512', `a ${step.kind} step without an action`, HINT)
  // What an earlier run has stopped and never started again: this one has brought the Instance about without it.
  const { components, by } = scope.stopped()
  const entries = by === '' || by === scope.run.key ? [] : await startComponents(scope, known(components, scope), input)
  await waitReady(scope, { yields: true }, input)
  return inventoryResult(entries)
}

const HINT = { hint: 'Report this with the plan.' }

function known(components: readonly string[], { bundle }: RunScope): readonly string[] {
  return components.filter((name) => Object.hasOwn(bundle.components, name))
}

/** The built-in apply; what an unfinished change has left goes too, where no step of its own does that. */
async function applyAndTidy({ scope, plan }: Work, step: Step, input: EffectInput): Promise<Json> {
  const entries = await applyObjects(scope, step.args, input)
  foldInventory(scope.inventory, entries, [])
  const pruned = plan.some(({ kind }) => kind === 'prune') ? [] : await prune(scope, {}, input)
  return inventoryResult(entries, pruned)
}

async function applyWithHooks(work: Work, step: Pick<Step, 'name' | 'args'>, effect: Effect): Promise<void> {
  const install = work.scope.bundle.class === 'create'
  await hooks(work, install ? 'pre-install' : 'pre-upgrade', step.name)
  await recorded(work, step, effect)
  await hooks(work, install ? 'post-install' : 'post-upgrade', step.name)
}

/** Each hook is a step of its own, so that one that has run is never run again. */
async function hooks(work: Work, event: HookEvent, parent: string): Promise<void> {
  const { scope, steps } = work
  const all = hooksOf(scope.bundle.manifests, event)
  for (const [index, manifest] of all.entries()) {
    const args = { object: digestOf(manifest.object) }
    const title = `${parent}/hook/${event}#${index + 1}:${objectTitle(refOf(manifest.object))}`
    await steps.step(title, args, async (input) => {
      await runHook(scope, manifest, input)
      return null
    })
  }
  const tidy = all.filter(({ hook }) => hook?.deletePolicies.includes('hook-succeeded') === true)
  if (tidy.length === 0) return
  await steps.step(`${parent}/hook/${event}/tidy`, {}, async (input) => {
    for (const manifest of tidy) await tidyHook(scope, manifest, input)
    return null
  })
}

async function leftovers(scope: RunScope, steps: Steps): Promise<void> {
  if (scope.inventory.size === 0) return
  await recorded({ scope, steps, plan: [] }, { name: 'delete-leftovers', args: {} }, async (input) =>
    inventoryResult([], await deleteLeftovers(scope, input)),
  )
}

async function actionOf(work: Work, planned: readonly Step[], signal: AbortSignal): Promise<void> {
  const { scope, steps } = work
  const action = findAction(scope, planned)
  const calls = new Calls(planned)
  const stop = new AbortController()
  let differs: NotPlannedError | undefined
  const call = async (primitive: string, args: JsonObject): Promise<Json> => {
    try {
      return await primitiveStep(work, calls.next(action.name, primitive, args), { primitive, args })
    } catch (error) {
      if (error instanceof NotPlannedError) {
        differs = error
        stop.abort(error)
      }
      throw error
    }
  }
  const { context, appVersion } = scope.bundle
  const seed = `${scope.run.seed}/${action.name}`
  const run = { action, context, targetVersion: appVersion, seed, now: () => steps.now(), call }
  await runAction(run, AbortSignal.any([signal, stop.signal]))
  const rest = calls.rest()
  if (differs !== undefined) throw differs
  if (rest !== undefined) throw new NotPlannedError(`the action "${action.name}" ended before the step "${rest}"`)
}

function findAction({ bundle }: RunScope, planned: readonly Step[]): LinkedAction {
  const name = actionName(planned[0])
  const { hook, mode } = planned[0] ?? {}
  const action = bundle.actions.find((one) => one.name === name && one.hook === hook && one.mode === mode)
  if (action !== undefined) return action
  throw new InputError('STY515', `the bundle has no action "${name}"`, { hint: 'Push a new commit.' })
}

async function primitiveStep(
  work: Work,
  name: string,
  call: { readonly primitive: string; readonly args: JsonObject },
): Promise<Json> {
  const effect: Effect = (input) => runPrimitive(work.scope, call, input)
  if (call.primitive === 'upgradeDeploymentVersion') {
    await applyWithHooks(work, { name, args: call.args }, effect)
    return null
  }
  return at(await recorded(work, { name, args: call.args }, effect), 'value') ?? null
}

/** The calls of one action against those that the plan has. */
class Calls {
  readonly #planned: readonly Step[]
  readonly #seen = new Map<string, number>()
  #next = 0

  constructor(planned: readonly Step[]) {
    this.#planned = planned
  }

  /** The name of the step that this call is. Errors: NotPlannedError. */
  next(action: string, primitive: string, args: JsonObject): string {
    const ordinal = (this.#seen.get(primitive) ?? 0) + 1
    this.#seen.set(primitive, ordinal)
    const name = `${action}/${primitive}#${ordinal}`
    if (primitive === 'log') return name
    const step = this.#planned[this.#next++]
    if (step?.name !== name) throw new NotPlannedError(`"${name}" came where the plan has "${step?.name ?? 'the end'}"`)
    if (!step.live && digestOf(plannedArgs(step)) !== digestOf(args)) {
      throw new NotPlannedError(`"${name}" came with other arguments than the plan has`)
    }
    return name
  }

  rest(): string | undefined {
    return this.#planned[this.#next]?.name
  }
}

/** The arguments without what the plan adds for its own digest. */
function plannedArgs({ primitive = '', args }: Step): JsonObject {
  const { manifests: _manifests, ...own } = args
  if (!isPrimitive(primitive)) return own
  const { commands, ...options } = own
  if (primitive === 'executeCommands') return toArguments(primitive, [commands ?? null, options])
  return toArguments(primitive, primitive === 'log' ? [own['message'] ?? ''] : [own])
}
