import type { Digest } from '../domain/ids.ts'
import type { DeploymentState, IntendedState } from '../ports/store.ts'

/** Where a deployment stands before the next change: the Instance that the next plan starts from. */
export function baseOf(state: DeploymentState): Digest | undefined {
  const { running, failed, active, desired } = state
  if (running !== undefined) return running.instance
  // After a failure that changed something, going back to the active Instance is a change too.
  if (failed !== undefined && desired === active) return failed.instance ?? active
  return active ?? (desired === undefined ? failed?.instance : undefined)
}

/** Whether a commit that set `desired` as it is leads to a new intent. */
export function needsIntent(state: DeploymentState): boolean {
  const { intended, desired, active, failed } = state
  if (intended !== undefined && intended.state !== 'done') return intended.intent.instance !== desired
  if (desired === undefined) return active !== undefined || failed !== undefined
  return desired !== active
}

/**
 * Whether the newest intent was made for a situation that is no longer there: the run before it ended otherwise than
 * was assumed, or the cluster has seen a higher epoch than this store.
 */
export function needsNewPlan(state: DeploymentState): boolean {
  const { intended, epoch } = state
  const current = intended !== undefined && intended.intent.epoch >= epoch
  return current ? startsElsewhere(state, intended) : epoch > 0 && state.desired !== state.active
}

function startsElsewhere(state: DeploymentState, { state: progress, intent }: IntendedState): boolean {
  if (progress !== 'waiting' || state.running !== undefined || intent.instance !== state.desired) return false
  const base = baseOf(state)
  const nothingToDelete = state.desired === undefined && base === undefined
  return !nothingToDelete && base !== intent.from
}
