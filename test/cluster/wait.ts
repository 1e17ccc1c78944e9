import { setTimeout as sleep } from 'node:timers/promises'

/** How long to wait and how often to look. */
export interface Patience {
  readonly what: string
  readonly timeoutMs?: number
  readonly everyMs?: number
}

/**
 * Looks until there is something to see, and returns it.
 *
 * Errors: rejects with `what` when time is up, with the last error of `look` as cause.
 */
export async function eventually<T>(patience: Patience, look: () => Promise<T | undefined>): Promise<T> {
  const { what, timeoutMs = 25_000, everyMs = 50 } = patience
  const end = Date.now() + timeoutMs
  let cause: unknown
  do {
    try {
      const seen = await look()
      if (seen !== undefined) return seen
    } catch (error) {
      cause = error
    }
    await sleep(everyMs)
  } while (Date.now() < end)
  throw new Error(`not seen in ${timeoutMs} ms: ${what}`, { cause })
}
