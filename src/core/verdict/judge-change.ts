// Comes in: two Instances and what differs between them. Goes out: the class of the change, with rule and evidence.
// Never: a step; what a class leads to is `core/plan`.
import type { Instance } from '../../domain/instance.ts'
import type { ChangeClass, InstanceDiff, Verdict } from '../../domain/plan.ts'
import { RULES } from './rules.ts'

/** What the rules look at; one of the two Instances is always there. */
export interface ChangeFacts {
  readonly before?: Instance
  readonly after?: Instance
  readonly diff: InstanceDiff
  /** Whether a deletion takes the volumes too. */
  readonly deleteData: boolean
}

/** One row of the table: it decides when it finds evidence. */
export interface Rule {
  readonly name: string
  readonly class: ChangeClass
  readonly find: (facts: ChangeFacts) => readonly string[] | undefined
}

const MAX_EVIDENCE = 12

/**
 * Says what kind of change this is: the first rule of the table that finds evidence.
 *
 * Order:  the table goes from the most to the least dangerous class, so a change that is two things is the worse one.
 * Errors: none; the last rule always decides.
 */
export function judgeChange(facts: ChangeFacts): Verdict {
  for (const rule of RULES) {
    const evidence = rule.find(facts)
    if (evidence !== undefined) return { class: rule.class, rule: rule.name, evidence: shortened(evidence) }
  }
  return { class: 'none', rule: 'nothing-differs', evidence: [] }
}

function shortened(evidence: readonly string[]): readonly string[] {
  if (evidence.length <= MAX_EVIDENCE) return evidence
  return [...evidence.slice(0, MAX_EVIDENCE - 1), `and ${evidence.length - MAX_EVIDENCE + 1} more`]
}
