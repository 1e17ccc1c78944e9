// In:    flags, environment variables and files, read once.
// Out:   a running agent that SIGTERM or SIGINT ends in good order.
// Never: a decision; everything is in `main.ts`.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { StyrminError } from '../domain/errors.ts'
import { formatProblem } from '../domain/problem.ts'
import type { AgentConfig } from './config.ts'
import { startAgent } from './main.ts'

const USAGE = `usage: process.ts --server URL (--token-file FILE | STYRMIN_TOKEN) [--kubeconfig FILE | --in-cluster]
  [--namespace NAME] [--name NAME] [--log-level LEVEL] [--metrics-port PORT] [--concurrency N]
Each flag can be given as STYRMIN_<FLAG> too, as in STYRMIN_TOKEN_FILE.
`

/** Ends anyway when the work in hand does not end in this time. */
const GRACE_MS = 20_000
const LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

const { values } = parseArgs({
  options: {
    server: { type: 'string' },
    'token-file': { type: 'string' },
    kubeconfig: { type: 'string' },
    'in-cluster': { type: 'boolean' },
    namespace: { type: 'string' },
    name: { type: 'string' },
    'log-level': { type: 'string' },
    'metrics-port': { type: 'string' },
    concurrency: { type: 'string' },
  },
})

const config = readConfig()
if (config === undefined) {
  process.stderr.write(USAGE)
  process.exit(2)
}

const stopping = new AbortController()
try {
  const agent = await startAgent(config, stopping.signal)
  const end = (): void => {
    setTimeout(() => process.exit(1), GRACE_MS).unref()
    void agent.stop().then(() => process.exit(0))
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
} catch (error) {
  process.stderr.write(error instanceof StyrminError ? `${formatProblem(error.toProblem())}\n` : `${String(error)}\n`)
  process.exit(error instanceof StyrminError && error.actor === 'nobody' ? 4 : 2)
}

function readConfig(): AgentConfig | undefined {
  const serverUrl = setting('server')
  const tokenFile = setting('token-file')
  const token =
    process.env['STYRMIN_TOKEN'] ?? (tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim())
  if (serverUrl === undefined || token === undefined) return undefined
  const logLevel = LEVELS.find((level) => level === setting('log-level'))
  return {
    serverUrl,
    token,
    ...given('kubeconfig', setting('kubeconfig')),
    ...given('namespace', setting('namespace')),
    ...given('name', setting('name')),
    ...given('logLevel', logLevel),
    ...given('metricsPort', numberOf(setting('metrics-port'))),
    ...given('concurrency', numberOf(setting('concurrency'))),
    inCluster: values['in-cluster'] === true,
  }
}

function setting(flag: Exclude<keyof typeof values, 'in-cluster'>): string | undefined {
  return values[flag] ?? process.env[`STYRMIN_${flag.replaceAll('-', '_').toUpperCase()}`]
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}

function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V })
}
