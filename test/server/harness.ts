import { join } from 'node:path'
import { vi } from 'vitest'
import type { ServerConfig } from '../../src/server/config.ts'
import { type RunningServer, startServer } from '../../src/server/main.ts'
import type { DeploymentReport, GeneratedValues, Hello, Intent, Report } from '../../src/domain/wire.ts'
import { commitFiles, git, initRepository, makeScratch, type Scratch } from '../git/repository.ts'
import { SHOP, tokenOf } from './shop.ts'

/** Bounded waits, generous because other tests share the machine. */
const WAIT_MS = 90_000
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

/** Waits until a look gives something; fails with what was seen last. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + WAIT_MS
  let last: unknown
  while (Date.now() < deadline) {
    try {
      const found = await look()
      if (found !== undefined) return found
    } catch (cause) {
      last = cause
    }
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`waited in vain for ${what}`, { cause: last })
}

/** A server over a repository of its own. */
export interface Harness {
  readonly scratch: Scratch
  readonly work: string
  readonly url: () => string
  /** Commits and waits until the server's head is that commit. */
  readonly commit: (files: Readonly<Record<string, string | null>>, message?: string) => Promise<string>
  readonly query: <T = Record<string, unknown>>(text: string, variables?: object) => Promise<T>
  readonly agent: (cluster: string) => TestAgent
  readonly start: (more?: Partial<ServerConfig>) => Promise<void>
  readonly stop: () => Promise<void>
  readonly end: () => Promise<void>
}

export async function openHarness(more: Partial<ServerConfig> = {}, first = SHOP): Promise<Harness> {
  const scratch = makeScratch()
  const work = initRepository(join(scratch.folder, 'work'))
  commitFiles(work, first, 'first')
  let server: RunningServer | undefined
  const url = (): string => server?.url ?? ''
  const query = <T>(text: string, variables: object = {}): Promise<T> => ask<T>(url(), text, variables)
  const start = async (again: Partial<ServerConfig> = {}): Promise<void> => {
    server = await startServer(
      {
        repository: work,
        dataFolder: join(scratch.folder, 'data'),
        listen: { host: '127.0.0.1', port: 0 },
        pollSeconds: 0.2,
        notes: { push: true, minIntervalMs: 50 },
        ...more,
        ...again,
      },
      new AbortController().signal,
    )
  }
  const stop = async (): Promise<void> => {
    await server?.stop()
    server = undefined
  }
  await start()
  await headIs(query, git(work, 'rev-parse', 'HEAD'))
  return {
    scratch,
    work,
    url,
    query,
    start,
    stop,
    commit: async (files, message = 'change') => {
      const sha = commitFiles(work, files, message)
      await headIs(query, sha)
      return sha
    },
    agent: (cluster) => testAgent(url, cluster),
    end: async () => {
      await stop()
      scratch.remove()
    },
  }
}

export async function ask<T>(url: string, query: string, variables: object = {}): Promise<T> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  const answer = (await response.json()) as { data?: T; errors?: unknown }
  if (answer.errors !== undefined || answer.data === undefined) throw new Error(JSON.stringify(answer))
  return answer.data
}

export function headIs(query: Harness['query'], sha: string): Promise<true> {
  return until(`head ${sha}`, async () => {
    const { status } = await query<{ status: { head: string | null } }>('{ status { head } }')
    return status.head === sha ? true : undefined
  })
}

/** Speaks the agent API by hand. */
export interface TestAgent {
  readonly call: (path: string, body?: unknown) => Promise<Response>
  readonly hello: () => Promise<Hello>
  readonly intents: (after?: number, wait?: number) => Promise<readonly Intent[]>
  readonly bundle: (digest: string) => Promise<string>
  readonly fill: (digest: string, key: Uint8Array) => Promise<GeneratedValues>
  readonly report: (...deployments: readonly DeploymentReport[]) => Promise<void>
  /** Carries out everything that is asked, as a good agent would say it. */
  readonly obey: () => Promise<void>
}

function testAgent(url: () => string, cluster: string): TestAgent {
  const call = (path: string, body?: unknown): Promise<Response> =>
    fetch(`${url()}/agent/v1/${path}`, {
      headers: { authorization: `Bearer ${tokenOf(cluster)}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
  const read = async <T>(path: string, body?: unknown): Promise<T> => {
    const response = await call(path, body)
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  const report = async (...deployments: readonly DeploymentReport[]): Promise<void> => {
    const message: Report = {
      version: 1,
      agent: `agent-of-${cluster}`,
      sentAt: new Date().toISOString(),
      kubernetes: 'v1.34.4',
      deployments,
    }
    await read('reports', message)
  }
  const intents = async (after = 0, wait = 0): Promise<readonly Intent[]> =>
    (await read<{ intents: readonly Intent[] }>(`intents?after=${after}&wait=${wait}`)).intents
  return {
    call,
    report,
    intents,
    hello: () => read<Hello>('hello'),
    bundle: async (digest) => (await call(`bundles/${digest}`)).text(),
    fill: (digest, key) =>
      read<GeneratedValues>(`bundles/${digest}/fill`, { key: Buffer.from(key).toString('base64') }),
    obey: async () => {
      for (const intent of await intents()) await report(reportOf(intent, 'applied'))
    },
  }
}

/** What an agent says of an intent. */
export function reportOf(
  intent: Intent,
  phase: DeploymentReport['phase'],
  more: Partial<DeploymentReport> = {},
): DeploymentReport {
  const done = phase === 'applied' || phase === 'stopped'
  const last = done && intent.phase === 'deleting' ? 'deleted' : phase
  const active = last === 'deleted' ? undefined : done ? intent.instance : intent.from
  return {
    deployment: intent.deployment,
    epoch: intent.epoch,
    ...(active === undefined ? {} : { active }),
    plan: intent.plan,
    phase: last,
    ready: last === 'applied',
    reason: 'Test',
    message: `${intent.class} ${last}`,
    components: [{ name: 'web', state: 'Running', desired: 1, ready: 1, message: '' }],
    steps: [
      { number: 2, name: 'apply', title: 'Apply', state: done ? 'succeeded' : 'running', attempt: 1, message: '' },
    ],
    drift: [],
    problems: [],
    observedAt: new Date().toISOString(),
    ...more,
  }
}
