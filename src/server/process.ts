import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { SetupError, StyrminError } from '../domain/errors.ts'
import { formatProblem } from '../domain/problem.ts'
import { parseConfig } from './config.ts'
import { startServer } from './main.ts'

const BAD_SETUP = 2
const FAILED = 4

/** The server as a process: `node src/server/process.ts --config styrmin.config.yaml`. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string', default: 'styrmin.config.yaml' } } })
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(name)))
  const server = await startServer(
    { logLevel: 'info', ...parseConfig(await textOf(values.config), values.config) },
    stop.signal,
  )
  process.stdout.write(`${JSON.stringify({ url: server.url })}\n`)
  if (!stop.signal.aborted) {
    await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }))
  }
  await server.stop()
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SetupError('STY400', `the configuration ${file} cannot be read`, {
      hint: 'Name it with --config.',
      cause,
    })
  })
}

try {
  await main()
} catch (cause) {
  const text = cause instanceof StyrminError ? formatProblem(cause.toProblem()) : `error: ${String(cause)}`
  process.stderr.write(`${text}\n`)
  process.exitCode = cause instanceof StyrminError && cause.actor === 'operator' ? BAD_SETUP : FAILED
}
