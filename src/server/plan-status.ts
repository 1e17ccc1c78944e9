import type { CommitSha, Digest } from '../domain/ids.ts'
import type { Plan } from '../domain/plan.ts'
import type { Problem } from '../domain/problem.ts'
import type { CommitStatus } from '../ports/store.ts'

/** The status that says what a commit will do. */
export const PLAN_CONTEXT = 'styrmin/plan'

/** What the plan status is made from. */
export interface PlanFacts {
  readonly sha: CommitSha
  readonly plans: readonly Plan[]
  readonly problems: readonly Problem[]
  readonly digest: Digest
  readonly atMs: number
}

/** The verdict on a commit, in one line: `failure` when something in it is bad. */
export function planStatus({ sha, plans, problems, digest, atMs }: PlanFacts): CommitStatus {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const [first] = errors
  const summary = summaryOf(plans)
  const common = { sha, context: PLAN_CONTEXT, digest, atMs }
  if (first === undefined) return { ...common, state: 'success', description: summary }
  const place = first.at === undefined ? '' : `${first.at.file}:${first.at.line}: `
  const count = errors.length === 1 ? '1 problem' : `${errors.length} problems`
  return { ...common, state: 'failure', description: `${count}: ${place}${first.message}; ${summary}` }
}

function summaryOf(plans: readonly Plan[]): string {
  if (plans.length === 0) return 'nothing to change'
  const counts = new Map<string, number>()
  for (const { verdict } of plans) counts.set(verdict.class, (counts.get(verdict.class) ?? 0) + 1)
  const [only] = plans
  if (plans.length === 1 && only !== undefined) return titleOf(only)
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ')
}

function titleOf({ key, verdict, fromVersion, toVersion }: Plan): string {
  const versions = verdict.class === 'upgrade' || verdict.class === 'downgrade' ? ` ${fromVersion} -> ${toVersion}` : ''
  return `${verdict.class} ${key}${versions}`
}
