import { type Json, objectAt, textAt } from '../../util/json.ts'
import { readOutput } from './helm-output.ts'
import type { HelmInput, HelmOutput } from './helm-types.ts'
import { Wasi } from './wasi.ts'

/**
 * Helm's own engine in WebAssembly, kept warm.
 *
 * Comes in: the artefact (`readArtefact`), then charts and values.
 * Goes out: what `helm template` of that version makes of them, as data.
 * Never: a file, a socket, the machine's clock or chance.
 *
 * Trap: Helm ends a template that includes itself after a thousand levels. With V8's default stack the engine dies at
 * about eight hundred; a process started with `--stack-size=2000` (kB) gets Helm's error instead.
 */
export interface HelmEngine {
  /** `helm.sh/helm/v4@v4.x.y`. */
  readonly version: string
  /**
   * Renders once; same input, same bytes, whatever was rendered before.
   *
   * Errors: EngineCrashed when the engine is dead. What Helm says about the chart or the values is an output.
   */
  render(input: HelmInput): HelmOutput
}

/** The engine ended (memory, stack, its own fault): every further call fails too, so the process must be replaced. */
export class EngineCrashed extends Error {
  override readonly name = 'EngineCrashed'
}

interface Exports {
  readonly memory: WebAssembly.Memory
  readonly _initialize: () => void
  readonly buffer: (size: number) => number
  readonly version: () => bigint
  readonly load_chart: () => bigint
  readonly render: () => bigint
}

/** Starts an engine. A compiled module may be given instead of bytes. */
export async function openHelmEngine(wasm: Uint8Array | WebAssembly.Module): Promise<HelmEngine> {
  const module = wasm instanceof WebAssembly.Module ? wasm : await WebAssembly.compile(Uint8Array.from(wasm))
  const wasi = new Wasi()
  const { exports } = await WebAssembly.instantiate(module, wasi.imports(module))
  return new WarmEngine(checkExports(exports), wasi)
}

class WarmEngine implements HelmEngine {
  readonly version: string
  readonly #exports: Exports
  readonly #wasi: Wasi
  #dead: EngineCrashed | undefined

  constructor(exports: Exports, wasi: Wasi) {
    this.#exports = exports
    this.#wasi = wasi
    wasi.attach(exports.memory)
    this.#alive(() => exports._initialize())
    this.version = textAt(this.#call('version'), 'result') ?? ''
  }

  render(input: HelmInput): HelmOutput {
    const { chartDigest, values, release, capabilities } = input
    const ask = Buffer.from(JSON.stringify({ chartDigest, values, release, capabilities }))
    const reply = this.#begin(input).#call('render', ask)
    if (objectAt(reply, 'result')['chartMissing'] !== true) return readOutput(reply)
    const loaded = this.#begin(input).#call('load_chart', packChart(input))
    if (textAt(loaded, 'error') !== undefined) return readOutput(loaded)
    return readOutput(this.#begin(input).#call('render', ask))
  }

  #begin({ seed, nowMs }: HelmInput): this {
    this.#wasi.begin(seed, nowMs)
    return this
  }

  #call(name: 'version' | 'load_chart' | 'render', argument: Uint8Array = new Uint8Array(0)): Json {
    const { memory, buffer, [name]: call } = this.#exports
    return this.#alive(() => {
      const at = buffer(argument.length) >>> 0
      new Uint8Array(memory.buffer, at, argument.length).set(argument)
      const reply = BigInt.asUintN(64, call())
      const text = Buffer.from(memory.buffer, Number(reply >> 32n), Number(reply & 0xffff_ffffn)).toString('utf8')
      return JSON.parse(text) as Json
    })
  }

  /** Whatever is thrown out of the module leaves its memory in an unknown state. */
  #alive<T>(call: () => T): T {
    if (this.#dead !== undefined) throw this.#dead
    try {
      return call()
    } catch (cause) {
      const said = this.#wasi.stderr.split('\n', 1)[0] ?? ''
      this.#dead = new EngineCrashed(`the Helm engine ended: ${said === '' ? String(cause) : said}`, { cause })
      throw this.#dead
    }
  }
}

function checkExports(exports: WebAssembly.Exports): Exports {
  const wanted = ['memory', '_initialize', 'buffer', 'version', 'load_chart', 'render']
  const missing = wanted.filter((name) => exports[name] === undefined)
  if (missing.length > 0) throw new TypeError(`not the Helm engine: no ${missing.join(', ')}`)
  return exports as unknown as Exports
}

/** A length, a JSON head, and the bytes of all files. Errors: TypeError for a path that leaves the chart (our bug). */
function packChart({ chartDigest, chart }: HelmInput): Uint8Array {
  const bad = chart.find(({ path }) => path === '' || path.split('/').some((part) => ['', '.', '..'].includes(part)))
  if (bad !== undefined) throw new TypeError(`not a path within a chart: ${JSON.stringify(bad.path)}`)
  const files = chart.map(({ path, data }) => ({ path, size: data.length }))
  const head = Buffer.from(JSON.stringify({ digest: chartDigest, files }))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(head.length)
  return Buffer.concat([size, head, ...chart.map(({ data }) => data)])
}
