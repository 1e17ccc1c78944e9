import { visible } from '../util/text.ts'
import type { DeploymentKey } from './ids.ts'
import type { SourceRef } from './source.ts'

/** A permanent, searchable code; retired, never reused. The catalogue is in `domain/codes.ts`. */
export type ProblemCode = `STY${number}`

/** Something a person must know or mend; a plain value that can be stored and sent. */
export interface Problem {
  readonly code: ProblemCode
  readonly severity: 'error' | 'warning'
  /** What happened and why, in the user's words; no secret values. */
  readonly message: string
  /** One imperative sentence: what to do now. */
  readonly hint: string
  readonly at?: SourceRef
  /** The deployments that keep their active Instance because of it, sorted; left out when unknown or none. */
  readonly affects?: readonly DeploymentKey[]
}

/**
 * `file:line:col: error CODE: message` and an indented hint, as editors parse it.
 *
 * Shape:  further lines of a message are indented, and what a terminal would act on is written out, so that no text of
 *         a repository can pass for a line of ours.
 */
export function formatProblem({ at, severity, code, message, hint }: Problem): string {
  const place = at === undefined ? '' : `${visible(at.file)}:${at.line}:${at.col}: `
  return `${place}${severity} ${code}: ${visibleLines(message)}\n  hint: ${visibleLines(hint)}`
}

function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n    ')
}

/** Order of problem lists: file, line, column, code, message. */
export function compareProblems(a: Problem, b: Problem): number {
  const [left, right] = [problemKey(a), problemKey(b)]
  if (left === right) return 0
  return left < right ? -1 : 1
}

function problemKey({ at, code, message }: Problem): string {
  const pad = (n: number): string => String(n).padStart(9, '0')
  return `${at?.file ?? ''}\0${pad(at?.line ?? 0)}\0${pad(at?.col ?? 0)}\0${code}\0${message}`
}
