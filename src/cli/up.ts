// In: a repository and where its clusters are.
// Out: server, agents and sandbox clusters in one process, wired as they are wired apart.
// Never: a way around the agent API; the agents dial the server over HTTP as they do in production.
import { createHmac, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startAgent } from '../agent/main.ts'
import { InputError } from '../domain/errors.ts'
import { startSandbox } from '../sandbox/main.ts'
import { connect, type StyrminClient } from '../sdk/index.ts'
import { startServer } from '../server/main.ts'
import { reportProgress } from './progress.ts'
import type { CliWorld, ExitCode } from './world.ts'

export interface UpOptions {
  readonly branch: string
  readonly port: number
  readonly sandbox?: boolean
  readonly kubeconfig?: string
  readonly cluster?: string
  readonly data?: string
  readonly notes?: boolean
}

/** What runs after `startUp`. */
export interface UpHandle {
  readonly url: string
  readonly client: StyrminClient
  /** Ends agents, sandboxes and server, in that order, and removes a temporary data folder. */
  stop(): Promise<void>
}

interface Stoppable {
  stop(): Promise<void>
}

const CLUSTER_POLL_MS = 500

/** `styrminctl up`: runs until it is interrupted. */
export async function up(
  repository: string,
  options: UpOptions,
  world: CliWorld,
  signal: AbortSignal,
): Promise<ExitCode> {
  const handle = await startUp(repository, options, world, signal)
  world.err(`GraphQL   ${handle.url}/graphql\n`)
  world.err(`Try       styrminctl get deployments --server ${handle.url}\n`)
  world.err('Stop      Ctrl-C\n\n')
  try {
    await reportProgress(handle.client, world, signal)
  } finally {
    await handle.stop()
  }
  return 0
}

/** Starts everything; each Cluster document gets its sandbox and its agent as soon as a commit declares it. */
export async function startUp(
  repository: string,
  options: UpOptions,
  world: CliWorld,
  signal: AbortSignal,
): Promise<UpHandle> {
  const data =
    options.data === undefined ? await mkdtemp(join(tmpdir(), 'styrmin-up-')) : resolve(world.cwd, options.data)
  await mkdir(data, { recursive: true })
  const secret = randomBytes(32)
  const stopping = new AbortController()
  const running = AbortSignal.any([signal, stopping.signal])
  const server = await startServer(
    {
      repository: repositoryOf(repository, world),
      branch: options.branch,
      dataFolder: join(data, 'server'),
      listen: { host: '127.0.0.1', port: options.port },
      notes: { push: options.notes === true },
      logLevel: 'error',
      localAgentToken: (cluster) => localToken(secret, cluster),
    },
    running,
  )
  const client = connect({ url: server.url })
  const parts: Stoppable[] = []
  const follow = followClusters({ options, world, client, data, secret, serverUrl: server.url, parts }, running)
  return {
    url: server.url,
    client,
    stop: async () => {
      stopping.abort(new Error('stopped'))
      await follow
      for (const part of parts.toReversed()) await part.stop()
      await server.stop()
      if (options.data === undefined) await rm(data, { recursive: true, force: true })
    },
  }
}

function repositoryOf(repository: string, world: CliWorld): string {
  if (/^https?:\/\//.test(repository)) return repository
  const folder = resolve(world.cwd, repository)
  if (existsSync(join(folder, '.git')) || existsSync(join(folder, 'objects'))) return folder
  throw new InputError('STY604', `${repository} is no git repository`, {
    hint: 'Run git init there and commit, or name another folder.',
  })
}

function localToken(secret: Uint8Array, cluster: string): string {
  return createHmac('sha256', secret).update(cluster).digest('hex')
}

interface Follow {
  readonly options: UpOptions
  readonly world: CliWorld
  readonly client: StyrminClient
  readonly data: string
  readonly secret: Uint8Array
  readonly serverUrl: string
  readonly parts: Stoppable[]
}

async function followClusters(follow: Follow, signal: AbortSignal): Promise<void> {
  const started = new Set<string>()
  while (!signal.aborted) {
    const names = await clusterNames(follow.client, signal).catch(() => [])
    for (const name of names.filter((cluster) => !started.has(cluster) && isWanted(cluster, names, follow.options))) {
      started.add(name)
      await startCluster(name, follow, signal)
    }
    await sleep(CLUSTER_POLL_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** With a kubeconfig there is one real cluster: the named one, or the only one. */
function isWanted(cluster: string, all: readonly string[], { kubeconfig, cluster: named }: UpOptions): boolean {
  if (kubeconfig === undefined) return named === undefined || named === cluster
  return named === undefined ? all.length === 1 : named === cluster
}

async function clusterNames(client: StyrminClient, signal: AbortSignal): Promise<readonly string[]> {
  const { clusters } = await client.query<{ clusters: readonly { name: string }[] }>(
    '{ clusters { name } }',
    {},
    signal,
  )
  return clusters.map(({ name }) => name)
}

async function startCluster(cluster: string, follow: Follow, signal: AbortSignal): Promise<void> {
  const { options, parts, world } = follow
  const kubeconfig =
    options.kubeconfig === undefined ? await sandboxFor(cluster, follow) : resolve(world.cwd, options.kubeconfig)
  const agent = await startAgent(
    {
      serverUrl: follow.serverUrl,
      token: localToken(follow.secret, cluster),
      kubeconfig,
      namespace: 'styrmin-system',
      logLevel: 'error',
    },
    signal,
  )
  parts.push(agent)
  world.err(`cluster ${cluster}: ${options.kubeconfig === undefined ? 'sandbox' : options.kubeconfig}, agent started\n`)
}

async function sandboxFor(cluster: string, { data, parts }: Follow): Promise<string> {
  const sandbox = await startSandbox({ dataFolder: join(data, 'sandbox', cluster) })
  parts.push(sandbox)
  return sandbox.kubeconfig()
}
