import type { Hook, Mode } from '../../domain/documents.ts'
import type { ChangeClass, Step } from '../../domain/plan.ts'
import { actionSteps } from './action-steps.ts'
import {
  applyStep,
  deleteSteps,
  namespaceStep,
  pruneSteps,
  scaleDownStep,
  scaleUpStep,
  waitReadyStep,
} from './built-in-steps.ts'
import type { PlanInput } from './make-plan.ts'

/** A step that has no number yet. */
export type StepDraft = Omit<Step, 'number'>

/** Which hook's actions a class runs; a config edit never runs any. */
const HOOK_OF: Readonly<Partial<Record<ChangeClass, Hook>>> = {
  create: 'setup',
  upgrade: 'upgrade',
  'driver-upgrade': 'upgrade',
  downgrade: 'upgrade',
  delete: 'delete',
  'delete-data': 'delete',
}

/** The hook whose actions must be rehearsed for a class; `undefined` when it runs none. */
export function hookOf(changeClass: ChangeClass): Hook | undefined {
  return HOOK_OF[changeClass]
}

type Draft = (input: PlanInput) => readonly StepDraft[]

/** What each class leads to. A class without steps is refused or taken up elsewhere before a plan is carried out. */
const STEPS_OF: Readonly<Record<ChangeClass, Draft>> = {
  none: () => [],
  engine: () => [], // applied with the next change of input
  create: (input) => [namespaceStep(input), ...changeSteps(input)],
  upgrade: changeSteps,
  'driver-upgrade': changeSteps,
  downgrade: changeSteps,
  recreate: changeSteps,
  scale: changeSteps,
  restart: changeSteps,
  config: changeSteps,
  metadata: changeSteps,
  stop: (input) => [...objectSteps(input), scaleDownStep()],
  start: (input) => [...objectSteps(input), scaleUpStep(), waitReadyStep()],
  delete: removalSteps,
  'delete-data': removalSteps,
  move: () => [],
  rename: () => [],
  clone: () => [],
  restore: () => [],
  backup: () => [],
}

/** The steps of a change, in the order they run. */
export function draftSteps(input: PlanInput): readonly StepDraft[] {
  return STEPS_OF[input.verdict.class](input)
}

function objectSteps(input: PlanInput): readonly StepDraft[] {
  return input.diff.objects.length === 0 ? [] : [applyStep(input), ...pruneSteps(input)]
}

function removalSteps(input: PlanInput): readonly StepDraft[] {
  return [...modeSteps(input, 'pre'), ...modeSteps(input, 'core'), ...deleteSteps(input), ...modeSteps(input, 'post')]
}

/** `pre`, then what applies the Instance, then readiness, then `post`. */
function changeSteps(input: PlanInput): readonly StepDraft[] {
  const core = modeSteps(input, 'core')
  const applied = core.some(({ kind }) => kind === 'apply')
  return [
    ...modeSteps(input, 'pre'),
    ...core,
    ...(applied ? [] : [applyStep(input), ...pruneSteps(input)]),
    ...stateSteps(input),
    waitReadyStep(),
    ...modeSteps(input, 'post'),
  ]
}

/** A change that is more than `stop` or `start` may bring either along. */
function stateSteps({ before, after }: PlanInput): readonly StepDraft[] {
  const state = after?.instance.state
  if (state === (before?.instance.state ?? 'running')) return []
  return [state === 'stopped' ? scaleDownStep() : scaleUpStep()]
}

function modeSteps({ rehearsals, after }: PlanInput, mode: Mode): readonly StepDraft[] {
  return rehearsals
    .filter(({ action }) => action.mode === mode)
    .flatMap((rehearsal) => actionSteps(rehearsal, after?.instance.manifestsDigest))
}
