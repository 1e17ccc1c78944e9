// Comes in: HTTP requests of the Kubernetes API, with a bearer token.
// Goes out: what kube-apiserver would answer, and workloads that become ready; kept in a folder if one is given.
// Never: a cluster, a container, or any state that another sandbox could see.
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { printYaml } from '../util/yaml.ts'
import { makeAddresses } from './addresses.ts'
import { type Controllers, startControllers } from './controllers/main.ts'
import { CONVERSIONS } from './conversions.ts'
import { create } from './controllers/edit.ts'
import { NODE } from './controllers/pods.ts'
import { type Faults, makeGate, type RequestCounts } from './faults.ts'
import { makeServer, tokenPath } from './http.ts'
import { keepInFolder, loadSaved } from './persistence.ts'
import { makeRegistry } from './registry.ts'
import { makeStore } from './store.ts'
import type { World } from './world.ts'

/** How a sandbox is started; everything has a default. */
export interface SandboxOptions {
  /** Default: any free one. */
  readonly port?: number
  /** Default: loopback. */
  readonly host?: string
  /** How many changes are remembered for watches. Default: 10,000. */
  readonly historySize?: number
  readonly faults?: Faults
  /** Where objects are kept over restarts. Default: nowhere. */
  readonly dataFolder?: string
  /** How long a pod takes to become ready. Default: 5. */
  readonly readyDelayMs?: number
  /** Default: a random one, or the one of the folder. */
  readonly token?: string
}

/** A running Kubernetes API. */
export interface Sandbox {
  readonly url: string
  readonly token: string
  /** YAML text for kubectl and clients. Its address holds the token too, as kubectl sends none without TLS. */
  readonly kubeconfig: () => string
  /** Forgets the past: watches and lists from before now are answered with 410. */
  readonly compact: () => void
  /** Cuts every open watch as a broken network would. */
  readonly cutWatches: () => void
  /** While true, watches are told nothing; what they missed is told when it ends. */
  readonly lagWatches: (lagging: boolean) => void
  readonly setFaults: (faults: Faults | undefined) => void
  readonly requests: () => RequestCounts
  readonly stop: () => Promise<void>
}

const DEFAULTS = { port: 0, host: '127.0.0.1', historySize: 10_000, readyDelayMs: 5 } as const

/** Starts a sandbox; it is ready when this resolves. Errors: of the folder or the port, as Node gives them. */
export async function startSandbox(options: SandboxOptions = {}, signal?: AbortSignal): Promise<Sandbox> {
  const { port, host, historySize, readyDelayMs } = { ...DEFAULTS, ...options }
  const { dataFolder } = options
  const saved = dataFolder === undefined ? undefined : await loadSaved(dataFolder)
  const store = makeStore(historySize, saved?.state)
  const world = makeWorld(store)
  const token = options.token ?? saved?.token ?? randomBytes(24).toString('base64url')
  if (saved === undefined) furnish(world)
  const controllers = startControllers(world, { readyDelayMs })
  const keeper = dataFolder === undefined ? undefined : keepInFolder(dataFolder, store, token)
  const gate = makeGate(options.faults)
  const watches = new Set<() => void>()
  const lag = lagging(world)
  const server = makeServer({ world: lag.world, gate, token, watches })
  const url = await listen(server, { host, port }, signal)
  const stop = stopper(server, controllers, keeper)
  signal?.addEventListener('abort', () => void stop(), { once: true })
  return {
    url,
    token,
    kubeconfig: () => kubeconfig(url, token),
    compact: () => store.compact(),
    cutWatches: () => {
      for (const cut of watches) cut()
    },
    lagWatches: lag.set,
    setFaults: gate.setFaults,
    requests: gate.counts,
    stop,
  }
}

async function listen(
  server: Server,
  at: { readonly host: string; readonly port: number },
  signal?: AbortSignal,
): Promise<string> {
  server.listen(at.port, at.host)
  await once(server, 'listening', ...(signal === undefined ? [] : [{ signal }]))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port')
  return `http://${address.address.includes(':') ? `[${address.address}]` : address.address}:${address.port}`
}

/** Stops in the order of what depends on what; a second call waits for the first. */
function stopper(
  server: Server,
  controllers: Controllers,
  keeper: { readonly stop: () => Promise<void> } | undefined,
): () => Promise<void> {
  let stopping: Promise<void> | undefined
  const run = async (): Promise<void> => {
    controllers.stop()
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
    await keeper?.stop()
  }
  return () => (stopping ??= run())
}

/** What every cluster has from the start: its namespaces, one node, and a class for volumes. */
function furnish(world: World): void {
  for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system'])
    create(world, '/namespaces', '', { metadata: { name } })
  create(world, '/nodes', '', { metadata: { name: NODE, labels: { 'kubernetes.io/hostname': NODE } } })
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  create(world, 'storage.k8s.io/storageclasses', '', {
    metadata: { name: 'standard', annotations },
    provisioner: 'styrmin.io/sandbox',
  })
}

const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

function makeWorld(store: World['store']): World {
  return {
    store,
    registry: makeRegistry(CONVERSIONS),
    now: () => new Date(),
    newUid: () => randomUUID(),
    newSuffix: () => [...randomBytes(5)].map((byte) => SUFFIX_LETTERS[byte % SUFFIX_LETTERS.length]).join(''),
    addresses: makeAddresses(store),
  }
}

/** A view of the world whose changes can be held back. */
function lagging(world: World): { readonly world: World; readonly set: (lagging: boolean) => void } {
  let held: (() => void)[] | undefined
  const onChange: World['store']['onChange'] = (listener) =>
    world.store.onChange((change) => (held === undefined ? listener(change) : void held.push(() => listener(change))))
  return {
    world: { ...world, store: { ...world.store, onChange } },
    set: (on) => {
      const missed = held ?? []
      held = on ? missed : undefined
      if (!on) for (const tell of missed) tell()
    },
  }
}

function kubeconfig(server: string, token: string): string {
  return printYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'sandbox', cluster: { server: `${server}${tokenPath(token)}` } }],
    users: [{ name: 'sandbox', user: { token } }],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: 'sandbox', namespace: 'default' } }],
    'current-context': 'sandbox',
  })
}
