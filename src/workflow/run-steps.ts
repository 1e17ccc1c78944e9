// Comes in: a journal and a body that does everything through steps. Goes out: how the run ended.
// Never: Kubernetes; a step whose effect began before it was recorded, or that runs again after its end was.
import { StyrminError } from '../domain/errors.ts'
import { toDigest } from '../domain/ids.ts'
import type { Clock } from '../ports/clock.ts'
import { digestOf } from '../util/digest.ts'
import type { Json, JsonObject } from '../util/json.ts'
import type { Journal, StepRecord } from './journal.ts'
import { randomFrom } from './random.ts'

/** What a step's effect is told. */
export interface EffectInput {
  /** Place in the journal: with the run's name it names what the effect makes, so that a retry finds it again. */
  readonly number: number
  readonly attempt: number
  /** Says what the step waits for. */
  readonly say: (message: string) => void
  readonly signal: AbortSignal
}

/** Idempotent, or guarded by something it can read. Its result must be JSON. */
export type Effect = (input: EffectInput) => Promise<Json>

/** What a body may do. */
export interface Steps {
  /** Runs an effect once and records it; in a replay gives what was recorded, or throws what was. */
  step(name: string, args: JsonObject, effect: Effect): Promise<Json>
  /** Milliseconds since 1970, from the journal: the same in every replay. */
  now(): number
  /** In [0, 1), from the journal's seed: the same in every replay. */
  random(): number
}

/** How a run ended. */
export type Outcome =
  | { readonly kind: 'done' }
  /** The body threw. */
  | { readonly kind: 'failed'; readonly error: unknown }
  /** A replay asked for something that the record does not have there. */
  | { readonly kind: 'differs'; readonly message: string }
  /** It was asked to end, and ended between two steps. */
  | { readonly kind: 'stopped' }

export interface RunOptions {
  readonly journal: Journal
  readonly clock: Clock
  /** Milliseconds since 1970, and any text; both recorded with the run before its first step. */
  readonly startedAtMs: number
  readonly seed: string
  /** Whether a failed effect is tried again later, which leaves the step open; else its end is recorded as failed. */
  readonly isTransient: (error: unknown) => boolean
  /** Asked before each step that is not in the record. */
  readonly shouldStop: () => boolean
  readonly onSay: (record: StepRecord) => void
}

/** A step that failed, as it was recorded. */
export class RecordedFailure extends Error {
  readonly record: StepRecord
  constructor(record: StepRecord) {
    super(record.message)
    this.name = 'RecordedFailure'
    this.record = record
  }
}

/** Thrown by an effect that only waits, when the run is to end here: its step stays open, and the run is `stopped`. */
export class LeaveRun extends Error {}

/** Two steps were in flight at once. */
class TwoAtOnceError extends Error {
  constructor(first: string, second: string) {
    super(`"${second}" was called before "${first}" had answered`)
    this.name = 'TwoAtOnceError'
  }
}

/**
 * Runs a body whose every effect is a recorded step, from the top, as often as it takes.
 *
 * Order:  a step is recorded, then has its effect, then its result is recorded.
 * Errors: throws a transient error of an effect or of the journal: run it again later and it goes on from the record.
 *         Everything else is an Outcome. When the signal ends it, it throws the signal's reason.
 */
export async function runSteps(
  body: (steps: Steps) => Promise<void>,
  options: RunOptions,
  signal: AbortSignal,
): Promise<Outcome> {
  const run = new Run(options, await options.journal.read(signal), signal)
  const ended = body(run).then(
    () => run.end(),
    (error: unknown): Outcome => run.end(error),
  )
  try {
    return await Promise.race([ended, run.left])
  } finally {
    await run.quiet()
  }
}

class Run implements Steps {
  readonly #options: RunOptions
  readonly #signal: AbortSignal
  readonly #records: StepRecord[]
  readonly #random: () => number
  readonly #leave = Promise.withResolvers<Outcome>()
  #next = 0
  #inFlight: string | undefined
  #broken: unknown
  #work: Promise<unknown> = Promise.resolve()
  #now: number

  constructor(options: RunOptions, records: readonly StepRecord[], signal: AbortSignal) {
    this.#options = options
    this.#records = [...records]
    this.#signal = signal
    this.#random = randomFrom(options.seed)
    this.#now = options.startedAtMs
    // Who does not race for it (a body that ended first) must not make it an unhandled rejection.
    this.#leave.promise.catch(() => {})
  }

  /** Settles when the run is left in the middle of its body, which then never goes on. */
  get left(): Promise<Outcome> {
    return this.#leave.promise
  }

  /** Resolves when no effect is under way, also one that the body did not wait for. */
  async quiet(): Promise<void> {
    await this.#work.catch(() => {})
  }

  now(): number {
    return this.#now
  }

