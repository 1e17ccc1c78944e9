import type { StyrminDocument } from '../../domain/documents.ts'
import type { Problem, ProblemCode } from '../../domain/problem.ts'
import type { SourceRef } from '../../domain/source.ts'

/** What a problem is about; everything that depends on it is affected. `Deployment` subjects are named by their key. */
export type Subject = `${StyrminDocument['kind']} ${string}`

/** A problem and what it is about. */
export interface Finding {
  readonly problem: Problem
  readonly subjects: readonly Subject[]
}

/** An error about one thing. */
export function errorAbout(
  subject: Subject,
  code: ProblemCode,
  message: string,
  { hint, at }: { readonly hint: string; readonly at: SourceRef },
): Finding {
  return { problem: { code, severity: 'error', message, hint, at }, subjects: [subject] }
}

/** The subject of one version of a driver. */
export function driverSubject(name: string, version: string | undefined): Subject {
  return `ApplicationDriver ${name}@${version ?? '?'}`
}

/** `file:line:col`. */
export function showPlace({ file, line, col }: SourceRef): string {
  return `${file}:${line}:${col}`
}

/** "Did you mean …?", or what there is to choose from. */
export function suggestion(near: string | undefined, known: readonly string[], otherwise: string): string {
  if (near !== undefined) return `Did you mean "${near}"?`
  return known.length === 0 ? otherwise : `${otherwise} Known: ${[...known].sort().join(', ')}.`
}
