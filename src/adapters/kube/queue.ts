/** How long a key that fails waits: doubling from `firstMs` to `maxMs`, as client-go's per-item limiter. */
export interface BackOff {
  readonly firstMs: number
  readonly maxMs: number
}

/** Why a key is looked at again. */
export type Again =
  | { readonly kind: 'now' }
  | { readonly kind: 'after'; readonly ms: number }
  | { readonly kind: 'retry' }
  | { readonly kind: 'wait' }

/** What a worker is told and what it says: when to look at this key again. */
export type Worker = (key: string, signal: AbortSignal) => Promise<Again>

/** The figures of a queue, under the names controllers use. */
export interface QueueFigures {
  readonly depth: number
  readonly adds: number
  readonly retries: number
}

/**
 * Keys to look at: each at most once at a time, and once more when it was added meanwhile.
 *
 * Order: first in, first out among keys that are due.
 */
export class WorkQueue {
  readonly #backOff: BackOff
  readonly #due: Set<string> = new Set()
  readonly #working: Set<string> = new Set()
  readonly #again: Set<string> = new Set()
  readonly #timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly atMs: number }>()
  readonly #failures = new Map<string, number>()
  #adds = 0
  #retries = 0
  #pump: () => void = () => {}

  constructor(backOff: BackOff) {
    this.#backOff = backOff
  }

  /** Makes a key due now; one that is being worked on comes again afterwards. */
  add(key: string): void {
    this.#adds++
    this.#clearTimer(key)
    if (this.#working.has(key)) this.#again.add(key)
    else this.#due.add(key)
    this.#pump()
  }

  /** Makes a key due later, unless it is due sooner already. */
  addAfter(key: string, ms: number): void {
    if (ms <= 0) return this.add(key)
    const atMs = performance.now() + ms
    const waiting = this.#timers.get(key)
    if (this.#due.has(key) || (waiting !== undefined && waiting.atMs <= atMs)) return
    this.#clearTimer(key)
    const timer = setTimeout(() => {
      this.#timers.delete(key)
      this.add(key)
    }, ms)
    this.#timers.set(key, { timer, atMs })
  }

  /** How often in a row a key has failed. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  figures(): QueueFigures {
    return { depth: this.#due.size, adds: this.#adds, retries: this.#retries }
  }

  /**
   * Works until the signal ends it and all work in hand has come to its end.
   *
   * Errors: none of a worker ends the queue; what it throws counts as `retry`, and it has to say so itself.
   */
  async run(worker: Worker, concurrency: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#pump = () => {
      while (!signal.aborted && this.#working.size < concurrency) {
        const next = this.#due.values().next()
        if (next.done === true) break
        this.#due.delete(next.value)
        this.#working.add(next.value)
        void this.#work(next.value, worker, signal)
      }
      if (signal.aborted && this.#working.size === 0) resolve(undefined)
    }
    signal.addEventListener('abort', () => this.#pump(), { once: true })
    this.#pump()
    await promise
    for (const { timer } of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  async #work(key: string, worker: Worker, signal: AbortSignal): Promise<void> {
    let again: Again = { kind: 'retry' }
    try {
      again = await worker(key, signal)
    } catch {
      again = { kind: 'retry' }
    }
    this.#working.delete(key)
    if (again.kind === 'retry') this.#retry(key)
    else this.#failures.delete(key)
    if (again.kind === 'now' || this.#again.delete(key)) this.add(key)
    else if (again.kind === 'after') this.addAfter(key, again.ms)
    this.#pump()
  }

  #retry(key: string): void {
    const failures = this.failures(key) + 1
    this.#failures.set(key, failures)
    this.#retries++
    const ceiling = Math.min(this.#backOff.maxMs, this.#backOff.firstMs * 2 ** Math.min(failures - 1, 30))
    // Half of it is chance, so that many keys that failed together do not come back together.
    this.addAfter(key, ceiling / 2 + (Math.random() * ceiling) / 2)
  }

  #clearTimer(key: string): void {
    clearTimeout(this.#timers.get(key)?.timer)
    this.#timers.delete(key)
  }
}
