import { setTimeout as delay } from 'node:timers/promises'
import { SetupError, StyrminError } from '../domain/errors.ts'
import type { CommitSha } from '../domain/ids.ts'
import type { Forge } from '../ports/forge.ts'
import type { CommitStatus } from '../ports/store.ts'
import type { ServerTools } from './tools.ts'
import type { TroubleSource } from './state.ts'

/** Sends one batch; gives how much it sent. */
export type SendBatch = (signal: AbortSignal) => Promise<number>

export interface SenderOptions {
  readonly channel: Extract<TroubleSource, 'notes' | 'forge'>
  /** Least time between two batches. */
  readonly minIntervalMs: number
  readonly maxBackoffMs: number
}

const FIRST_BACKOFF_MS = 500
/** How long the last batch may take when the server stops. */
const LAST_BATCH_MS = 5_000
const NOTES_AT_ONCE = 2_000
const STATUSES_AT_ONCE = 50

/**
 * Sends what is in the outbox until the signal, and once more when it ends.
 *
 * Shape: what fails stays in the outbox and is tried again with growing waits; nothing else waits for it.
 */
export async function runSender(
  send: SendBatch,
  options: SenderOptions,
  tools: ServerTools,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0
  let wake = (): void => undefined
  const stop = tools.state.listen(() => wake())
  while (!signal.aborted) {
    const changed = new Promise<void>((resolve) => {
      wake = resolve
    })
    const sent = await attempt(send, options, tools, signal)
    failures = sent === undefined ? failures + 1 : 0
    await pause(failures === 0 ? options.minIntervalMs : backoff(failures, options), signal)
    if (sent === 0) await Promise.race([changed, aborted(signal)])
  }
  stop()
  await attempt(send, options, tools, AbortSignal.timeout(LAST_BATCH_MS))
}

async function attempt(
  send: SendBatch,
  { channel }: SenderOptions,
  { state, metrics, log }: ServerTools,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const sent = await send(signal)
    state.setTrouble(channel, [])
    if (sent > 0) metrics.outbox.inc({ channel, result: 'ok' }, sent)
    return sent
  } catch (cause) {
    if (signal.aborted) return undefined
    metrics.outbox.inc({ channel, result: 'failed' })
    log.warn({ err: cause, channel }, 'sending failed')
    if (cause instanceof StyrminError) state.setTrouble(channel, [{ ...cause.toProblem(), severity: 'warning' }])
    return undefined
  }
}

function backoff(failures: number, { maxBackoffMs }: SenderOptions): number {
  return Math.min(maxBackoffMs, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 20))
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Appends the lines that are waiting to the notes, all in one push. */
export function notesBatch({ store, git }: Pick<ServerTools, 'store' | 'git'>): SendBatch {
  return async (signal) => {
    const waiting = await store.outbox.unsentNotes(NOTES_AT_ONCE)
    if (waiting.length === 0) return 0
    const lines = new Map<CommitSha, string[]>()
    for (const { sha, line } of waiting) lines.set(sha, [...(lines.get(sha) ?? []), line])
    await git.appendNotes(lines, signal)
    await store.outbox.notesSent(waiting.map(({ id }) => id))
    return waiting.length
  }
}

/**
 * Sends the newest status of each context; what was overtaken in between is sent again.
 *
 * Shape:  what the forge refused is passed over until nothing else waits, then tried again.
 * Errors: the first refusal, after all others of the batch were sent; UnreachableError at once.
 */
export function statusBatch({ store }: Pick<ServerTools, 'store'>, forge: Forge): SendBatch {
  const refused = new Map<string, SetupError>()
  return async (signal) => {
    const waiting = await store.outbox.unsentStatuses(STATUSES_AT_ONCE + refused.size)
    if (waiting.every((status) => refused.has(idOf(status)))) refused.clear()
    const batch = waiting.filter((status) => !refused.has(idOf(status))).slice(0, STATUSES_AT_ONCE)
    for (const status of batch) {
      const refusal = await refusalOf(forge.setStatus(status, signal))
      if (refusal === undefined) await store.outbox.statusSent(status)
      else refused.set(idOf(status), refusal)
    }
    for (const refusal of refused.values()) throw refusal
    return batch.length
  }
}

function idOf({ sha, context, state, description, atMs }: CommitStatus): string {
  return JSON.stringify([sha, context, state, description, atMs])
}

async function refusalOf(sending: Promise<void>): Promise<SetupError | undefined> {
  try {
    await sending
    return undefined
  } catch (cause) {
    if (cause instanceof SetupError) return cause
    throw cause
  }
}
