// In:    what a pull request's author can write: templates, contexts, charts, actions
// Out:   values, manifests and rehearsed steps, evaluated in processes without rights
// Never: evaluates any of it here; a process that oversteps is killed, and only its own request fails
import { availableParallelism } from 'node:os'
import type { Chart } from '../domain/driver.ts'
import { InputError } from '../domain/errors.ts'
import type { Problem } from '../domain/problem.ts'
import type { GeneratedValues } from '../domain/wire.ts'
import type { RehearsalRequest, RenderAnswer, Renderer, RenderRequest } from '../ports/renderer.ts'
import { Pool } from './pool.ts'
import {
  type ChartlessRequest,
  readGeneratedValues,
  readRehearsal,
  readRenderAnswer,
  type RehearsalAnswer,
} from './protocol.ts'
import { type EndReason, type ProcessLimits, RendererEnded, RendererProcess } from './renderer-process.ts'
import type { RendererCode } from './template/codes.ts'
import { problemAt } from './template/fault.ts'

/** How many processes there are and what each may use; everything has a default. */
export interface RendererOptions {
  /** Processes for trusted requests; two, or one on a single core. */
  readonly size?: number
  /** Warm processes kept ready for untrusted heads; 0 where there are none. */
  readonly spares?: number
  readonly limits?: Partial<ProcessLimits>
}

/** Renderers by level of trust; they never share a process. */
export interface Renderers {
  readonly trusted: Renderer
  /** A renderer for one untrusted head: its processes have seen nothing else and are killed when it is closed. */
  untrusted(): Renderer
  /** Ids of the processes of `trusted` and of the spares. */
  pids(): readonly number[]
  close(): Promise<void>
}

const LIMITS: ProcessLimits = {
  deadlineMs: 10_000,
  memoryBytes: 1024 ** 3,
  startMs: 60_000,
  answerBytes: 64 * 1024 ** 2,
}

/** Starts renderer processes. Errors: RendererEnded when the first one does not start. */
export async function openRenderers(options: RendererOptions = {}): Promise<Renderers> {
  const limits = { ...LIMITS, ...options.limits }
  const start = (): Promise<RendererProcess> => RendererProcess.start(limits)
  const first = await start()
  const spares = new Spares(options.spares ?? 0, start)
  const size = options.size ?? Math.min(2, availableParallelism())
  const pool = new Pool(size, start, [first])
  const pools = new Set([pool])
  const { engineVersion } = first
  return {
    trusted: new PooledRenderer(pool, engineVersion),
    untrusted: () => {
      const own = new Pool(1, () => spares.take())
      pools.add(own)
      return new PooledRenderer(own, engineVersion, () => pools.delete(own))
    },
    pids: () => [...pool.pids, ...spares.pids],
    close: () => {
      for (const one of pools) one.close()
      return spares.close()
    },
  }
}

/** Processes that are warm and have done nothing yet. */
class Spares {
  readonly #start: () => Promise<RendererProcess>
  readonly #count: number
  #warm: Promise<RendererProcess>[] = []
  #pids: number[] = []

  constructor(count: number, start: () => Promise<RendererProcess>) {
    this.#count = count
    this.#start = start
    this.#refill()
  }

  get pids(): readonly number[] {
    return this.#pids
  }

  async take(): Promise<RendererProcess> {
    const process = await this.#warm.shift()
    this.#pids = this.#pids.filter((pid) => pid !== process?.pid)
    this.#refill()
    return process?.alive === true ? process : this.#start()
  }

  async close(): Promise<void> {
    const warm = this.#warm
    this.#warm = []
    for (const process of await Promise.allSettled(warm)) {
      if (process.status === 'fulfilled') process.value.kill()
    }
  }

  #refill(): void {
    while (this.#warm.length < this.#count) {
      const started = this.#start()
      started.then(({ pid }) => pid !== undefined && this.#pids.push(pid)).catch(() => {})
      this.#warm.push(started)
    }
  }
}

class PooledRenderer implements Renderer {
  readonly engineVersion: string
  readonly #pool: Pool
  readonly #onClose: () => void

  constructor(pool: Pool, engineVersion: string, onClose: () => void = () => {}) {
    this.#pool = pool
    this.#onClose = onClose
    this.engineVersion = engineVersion
  }

  async render(request: RenderRequest, signal: AbortSignal): Promise<RenderAnswer> {
    const { chart, chartless } = withoutChart(request)
    try {
      const job = { kind: 'render', request: chartless } as const
      return await this.#pool.run({ job, chart, read: readRenderAnswer }, signal)
    } catch (cause) {
      return { values: {}, manifests: [], text: '', problems: [endProblem(cause, request.template?.file)] }
    }
  }

  /** Errors: InputError with the code of the renderer's end. */
  async fill(request: RenderRequest, key: Uint8Array, signal: AbortSignal): Promise<GeneratedValues> {
    const { chart, chartless } = withoutChart(request)
    try {
      const job = { kind: 'fill', request: chartless, key } as const
      return await this.#pool.run({ job, chart, read: readGeneratedValues }, signal)
    } catch (cause) {
      const { code, message, hint } = endProblem(cause, undefined)
      throw new InputError(code, message, { hint, cause })
    }
  }

  async rehearse(request: RehearsalRequest, signal: AbortSignal): Promise<RehearsalAnswer> {
    try {
      const job = { kind: 'rehearse', request } as const
      return await this.#pool.run({ job, read: readRehearsal }, signal)
    } catch (cause) {
      return { calls: [], problems: [endProblem(cause, request.action.entry.file)] }
    }
  }

  async close(): Promise<void> {
    this.#pool.close()
    this.#onClose()
  }
}

function withoutChart({ chart, ...rest }: RenderRequest): {
  readonly chart: Chart
  readonly chartless: ChartlessRequest
} {
  return { chart, chartless: { ...rest, chartDigest: chart.digest } }
}

const CODES: Readonly<Record<Exclude<EndReason, 'aborted'>, RendererCode>> = {
  deadline: 'deadline',
  memory: 'memory',
  crash: 'crash',
  answer: 'answer',
}

/** What is said of a request whose process ended. Errors: throws on what is not such an end. */
function endProblem(cause: unknown, file: string | undefined): Problem {
  if (!(cause instanceof RendererEnded) || cause.reason === 'aborted') throw cause
  const text = {
    message: `rendering was stopped: ${cause.message}`,
    hint: 'Look for endless loops and very large lists in the template, the chart and the actions.',
  }
  return problemAt(CODES[cause.reason], text, file === undefined ? undefined : { file, line: 1, col: 1 })
}
