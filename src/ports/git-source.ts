import type { CommitSha } from '../domain/ids.ts'
import type { SourceTree } from './source-tree.ts'

/** A commit's facts; times in seconds since 1970. */
export interface CommitFacts {
  readonly sha: CommitSha
  readonly parents: readonly CommitSha[]
  readonly subject: string
  readonly body: string
  readonly author: string
  readonly committedAtSeconds: number
}

/** A git repository, objects only, never a work tree. */
export interface GitSource {
  /** Brings the tracked branch up to date. Errors: UnreachableError, SetupError (credentials, no such branch). */
  fetch(signal: AbortSignal): Promise<void>
  /** Head of the tracked branch, `undefined` when the repository has no such branch. */
  head(signal: AbortSignal): Promise<CommitSha | undefined>
  /** First-parent commits after `from` up to and with `to`, oldest first; all of them when `from` is left out; `undefined` when `from` is not an ancestor. */
  walk(
    range: { readonly from?: CommitSha; readonly to: CommitSha },
    signal: AbortSignal,
  ): Promise<readonly CommitFacts[] | undefined>
  resolve(revision: string, signal: AbortSignal): Promise<CommitSha | undefined>
  tree(commit: CommitSha): SourceTree
  /** Text of the note on a commit, `''` without one. */
  readNote(commit: CommitSha, signal: AbortSignal): Promise<string>
  /** Adds lines to the notes of commits and pushes once; merges by union when the remote moved. */
  appendNotes(lines: ReadonlyMap<CommitSha, readonly string[]>, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}
