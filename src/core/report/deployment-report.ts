// Comes in: what the agent has recorded of a deployment and of its newest run. Goes out: what is told to the server.
// Never: anything that is not recorded or seen; a claim of readiness for another Instance than the one named.
import type { Digest } from '../../domain/ids.ts'
import type { Step } from '../../domain/plan.ts'
import type { Problem, ProblemCode } from '../../domain/problem.ts'
import type { DeploymentReport, StepReport } from '../../domain/wire.ts'
import { byText } from '../../util/json.ts'

/** A step as the journal has it. */
export interface RecordedStep {
  readonly name: string
  readonly attempt: number
  readonly state: 'running' | 'succeeded' | 'failed'
  readonly message: string
  readonly code?: ProblemCode
  readonly hint?: string
  readonly startedAt: string
  readonly finishedAt?: string
}

/** What a report is made of. */
export interface ReportInput
  extends Pick<DeploymentReport, 'deployment' | 'epoch' | 'phase' | 'components' | 'drift' | 'observedAt'> {
  readonly active?: Digest
  readonly plan: Digest
  /** The condition Ready, and whether it was said of the newest spec. */
  readonly ready: {
    readonly status: boolean
    readonly current: boolean
    readonly reason: string
    readonly message: string
  }
  /** Steps of the plan; empty when the bundle is not at hand. */
  readonly planned: readonly Step[]
  readonly recorded: readonly RecordedStep[]
  /** What the running step waits for. */
  readonly progress: string
}

const GENERAL: ProblemCode = 'STY510'

/** What is told of one deployment. Order: components by name, steps as they run. */
export function deploymentReport(input: ReportInput): DeploymentReport {
  const { deployment, epoch, active, plan, phase, ready, components, drift, observedAt } = input
  return {
    deployment,
    epoch,
    ...(active === undefined ? {} : { active }),
    plan,
    phase,
    ready: ready.status && ready.current,
    reason: ready.reason,
    message: ready.message,
    components: [...components].sort(byText(({ name }) => name)),
    steps: stepReports(input),
    drift,
    problems: problemsOf(input),
    observedAt,
  }
}

function stepReports({ planned, recorded, progress }: ReportInput): readonly StepReport[] {
  const titles = new Map(planned.map(({ name, title }) => [name, title]))
  const done = new Set(recorded.map(({ name }) => name))
  const told = recorded.map((step) => ({
    name: step.name,
    title: titles.get(step.name) ?? step.name,
    state: step.state,
    attempt: step.attempt,
    message: step.state === 'running' ? progress : step.message,
    startedAt: step.startedAt,
    ...(step.finishedAt === undefined ? {} : { finishedAt: step.finishedAt }),
  }))
  const rest = planned
    .filter(({ name }) => !done.has(name))
    .map(({ name, title }) => ({ name, title, state: 'pending' as const, attempt: 0, message: '' }))
  return [...told, ...rest].map((step, index) => ({ number: index + 1, ...step }))
}

function problemsOf({ phase, ready, recorded }: ReportInput): readonly Problem[] {
  if (phase !== 'failed' && phase !== 'needs-attention') return []
  const failed = recorded.findLast(({ state }) => state === 'failed')
  const hint = failed?.hint ?? 'Push a commit that corrects it, or one that goes back.'
  return [{ code: failed?.code ?? GENERAL, severity: 'error', message: ready.message, hint }]
}
