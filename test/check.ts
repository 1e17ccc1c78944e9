/** `npm run check`: types, lint, format, unused code and the architecture test; all of them run, the first failure decides the exit code. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const bin = join(import.meta.dirname, '../node_modules/.bin')

const CHECKS = [
  ['types', 'tsc', '--noEmit'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'biome', 'format', '--max-diagnostics=50'],
  ['unused', 'knip', '--no-progress'],
  ['architecture', 'vitest', 'run', 'test/architecture.test.ts', '--reporter=dot'],
] as const

interface Outcome {
  readonly name: string
  readonly code: number
  readonly output: string
  readonly seconds: number
}

const outcomes = await Promise.all(CHECKS.map(([name, command, ...args]) => run(name, command, args)))
for (const { name, code, output, seconds } of outcomes) {
  process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds.toFixed(1)} s)\n`)
  if (code !== 0) process.stdout.write(`${output}\n`)
}
process.exitCode = outcomes.some(({ code }) => code !== 0) ? 1 : 0

function run(name: string, command: string, args: readonly string[]): Promise<Outcome> {
  const started = performance.now()
  return new Promise((resolve) => {
    const child = spawn(join(bin, command), args, { env: { ...process.env, PATH: `${bin}:${process.env['PATH']}` } })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('close', (code) => {
      resolve({
        name,
        code: code ?? 1,
        output: Buffer.concat(chunks).toString(),
        seconds: (performance.now() - started) / 1000,
      })
    })
  })
}
