import type { KeyObject } from 'node:crypto'
import { makePlan } from '../core/plan/make-plan.ts'
import { signIntent } from '../core/intents/signature.ts'
import type { CommitSha, DeploymentKey, Digest } from '../domain/ids.ts'
import type { ResolvedInstance } from '../domain/instance.ts'
import type { Plan } from '../domain/plan.ts'
import type { Problem } from '../domain/problem.ts'
import type { Intent } from '../domain/wire.ts'
import { makeBundle } from '../pipeline/make-bundle.ts'
import { planChanges } from '../pipeline/plan-changes.ts'
import type { Renderer } from '../ports/renderer.ts'
import type { Changes, DeploymentState, StoredBundle } from '../ports/store.ts'
import { baseOf, needsIntent } from './targets.ts'

/** What planning needs. */
export interface PlanTools {
  readonly renderer: Renderer
  readonly privateKey: KeyObject
  /** An Instance of this commit, or one that is stored. */
  readonly instance: (digest: Digest, key: DeploymentKey) => Promise<ResolvedInstance | undefined>
  /** Highest sequence given so far, by cluster. */
  readonly sequence: (cluster: string) => number
  readonly atMs: number
}

/** What planning gives: states with their new intents, and everything that belongs to them. */
export interface Planned extends Pick<Changes, 'plans' | 'bundles' | 'intents'> {
  readonly deployments: readonly DeploymentState[]
  readonly plans: readonly { readonly commit: CommitSha; readonly atMs: number; readonly plan: Plan }[]
  readonly intents: readonly { readonly cluster: string; readonly intent: Intent }[]
  readonly problems: readonly Problem[]
}

interface Case {
  readonly state: DeploymentState
  readonly before?: ResolvedInstance
  readonly after?: ResolvedInstance
}

/**
 * Plans deployments from where they stand to where they should be, and makes an intent of each plan that has steps.
 *
 * Shape:  a refused change gives a problem and no intent, and its state says `refused`.
 * Order:  by the order of `states`, which is by key.
 */
export async function planIntents(
  states: readonly DeploymentState[],
  tools: PlanTools,
  signal: AbortSignal,
): Promise<Planned> {
  const problems: Problem[] = []
  const cases: Case[] = []
  for (const state of states) {
    const found = await caseOf(state, tools)
    if ('code' in found) problems.push(found)
    else cases.push(found)
  }
  const planned = await planChanges(changeInput(cases), { renderer: tools.renderer }, signal)
  const plans = new Map(planned.plans.map((plan) => [plan.key, plan]))
  const done = intentsOf(cases, plans, tools)
  return { ...done, problems: [...problems, ...planned.problems] }
}

