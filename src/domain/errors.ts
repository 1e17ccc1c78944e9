import type { Problem, ProblemCode } from './problem.ts'
import type { SourceRef } from './source.ts'

interface More {
  readonly hint: string
  readonly at?: SourceRef
  readonly cause?: unknown
}

/** Who must act next decides the class; the class decides retry and exit code. */
export abstract class StyrminError extends Error {
  abstract readonly actor: 'author' | 'operator' | 'nobody' | 'maintainer'
  /** Permanent and searchable: a code is retired, never reused. */
  readonly code: ProblemCode
  /** One imperative sentence: what to do now. */
  readonly hint: string
  readonly at: SourceRef | undefined

  constructor(code: ProblemCode, message: string, more: More) {
    super(message, { cause: more.cause })
    this.name = new.target.name
    this.code = code
    this.hint = more.hint
    this.at = more.at
  }

  /** What leaves the process: never the stack, never the cause. */
  toProblem(): Problem {
    const { code, message, hint, at } = this
    return { code, severity: 'error', message, hint, ...(at === undefined ? {} : { at }) }
  }
}

/** A file in git or a command's argument is wrong. Retrying is useless until it changes. */
export class InputError extends StyrminError {
  override readonly actor = 'author'
}

/** The cluster, the server or an account is set up wrong. Retry slowly; a person must act. */
export class SetupError extends StyrminError {
  override readonly actor = 'operator'
}

/** Something outside did not answer. Retry with back-off; no one needs to act. */
export class UnreachableError extends StyrminError {
  override readonly actor = 'nobody'
}

/** We are wrong. Stop this instance, keep the others running. */
export class BugError extends StyrminError {
  override readonly actor = 'maintainer'
}
