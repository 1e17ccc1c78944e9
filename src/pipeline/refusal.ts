import { lostClaims } from '../core/verdict/immutable-fields.ts'
import type { ResolvedInstance } from '../domain/instance.ts'
import type { InstanceDiff, Verdict } from '../domain/plan.ts'
import type { Problem } from '../domain/problem.ts'

/** A change and the others of the same commit. */
export interface JudgedChange {
  readonly before?: ResolvedInstance
  readonly after?: ResolvedInstance
  readonly verdict: Verdict
  readonly diff: InstanceDiff
  readonly others: readonly { readonly before?: ResolvedInstance; readonly after?: ResolvedInstance }[]
}

/** Why a change is not planned at all; `undefined` when it may be. */
export function refusal(change: JudgedChange): Problem | undefined {
  return refusedMove(change) ?? refusedRename(change) ?? refusedDowngrade(change) ?? refusedLoss(change)
}

function refused({ before, after }: JudgedChange, message: string, hint: string): Problem {
  const at = (after ?? before)?.at
  return { code: 'STY260', severity: 'error', message, hint, ...(at === undefined ? {} : { at }) }
}

function refusedMove(change: JudgedChange): Problem | undefined {
  if (change.verdict.class !== 'move') return undefined
  const evidence = change.verdict.evidence.join(', ')
  return refused(
    change,
    `volumes cannot follow to another place (${evidence})`,
    'Undo the change of place, or declare a new deployment there and remove this one.',
  )
}

/** One id in two deployments of a commit: a document got another name, and its volumes would stay behind. */
function refusedRename(change: JudgedChange): Problem | undefined {
  const { before, after, others } = change
  if (before !== undefined && after !== undefined) return undefined
  const id = (after ?? before)?.instance.id
  const other = others.find((one) => (after === undefined ? one.after : one.before)?.instance.id === id)
  const both = other?.before === undefined || other.after === undefined
  if (other === undefined || !both) return undefined
  return refused(change, 'a rename is not carried out yet: volumes belong to the old name', 'Undo the rename.')
}

function refusedDowngrade(change: JudgedChange): Problem | undefined {
  const { verdict, after } = change
  if (verdict.class !== 'downgrade' || after === undefined || after.downgrade === 'supported') return undefined
  return refused(
    change,
    `the driver ${after.instance.driver.name} does not go back to an older version (${verdict.evidence[0] ?? ''})`,
    'Write the version that runs, or restore a backup of the older one.',
  )
}

function refusedLoss(change: JudgedChange): Problem | undefined {
  const names = lostClaims(change.diff.objects).map(({ name }) => name)
  if (names.length === 0) return undefined
  return refused(
    change,
    `the volume claim ${names.join(', ')} cannot be changed in place, and making it anew would lose its data`,
    'Undo the change of the claim, or give the new one another name.',
  )
}
