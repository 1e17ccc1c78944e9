import { checkPrimeSync, createHash, createHmac } from 'node:crypto'

const SUCCESS = 0
const BAD_FILE = 8
const NOT_SUPPORTED = 52
const REALTIME = 0
const CLOCK_EVENT = 0
const ABSOLUTE = 1
const START_NS = 1_000_000_000n
const TICK_NS = 1_000n
const MAX_STDERR_BYTES = 64 * 1024

/** Thrown out of the module when it ends itself: after it, its memory is of no use. */
class ProcessExit extends Error {
  override readonly name = 'ProcessExit'
}

/**
 * The little of WASI (preview 1) that Go's runtime needs to run a library, and our own two imports for chance.
 *
 * Comes in: the module, once instantiated its memory, and for each render a seed and a clock.
 * Goes out: the imports of the module.
 * Never: files, network, the machine's clock, chance or environment.
 *
 * `node:wasi` is not used because it can open files. The wall clock stands still during a render. The monotonic clock
 * is virtual: it moves by a microsecond a look, and a wait is over at once, so nothing ever blocks.
 */
export class Wasi {
  #memory: WebAssembly.Memory | undefined
  #seed = ''
  #nowMs = 0
  #monotonicNs = START_NS
  #stream = streamOf('', '')
  #stderr = ''

  /** What was written to stdout and stderr since the last `begin`; Go's runtime says there why it ends. */
  get stderr(): string {
    return this.#stderr
  }

  /** Must be called before the module's `_initialize`. */
  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory
  }

  /** Sets chance and clock for one render. */
  begin(seed: string, nowMs: number): void {
    this.#seed = seed
    this.#nowMs = nowMs
    this.#stderr = ''
    this.#stream = streamOf(seed, '')
  }

  /** Every import the module asks for; what is not served here answers "not supported". */
  imports(module: WebAssembly.Module): WebAssembly.Imports {
    const served = this.#served()
    const asked = WebAssembly.Module.imports(module).filter((wanted) => wanted.module === 'wasi_snapshot_preview1')
    const wasi = asked.map(({ name }) => [name, served[name] ?? (() => refusal(name))] as const)
    return {
      wasi_snapshot_preview1: Object.fromEntries(wasi),
      styrmin: { stream: this.#startStream, prime: this.#findPrime },
    }
  }

  #served(): Readonly<Record<string, (...args: never[]) => number>> {
    return {
      // Go's `testing` package, which Helm links, needs a program name.
      args_sizes_get: (count: number, size: number) => this.#writeWords([count, 1], [size, 5]),
      args_get: (list: number, text: number) => this.#writeArgs(list, text),
      environ_sizes_get: (count: number, size: number) => this.#writeWords([count, 0], [size, 0]),
      environ_get: () => SUCCESS,
      clock_time_get: (id: number, _precision: bigint, at: number) => this.#writeTime(id, at),
      random_get: (at: number, size: number) => this.#writeRandom(at, size),
      fd_write: (file: number, vectors: number, count: number, written: number) =>
        file === 1 || file === 2 ? this.#captureOutput(vectors, count, written) : BAD_FILE,
      poll_oneoff: (subscription: number, event: number, _count: number, events: number) =>
        this.#passTime(subscription, event, events),
      sched_yield: () => SUCCESS,
      proc_exit: (code: number) => {
        throw new ProcessExit(`the engine ended itself with code ${code}`)
      },
    }
  }

  #startStream = (at: number, size: number): undefined => {
    this.#stream = streamOf(this.#seed, Buffer.from(this.#bytes(at, size)).toString('utf8'))
  }

  #findPrime = (bits: number, at: number): undefined => {
    const into = this.#bytes(at, bits / 8)
    do {
      this.#stream(into)
      into[0] = (into[0] ?? 0) | 0b1100_0000
      into[into.length - 1] = (into.at(-1) ?? 0) | 1
    } while (!checkPrimeSync(into))
  }

  #writeArgs(list: number, text: number): number {
    this.#bytes(text, 5).set(Buffer.from('helm\0'))
    return this.#writeWords([list, text])
  }

  #writeTime(id: number, at: number): number {
    this.#monotonicNs += TICK_NS
    this.#view().setBigUint64(at, id === REALTIME ? BigInt(this.#nowMs) * 1_000_000n : this.#monotonicNs, true)
    return SUCCESS
  }

  #writeRandom(at: number, size: number): number {
    this.#stream(this.#bytes(at, size))
    return SUCCESS
  }

  #captureOutput(vectors: number, count: number, written: number): number {
    const view = this.#view()
    let total = 0
    for (let index = 0; index < count; index++) {
      const at = view.getUint32(vectors + 8 * index, true)
      const size = view.getUint32(vectors + 8 * index + 4, true)
      total += size
      if (this.#stderr.length < MAX_STDERR_BYTES) this.#stderr += Buffer.from(this.#bytes(at, size)).toString('utf8')
    }
    return this.#writeWords([written, total])
  }

  /** Go waits only for timers: the clock jumps to their end. */
  #passTime(subscription: number, event: number, events: number): number {
    const view = this.#view()
    if (view.getUint8(subscription + 8) !== CLOCK_EVENT) return NOT_SUPPORTED
    const timeout = view.getBigUint64(subscription + 24, true)
    const absolute = (view.getUint16(subscription + 40, true) & ABSOLUTE) !== 0
    if (!absolute) this.#monotonicNs += timeout
    else if (timeout > this.#monotonicNs) this.#monotonicNs = timeout
    this.#bytes(event, 32).fill(0)
    view.setBigUint64(event, view.getBigUint64(subscription, true), true)
    return this.#writeWords([events, 1])
  }

  #writeWords(...words: readonly (readonly [at: number, value: number])[]): number {
    for (const [at, value] of words) this.#view().setUint32(at, value, true)
    return SUCCESS
  }

  #view(): DataView {
    if (this.#memory === undefined) throw new TypeError('the module has no memory yet')
    return new DataView(this.#memory.buffer)
  }

  #bytes(at: number, size: number): Uint8Array {
    if (this.#memory === undefined) throw new TypeError('the module has no memory yet')
    return new Uint8Array(this.#memory.buffer, at, size)
  }
}

function refusal(name: string): number {
  return name.startsWith('fd_') ? BAD_FILE : NOT_SUPPORTED
}

/** Endless bytes that depend on the seed and the name only: block n is SHA-256 of a key made of both, and n. */
function streamOf(seed: string, name: string): (into: Uint8Array) => void {
  const key = createHmac('sha256', seed).update(name).digest()
  let block = new Uint8Array(0)
  let blocks = 0
  return (into) => {
    for (let done = 0; done < into.length; ) {
      if (block.length === 0) block = createHash('sha256').update(key).update(`/${blocks++}`).digest()
      const part = block.subarray(0, into.length - done)
      into.set(part, done)
      block = block.subarray(part.length)
      done += part.length
    }
  }
}
