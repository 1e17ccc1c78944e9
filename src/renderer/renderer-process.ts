import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { serialize } from 'node:v8'
import type { Chart } from '../domain/driver.ts'
import type { Json } from '../util/json.ts'
import { FrameReader, frameOf } from './frames.ts'
import { type Launch, rendererLaunch } from './launch.ts'
import { type Job, readFromChild, type ToChild } from './protocol.ts'

/** Why a process gave no answer. */
export type EndReason = 'deadline' | 'memory' | 'crash' | 'answer' | 'aborted'

/** A process that gave no answer and is gone. */
export class RendererEnded extends Error {
  override readonly name = 'RendererEnded'
  readonly reason: EndReason

  constructor(reason: EndReason, message: string) {
    super(message)
    this.reason = reason
  }
}

/** What one process may use. */
export interface ProcessLimits {
  readonly deadlineMs: number
  readonly memoryBytes: number
  readonly startMs: number
  readonly answerBytes: number
}

const WATCH_MS = 25
const PAGE_BYTES = 4096
const STDERR_KEPT = 8192
const MAX_CHART_BYTES_SENT = 128 * 1024 * 1024

interface Waiting {
  readonly id: number
  readonly resolve: (answer: Json) => void
  readonly reject: (cause: RendererEnded) => void
  readonly clear: () => void
}

/** One renderer process; does one job at a time. */
export class RendererProcess {
  readonly engineVersion: string
  readonly #child: ChildProcess
  readonly #limits: ProcessLimits
  readonly #sentCharts = new Set<string>()
  #sentBytes = 0
  #jobs = 0
  #waiting: Waiting | undefined
  #ended: RendererEnded | undefined