  random(): number {
    return this.#random()
  }

  async step(name: string, args: JsonObject, effect: Effect): Promise<Json> {
    if (this.#inFlight !== undefined) {
      this.#broken ??= new TwoAtOnceError(this.#inFlight, name)
      throw this.#broken
    }
    this.#inFlight = name
    try {
      const digest = toDigest(digestOf(args))
      const recorded = this.#records[this.#next]
      if (recorded !== undefined && (recorded.name !== name || recorded.digest !== digest)) {
        return await this.#abandon({ kind: 'differs', message: difference(recorded, name) })
      }
      return await (recorded === undefined || recorded.state === 'running'
        ? this.#perform({ name, digest, attempt: (recorded?.attempt ?? 0) + 1 }, recorded, effect)
        : this.#replay(recorded))
    } finally {
      this.#inFlight = undefined
    }
  }

  /** How the body's own end counts. A body that ended while a step was still in flight did not wait for it. */
  end(error?: unknown): Outcome {
    const broken =
      this.#broken ?? (this.#inFlight === undefined ? undefined : new TwoAtOnceError(this.#inFlight, 'end'))
    if (broken !== undefined) return { kind: 'failed', error: broken }
    if (error !== undefined) return { kind: 'failed', error }
    const rest = this.#records[this.#next]
    return rest === undefined ? { kind: 'done' } : { kind: 'differs', message: difference(rest, undefined) }
  }

  #replay(recorded: StepRecord): Json {
    this.#next++
    this.#advance(recorded)
    if (recorded.state === 'failed') throw new RecordedFailure(recorded)
    return recorded.result ?? null
  }

  async #perform(
    step: Pick<StepRecord, 'name' | 'digest' | 'attempt'>,
    recorded: StepRecord | undefined,
    effect: Effect,
  ): Promise<Json> {
    const { clock, shouldStop } = this.#options
    if (recorded === undefined && shouldStop()) return await this.#abandon({ kind: 'stopped' })
    const startedAt = recorded?.startedAt ?? new Date(clock.now()).toISOString()
    const opened: StepRecord = { ...step, number: this.#next + 1, state: 'running', message: '', startedAt }
    const work = this.#carryOut(opened, effect)
    this.#work = work
    try {
      this.#records[this.#next] = await work
    } catch (error) {
      return await this.#abandon(error)
    }
    return this.#replay(this.#records[this.#next] ?? opened)
  }

  async #carryOut(opened: StepRecord, effect: Effect): Promise<StepRecord> {
    const { journal, clock } = this.#options
    await journal.write(opened, this.#signal)
    const end = await this.#tryEffect(opened, effect)
    const closed = { ...opened, ...end, finishedAt: new Date(clock.now()).toISOString() }
    await journal.write(closed, this.#signal)
    return closed
  }

  /** Errors: throws what is to be tried again, the signal's end included. */
  async #tryEffect(opened: StepRecord, effect: Effect): Promise<Pick<StepRecord, 'state' | 'result' | 'message'>> {
    const { isTransient, onSay } = this.#options
    const say = (message: string): void => onSay({ ...opened, message })
    try {
      const { number, attempt } = opened
      const result = await effect({ number, attempt, say, signal: this.#signal })
      return { state: 'succeeded', result, message: '' }
    } catch (error) {
      if (this.#signal.aborted || error instanceof LeaveRun || isTransient(error)) throw error
      return { state: 'failed', ...describe(error) }
    }
  }

  #advance(recorded: StepRecord): void {
    const finishedAt = recorded.finishedAt === undefined ? Number.NaN : Date.parse(recorded.finishedAt)
    if (Number.isFinite(finishedAt)) this.#now = Math.max(this.#now, finishedAt)
  }

  /** Leaves the body where it is: a transient error must not reach code that could catch it. */
  #abandon(outcome: unknown): Promise<never> {
    if (outcome instanceof LeaveRun) this.#leave.resolve({ kind: 'stopped' })
    else if (isOutcome(outcome)) this.#leave.resolve(outcome)
    else this.#leave.reject(outcome instanceof Error ? outcome : new Error(String(outcome)))
    return new Promise<never>(() => {})
  }
}

function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && 'kind' in value && !(value instanceof Error)
}

function describe(error: unknown): Pick<StepRecord, 'message' | 'code' | 'hint'> {
  if (error instanceof StyrminError) return { message: error.message, code: error.code, hint: error.hint }
  return { message: error instanceof Error ? error.message : String(error) }
}

function difference(recorded: StepRecord, name: string | undefined): string {
  const place = `step ${recorded.number} is recorded as "${recorded.name}"`
  if (name === undefined) return `${place}, but the run ended before it`
  return recorded.name === name ? `${place} with other arguments` : `${place}, but "${name}" came`
}