async function caseOf(state: DeploymentState, { instance }: PlanTools): Promise<Case | Problem> {
  const from = baseOf(state) ?? (state.desired === undefined ? state.intended?.intent.instance : undefined)
  const before = from === undefined ? undefined : await instance(from, state.key)
  const after = state.desired === undefined ? undefined : await instance(state.desired, state.key)
  if (from !== undefined && before === undefined) return unknownInstance(state, from)
  return { state, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
}

function unknownInstance({ key }: DeploymentState, digest: string): Problem {
  return {
    code: 'STY421',
    severity: 'error',
    message: `${key} runs the Instance ${digest.slice(0, 19)}…, which this server has never made`,
    hint: 'Restore the newest backup of the data folder, or let the branch hold the commit that made it.',
    affects: [key],
  }
}

function changeInput(cases: readonly Case[]): Parameters<typeof planChanges>[0] {
  const before = new Map<DeploymentKey, ResolvedInstance>()
  const instances = new Map<DeploymentKey, ResolvedInstance>()
  for (const one of cases) {
    if (one.before !== undefined) before.set(one.state.key, one.before)
    if (one.after !== undefined) instances.set(one.state.key, one.after)
  }
  const deletions = cases
    .filter((one) => one.after === undefined)
    .map(({ state }) => ({ key: state.key, deleteData: state.deleteData === true }))
  return { before, after: { instances }, deletions }
}

type Made = Omit<Planned, 'problems'>

function intentsOf(cases: readonly Case[], plans: ReadonlyMap<DeploymentKey, Plan>, tools: PlanTools): Made {
  const sequences = new Map<string, number>()
  const nextSequence = (cluster: string): number => {
    const sequence = (sequences.get(cluster) ?? tools.sequence(cluster)) + 1
    sequences.set(cluster, sequence)
    return sequence
  }
  const made = cases.map((one) => ({ one, plan: plans.get(one.state.key) ?? standStill(one) }))
  const carried = made.map(({ one, plan }) => carryOut(one, plan, { nextSequence, privateKey: tools.privateKey }))
  return {
    deployments: carried.map(({ state }) => state),
    bundles: carried.flatMap(({ bundle }) => (bundle === undefined ? [] : [bundle])),
    intents: carried.flatMap(({ intended }) => (intended === undefined ? [] : [intended])),
    plans: made.flatMap(({ one, plan }) =>
      plan === undefined ? [] : [{ commit: commitOf(one), atMs: tools.atMs, plan }],
    ),
  }
}

interface CarriedOut {
  readonly state: DeploymentState
  readonly bundle?: StoredBundle
  readonly intended?: { readonly cluster: string; readonly intent: Intent }
}

interface Making {
  readonly nextSequence: (cluster: string) => number
  readonly privateKey: KeyObject
}

function carryOut(one: Case, plan: Plan | undefined, making: Making): CarriedOut {
  const { refused: _, ...state } = one.state
  if (plan === undefined) return { state: needsIntent(state) ? { ...state, refused: true } : state }
  const cluster = (one.after ?? one.before)?.instance.cluster
  const nothingToDo = plan.steps.length === 0 && plan.verdict.class !== 'none'
  if (cluster === undefined || nothingToDo) return { state }
  const { bundle, intent } = intentOf(one, plan, making.nextSequence(cluster), making.privateKey)
  const intended = { intent, cluster }
  return { state: { ...state, epoch: intent.epoch, intended: { ...intended, state: 'waiting' } }, bundle, intended }
}

/** What is wanted is what is there, but an intent for something else is under way: it must be taken back. */
function standStill({ state, before, after }: Case): Plan | undefined {
  if (before === undefined || after === undefined || before.instance.digest !== after.instance.digest) return undefined
  return makePlan({
    key: state.key,
    before,
    after,
    verdict: { class: 'none', rule: 'same-instance', evidence: [] },
    diff: { inputs: [], values: [], objects: [] },
    recreate: [],
    rehearsals: [],
  })
}

function commitOf({ state }: Case): CommitSha {
  if (state.commit === undefined) throw new RangeError(`${state.key} has no commit`)
  return state.commit
}

function intentOf(
  one: Case,
  plan: Plan,
  sequence: number,
  privateKey: KeyObject,
): { readonly bundle: StoredBundle; readonly intent: Intent } {
  const { state, before, after } = one
  const { bundle, digest, bytes } = makeBundle({
    plan,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  })
  const commit = commitOf(one)
  const intent = signIntent(
    {
      version: 1,
      sequence,
      epoch: state.epoch + 1,
      deployment: bundle.deployment,
      phase: phaseOf(after),
      commit,
      class: plan.verdict.class,
      ...(before === undefined ? {} : { from: before.instance.digest }),
      ...(after === undefined ? {} : { instance: after.instance.digest }),
      plan: plan.digest,
      bundle: digest,
    },
    privateKey,
  )
  return { bundle: { digest, text: new TextDecoder().decode(bytes), commit, key: state.key }, intent }
}

function phaseOf(after: ResolvedInstance | undefined): Intent['phase'] {
  if (after === undefined) return 'deleting'
  return after.instance.state
}
