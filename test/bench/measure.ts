import { spawn } from 'node:child_process'
import { loadavg } from 'node:os'
import type { JsonObject } from '../../src/util/json.ts'

/** One measurement: says what it does on the way, returns figures with their units in the names. */
export type Bench = (say: (line: string) => void) => Promise<JsonObject>

/** Milliseconds that a call took, with its result. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly result: T }> {
  const started = performance.now()
  const result = await work()
  return { ms: performance.now() - started, result }
}

/** The value below which a share of the sorted samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** The middle sample. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5)
}

/** All samples together. */
export function sum(samples: readonly number[]): number {
  return samples.reduce((total, sample) => total + sample, 0)
}

/** How busy the machine is: processes that want a core, in the mean of the last minute. */
export function loadAverage(): number {
  return round(loadavg()[0] ?? Number.NaN)
}

/** Two digits after the point are enough for a figure. */
export function round(value: number): number {
  return Math.round(value * 100) / 100
}

/** Runs a program to its end; its stdout. Errors: with the exit code and the end of stderr. */
export function runProgram(command: string, args: readonly string[], cwd?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) })
    const out: Buffer[] = []
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => {
      err = (err + chunk.toString()).slice(-2_000)
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString())
      else reject(new Error(`${command} ended with ${code}: ${err}`))
    })
  })
}