  private constructor(child: ChildProcess, limits: ProcessLimits, engineVersion: string) {
    this.#child = child
    this.#limits = limits
    this.engineVersion = engineVersion
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** How many jobs it was given. */
  get jobs(): number {
    return this.#jobs
  }

  get alive(): boolean {
    return this.#ended === undefined
  }

  /** Starts a process and waits until it is warm. Errors: RendererEnded. */
  static async start(limits: ProcessLimits, launch: Launch = rendererLaunch()): Promise<RendererProcess> {
    const child = spawn(launch.command, launch.args, {
      env: {},
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      ...launch.user,
    })
    const wire = new Wire(child, limits.answerBytes)
    try {
      const engineVersion = await wire.ready(limits.startMs)
      const process = new RendererProcess(child, limits, engineVersion)
      wire.attach({ message: (text) => process.#receive(text), end: (why) => process.#end(why) })
      return process
    } catch (cause) {
      child.kill('SIGKILL')
      throw cause
    }
  }

  /** Does one job. Errors: RendererEnded, and then the process is gone. */
  async run(job: Job, chart: Chart | undefined, signal: AbortSignal): Promise<Json> {
    if (this.#ended !== undefined) throw this.#ended
    if (this.#waiting !== undefined) throw new RangeError('a renderer process does one job at a time')
    if (signal.aborted) throw new RendererEnded('aborted', 'the request was given up')
    const id = ++this.#jobs
    if (chart !== undefined) this.#sendChart(chart)
    const { promise, resolve, reject } = Promise.withResolvers<Json>()
    this.#waiting = { id, resolve, reject, clear: this.#watch(id, signal) }
    this.#send({ kind: 'job', id, deadlineMs: this.#limits.deadlineMs, job })
    return promise
  }

  /** Kills the process; a job in flight ends with `aborted`. */
  kill(): void {
    this.#end(new RendererEnded('aborted', 'the renderer was closed'))
  }

  #sendChart({ digest, files }: Chart): void {
    if (this.#sentCharts.has(digest)) return
    if (this.#sentBytes > MAX_CHART_BYTES_SENT) {
      this.#send({ kind: 'forget-charts' })
      this.#sentCharts.clear()
      this.#sentBytes = 0
    }
    this.#send({ kind: 'chart', digest, files })
    this.#sentCharts.add(digest)
    this.#sentBytes += files.reduce((sum, { data }) => sum + data.length, 0)
  }

  #send(message: ToChild): void {
    this.#child.stdin?.write(frameOf(serialize(message)))
  }

  #receive(text: string): void {
    const message = readFromChild(text)
    const waiting = this.#waiting
    if (message.kind === 'ready' || waiting?.id !== message.id) throw new TypeError('an answer to nothing')
    if (message.kind === 'failed') return this.#end(new RendererEnded('crash', message.message))
    this.#waiting = undefined
    waiting.clear()
    waiting.resolve(message.answer)
  }

  /** The first reason counts; whatever it is, the process is gone afterwards. */
  #end(why: RendererEnded): void {
    if (this.#ended !== undefined) return
    this.#ended = why
    this.#child.kill('SIGKILL')
    this.#waiting?.clear()
    this.#waiting?.reject(why)
    this.#waiting = undefined
  }

  #watch(id: number, signal: AbortSignal): () => void {
    const { memoryBytes } = this.#limits
    // When our own loop was blocked, the answer may lie in the pipe: it is read before the second look.
    const late = setTimeout(() => setImmediate(() => this.#late(id)), this.#limits.deadlineMs)
    const look = setInterval(() => void this.#checkMemory(memoryBytes), WATCH_MS)
    const abort = (): void => this.#end(new RendererEnded('aborted', 'the request was given up'))
    signal.addEventListener('abort', abort, { once: true })
    return () => {
      clearTimeout(late)
      clearInterval(look)
      signal.removeEventListener('abort', abort)
    }
  }

  #late(id: number): void {
    if (this.#waiting?.id !== id) return
    this.#end(new RendererEnded('deadline', `it took longer than ${this.#limits.deadlineMs} ms`))
  }

  /** Where there is no /proc, V8's own limit is the only one. */
  async #checkMemory(memoryBytes: number): Promise<void> {
    const text = await readFile(`/proc/${this.#child.pid}/statm`, 'utf8').catch(() => '')
    const residentBytes = Number(text.split(' ')[1] ?? 0) * PAGE_BYTES
    if (residentBytes <= memoryBytes || this.#waiting === undefined) return
    this.#end(new RendererEnded('memory', `it used more than ${Math.round(memoryBytes / 2 ** 20)} MiB`))
  }
}

interface Listener {
  readonly message: (text: string) => void
  readonly end: (why: RendererEnded) => void
}

/** The pipes of a child. */
class Wire {
  readonly #first = Promise.withResolvers<string>()
  #stderr = ''
  #listener: Listener

  constructor(child: ChildProcess, answerBytes: number) {
    this.#listener = { message: (text) => this.#first.resolve(text), end: (why) => this.#first.reject(why) }
    const frames = new FrameReader(answerBytes)
    child.stdout?.on('data', (piece: Uint8Array) => this.#data(frames, piece))
    child.stderr?.on('data', (piece: Uint8Array) => {
      this.#stderr = `${this.#stderr}${Buffer.from(piece).toString('utf8')}`.slice(-STDERR_KEPT)
    })
    child.stdin?.on('error', () => {}) // A child that died while it was written to; `close` says so too.
    child.on('error', (cause) =>
      this.#listener.end(new RendererEnded('crash', `it cannot be started: ${cause.message}`)),
    )
    child.on('close', (code, signal) => this.#listener.end(this.#whyClosed(code, signal)))
    this.#first.promise.catch(() => {})
  }

  attach(listener: Listener): void {
    this.#listener = listener
  }

  async ready(startMs: number): Promise<string> {
    const late = setTimeout(() => {
      this.#first.reject(new RendererEnded('deadline', `it did not start within ${startMs} ms`))
    }, startMs)
    try {
      const message = readFromChild(await this.#first.promise)
      if (message.kind !== 'ready') throw new RendererEnded('answer', 'it did not start as a renderer does')
      return message.engineVersion
    } finally {
      clearTimeout(late)
    }
  }

  #data(frames: FrameReader, piece: Uint8Array): void {
    try {
      for (const body of frames.push(piece)) this.#listener.message(Buffer.from(body).toString('utf8'))
    } catch (cause) {
      this.#listener.end(new RendererEnded('answer', cause instanceof Error ? cause.message : 'unknown'))
    }
  }

  #whyClosed(code: number | null, signal: string | null): RendererEnded {
    if (this.#stderr.includes('heap out of memory')) return new RendererEnded('memory', 'it used all of its heap')
    const said = /^\w*Error: .*$/m.exec(this.#stderr)?.[0]
    return new RendererEnded('crash', said ?? `it ended with ${signal ?? `code ${code}`}`)
  }
}
