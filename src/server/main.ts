// In:    a configuration.
// Out:   a running server: it follows the repository, answers agents and readers, and tells forges.
// Never: a decision; this file only wires.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { type Logger, pino } from 'pino'
import packageJson from '../../package.json' with { type: 'json' }
import { watchRefs } from '../adapters/files/watch-refs.ts'
import { openForge } from '../adapters/forge/commit-statuses.ts'
import type { GitCredential } from '../adapters/git/http-client.ts'
import { localGitFolder, openGitSource } from '../adapters/git/git-source.ts'
import { openStore } from '../adapters/store/sqlite-store.ts'
import { SetupError } from '../domain/errors.ts'
import { createResolveCache } from '../pipeline/resolve-cache.ts'
import { openRenderers } from '../renderer/open-renderers.ts'
import { replan } from './absorb.ts'
import type { ServerConfig } from './config.ts'
import { createGraphql } from './graphql/handler.ts'
import { createApp } from './http/app.ts'
import { createJournal } from './journal.ts'
import { loadSigningKey } from './keys.ts'
import { createMetrics } from './metrics.ts'
import { notesBatch, runSender, statusBatch } from './outbox.ts'
import { createState } from './state.ts'
import { createSync } from './sync.ts'
import { needsNewPlan } from './targets.ts'
import type { ServerTools } from './tools.ts'

/** A server that runs. */
export interface RunningServer {
  readonly url: string
  /** Ends long-polls, lets what is under way finish, and closes the store. */
  stop(): Promise<void>
}

const POLL_SECONDS = 30
/** A range longer than this is resolved from its end. */
const DEPTH = 50
const WATCH_DEBOUNCE_MS = 50
const NOTES_INTERVAL_MS = 5_000
const MAX_BACKOFF_MS = 5 * 60_000
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

/**
 * Starts a server; it answers when this resolves, the first commit may still be on its way.
 *
 * Errors: SetupError STY400, STY403 to STY405, STY408, STY409, STY413, STY418.
 */
export async function startServer(config: ServerConfig, signal: AbortSignal): Promise<RunningServer> {
  if (config.auth === undefined && !LOOPBACK.has(config.listen.host)) {
    throw new SetupError('STY413', `without auth the server does not listen on ${config.listen.host}`, {
      hint: 'Set `auth.tokens`, or listen on 127.0.0.1.',
    })
  }
  const log = pino({ level: config.logLevel ?? 'silent', base: null })
  const closing = new AsyncDisposableStack()
  try {
    return await wire(config, { log, closing }, signal)
  } catch (cause) {
    await closing.disposeAsync()
    throw cause
  }
}

interface Wiring {
  readonly log: Logger
  /** Closed in reverse order. */
  readonly closing: AsyncDisposableStack
}

async function wire(config: ServerConfig, { log, closing }: Wiring, signal: AbortSignal): Promise<RunningServer> {
  const store = await openStore(join(config.dataFolder, 'styrmin.db'))
  closing.defer(() => store.close())
  const state = createState(await store.load())
  const git = await openGitSource({
    repository: config.repository,
    branch: config.branch ?? 'main',
    path: config.path ?? '',
    folder: join(config.dataFolder, 'git'),
    credentialOf: (host) => credentialOf(config, host),
  })
  closing.defer(() => git.close())
  const renderers = await openRenderers()
  closing.defer(() => renderers.close())
  const tools: ServerTools = {
    state,
    store,
    journal: createJournal(store, state),
    git,
    renderer: renderers.trusted,
    cache: createResolveCache(),
    key: await loadSigningKey(join(config.dataFolder, 'signing-key.pem')),
    notes: config.notes?.push === true,
    now: () => Date.now(),
    log,
    metrics: createMetrics(packageJson.version),
  }
  const stopping = new AbortController()
  const running = AbortSignal.any([signal, stopping.signal])
  const app = createApp({
    config,
    tools,
    version: packageJson.version,
    graphql: createGraphql(tools),
    stopping: running,
  })
  await tools.journal.change(() => replan(state.deployments().filter(needsNewPlan), tools, running))
  const http = await listen(app.fetch, config)
  closing.defer(http.close)
  const loops = await startLoops(config, tools, running)
  log.info({ url: http.url, repository: config.repository }, 'server is up')
  return {
    url: http.url,
    stop: async () => {
      stopping.abort(new Error('the server stops'))
      await loops.end()
      await closing.disposeAsync()
      log.info('server has stopped')
    },
  }
}

async function startLoops(
  config: ServerConfig,
  tools: ServerTools,
  signal: AbortSignal,
): Promise<{ end(): Promise<void> }> {
  const sync = createSync(tools, { pollMs: (config.pollSeconds ?? POLL_SECONDS) * 1000, depth: DEPTH })
  const gitdir = await localGitFolder(config.repository)
  const watch = gitdir === undefined ? undefined : await watchRefs(gitdir, () => sync.wake(), WATCH_DEBOUNCE_MS)
  const loops = [sync.run(signal)]
  const common = { maxBackoffMs: MAX_BACKOFF_MS }
  if (tools.notes) {
    const minIntervalMs = config.notes?.minIntervalMs ?? NOTES_INTERVAL_MS
    loops.push(runSender(notesBatch(tools), { ...common, channel: 'notes', minIntervalMs }, tools, signal))
  }
  if (config.forge !== undefined) {
    const { tokenFile, ...forge } = config.forge
    const opened = openForge({ ...forge, token: await readSecret(tokenFile) })
    loops.push(runSender(statusBatch(tools, opened), { ...common, channel: 'forge', minIntervalMs: 0 }, tools, signal))
  }
  return {
    end: async () => {
      await watch?.close()
      await Promise.all(loops)
    },
  }
}

async function credentialOf({ credentials }: ServerConfig, host: string): Promise<GitCredential | undefined> {
  const found = credentials?.[host]
  if (found === undefined) return undefined
  const secret = await readSecret(found.tokenFile)
  if (found.username === undefined) return { kind: 'bearer', token: secret }
  return { kind: 'basic', username: found.username, password: secret }
}

async function readSecret(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new SetupError('STY402', `the credential in ${file} cannot be read`, {
      hint: 'Mount the file, and let the server read it.',
      cause,
    })
  }
}

interface Listening {
  readonly url: string
  readonly close: () => Promise<void>
}

function listen(
  fetch: (request: Request) => Promise<Response> | Response,
  { listen: at }: ServerConfig,
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname: at.host, port: at.port }, ({ port }) => {
      const host = at.host.includes(':') ? `[${at.host}]` : at.host
      resolve({
        url: `http://${host}:${port}`,
        close: () =>
          new Promise<void>((done) => {
            server.close(() => done())
            if ('closeAllConnections' in server) server.closeAllConnections()
          }),
      })
    })
    server.once('error', (cause: Error) => {
      const hint = 'Stop what listens there, or choose another port.'
      reject(new SetupError('STY418', `cannot listen on ${at.host}:${at.port}: ${cause.message}`, { hint, cause }))
    })
  })
}
