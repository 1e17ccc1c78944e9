import type { CommitStatus } from './store.ts'

/** A forge that shows commit statuses. */
export interface Forge {
  /**
   * Sets one status; the description is cut to 140 characters.
   *
   * Errors: STY411, as UnreachableError when it may be tried again, as SetupError when a person must act.
   */
  setStatus(status: CommitStatus, signal: AbortSignal): Promise<void>
}
