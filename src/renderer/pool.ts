import type { Chart } from '../domain/driver.ts'
import type { Json } from '../util/json.ts'
import type { Job } from './protocol.ts'
import { RendererEnded, type RendererProcess } from './renderer-process.ts'

/** A job with what is needed to send and to believe it. */
export interface Order<T> {
  readonly job: Job
  readonly chart?: Chart
  /** Errors: TypeError for an answer of the wrong shape. */
  readonly read: (answer: Json) => T
}

/**
 * Renderer processes of one level of trust.
 *
 * A process that gave no answer is replaced. When it crashed or was full and had done other jobs before, one of them
 * may be at fault, so the order is tried once more on a new process; a process that was new settles it.
 */
export class Pool {
  readonly #size: number
  readonly #start: () => Promise<RendererProcess>
  readonly #idle: RendererProcess[] = []
  readonly #all = new Set<RendererProcess>()
  readonly #queue: (() => void)[] = []
  #busy = 0
  #closed = false

  constructor(size: number, start: () => Promise<RendererProcess>, first: readonly RendererProcess[] = []) {
    this.#size = size
    this.#start = start
    for (const process of first) this.#all.add(process)
    this.#idle.push(...first)
  }

  /** Ids of the processes that are there now. */
  get pids(): readonly number[] {
    return [...this.#all].flatMap(({ pid, alive }) => (alive && pid !== undefined ? [pid] : []))
  }

  /** Does one order. Errors: RendererEnded; the signal's reason when it was given up. */
  async run<T>(order: Order<T>, signal: AbortSignal): Promise<T> {
    try {
      await this.#turn(signal)
      return await this.#twice(order, signal)
    } catch (cause) {
      if (signal.aborted) throw signal.reason
      throw cause
    } finally {
      this.#busy--
      this.#queue.shift()?.()
    }
  }

  /** Kills all processes; orders in flight end as given up. */
  close(): void {
    this.#closed = true
    for (const process of this.#all) process.kill()
    this.#all.clear()
    this.#idle.length = 0
    for (const wake of this.#queue.splice(0)) wake()
  }

  async #turn(signal: AbortSignal): Promise<void> {
    while (this.#busy >= this.#size && !this.#closed) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#queue.push(resolve)
      await promise
    }
    this.#busy++
    if (this.#closed) throw new RendererEnded('aborted', 'the renderer was closed')
    signal.throwIfAborted()
  }

  async #twice<T>(order: Order<T>, signal: AbortSignal): Promise<T> {
    const process = await this.#process()
    const settled = process.jobs === 0
    try {
      return await this.#once(process, order, signal)
    } catch (cause) {
      if (settled || signal.aborted || this.#closed || !mayBeOthersFault(cause)) throw cause
      return await this.#once(await this.#fresh(), order, signal)
    }
  }

  async #once<T>(process: RendererProcess, { job, chart, read }: Order<T>, signal: AbortSignal): Promise<T> {
    try {
      const answer = readOrEnd(read, await process.run(job, chart, signal))
      this.#idle.push(process)
      return answer
    } catch (cause) {
      process.kill()
      this.#all.delete(process)
      throw cause
    }
  }

  async #process(): Promise<RendererProcess> {
    for (let process = this.#idle.pop(); process !== undefined; process = this.#idle.pop()) {
      if (process.alive) return process
      this.#all.delete(process)
    }
    return this.#fresh()
  }

  async #fresh(): Promise<RendererProcess> {
    const process = await this.#start()
    if (this.#closed) {
      process.kill()
      throw new RendererEnded('aborted', 'the renderer was closed')
    }
    this.#all.add(process)
    return process
  }
}

/** Memory and crashes can come from what was done before; time is counted for each job alone. */
function mayBeOthersFault(cause: unknown): boolean {
  return cause instanceof RendererEnded && (cause.reason === 'memory' || cause.reason === 'crash')
}

function readOrEnd<T>(read: (answer: Json) => T, answer: Json): T {
  try {
    return read(answer)
  } catch (cause) {
    throw new RendererEnded('answer', cause instanceof Error ? cause.message : 'unknown')
  }
}
