import type { Clock } from '../ports/clock.ts'

const FREE_REPAIRS = 3
const FIRST_MS = 1_000
const MAX_MS = 60_000
const CALM_MS = 120_000

/** Keeps a webhook that undoes every repair from making a hot loop: the first few are free, then the pauses double. */
export class RepairPace {
  readonly #clock: Clock
  readonly #repairs = new Map<string, { readonly count: number; readonly atMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How long to wait before the next repair of a deployment; 0 counts as that repair. */
  pauseMs(key: string): number {
    const now = this.#clock.now()
    const last = this.#repairs.get(key)
    const count = last === undefined || now - last.atMs > CALM_MS ? 0 : last.count
    const pause = count < FREE_REPAIRS ? 0 : Math.min(MAX_MS, FIRST_MS * 2 ** (count - FREE_REPAIRS))
    const left = (last?.atMs ?? 0) + pause - now
    if (pause > 0 && left > 0) return left
    this.#repairs.set(key, { count: count + 1, atMs: now })
    return 0
  }
}
