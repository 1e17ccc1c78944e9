import type { Digest } from '../domain/ids.ts'
import type { ProblemCode } from '../domain/problem.ts'
import type { Json } from '../util/json.ts'

/** What is recorded of one step of a run. */
export interface StepRecord {
  /** Place in the journal, from 1. */
  readonly number: number
  readonly name: string
  /** Of the arguments, so that a replay that asks for something else is seen. */
  readonly digest: Digest
  /** 1 for the first try. */
  readonly attempt: number
  /** `running` until its end is recorded: it may or may not have had its effect. */
  readonly state: 'running' | 'succeeded' | 'failed'
  /** Of a step that succeeded. */
  readonly result?: Json
  /** Of a step that failed, or what a running step waits for. */
  readonly message: string
  /** Of a step that failed with an error of ours. */
  readonly code?: ProblemCode
  readonly hint?: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly finishedAt?: string
}

/** Where the record of one run is kept. */
export interface Journal {
  /** All records, by number. */
  read(signal: AbortSignal): Promise<readonly StepRecord[]>
  /** Adds a record or replaces the one of its number; durable when it resolves. Errors: whatever keeps it from being durable. */
  write(record: StepRecord, signal: AbortSignal): Promise<void>
}
