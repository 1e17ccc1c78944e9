// Comes in: what was asked of one deployment and what is seen of it. Goes out: the one thing to do next.
// Never: a clock, a cluster, a second thing; after a move the world is read again.

/** The intent, as far as it decides. */
export interface Asked {
  readonly epoch: number
  /** Whether the key that was pinned has signed it. */
  readonly signed: boolean
  /** What it waits for: deployments of the same environment that are not ready. Sorted. */
  readonly waitsFor: readonly string[]
}

/** The run of the newest plan that was begun. */
export interface SeenRun {
  readonly epoch: number
  readonly ended: boolean
}

/** What the cluster shows of the deployment. */
export interface Seen {
  /** The highest epoch that was acted on; 0 for none. */
  readonly epoch: number
  readonly run?: SeenRun
  /** Whether the end of that run is in the deployment's status. */
  readonly settled: boolean
  /** All its objects were deleted. */
  readonly deleted: boolean
  /** The server knows that it was deleted. */
  readonly reported: boolean
  /** Objects that differ from what was applied and that are to be put right. */
  readonly drifted: boolean
}

export type Move =
  | { readonly kind: 'refuse'; readonly reason: 'BadSignature' | 'OlderEpoch'; readonly message: string }
  | { readonly kind: 'wait-for'; readonly names: readonly string[] }
  | { readonly kind: 'begin-run' }
  | { readonly kind: 'continue-run' }
  | { readonly kind: 'settle-run' }
  | { readonly kind: 'repair' }
  | { readonly kind: 'forget' }
  /** Nothing to do but to keep the status true. */
  | { readonly kind: 'observe' }

/** The agent's whole policy: the first line that holds decides. */
export function chooseMove(asked: Asked, seen: Seen): Move {
  if (!asked.signed) return refuse('BadSignature', 'the spec is not signed by the server that this agent knows')
  if (asked.epoch < seen.epoch) return refuse('OlderEpoch', `epoch ${asked.epoch} is older than ${seen.epoch}`)
  return ofRun(seen) ?? (isNew(asked, seen) ? begin(asked) : ofRest(seen))
}

function ofRun({ run, settled }: Seen): Move | undefined {
  if (run === undefined) return undefined
  if (!run.ended) return { kind: 'continue-run' }
  return settled ? undefined : { kind: 'settle-run' }
}

/** A run that is not there although it was settled was removed by hand; it is not done again for that. */
function isNew(asked: Asked, seen: Seen): boolean {
  return asked.epoch > seen.epoch || (seen.run === undefined && !seen.settled)
}

function ofRest({ deleted, reported, drifted }: Seen): Move {
  if (deleted) return reported ? { kind: 'forget' } : { kind: 'observe' }
  return drifted ? { kind: 'repair' } : { kind: 'observe' }
}

function begin({ waitsFor }: Asked): Move {
  return waitsFor.length === 0 ? { kind: 'begin-run' } : { kind: 'wait-for', names: waitsFor }
}

function refuse(reason: 'BadSignature' | 'OlderEpoch', message: string): Move {
  return { kind: 'refuse', reason, message }
}
