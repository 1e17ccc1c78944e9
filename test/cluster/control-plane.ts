// Comes in: which parts of a Kubernetes control plane a test wants.
// Goes out: the address, token and authority of a real one on the loopback, and a way to end it.
// Never: anything outside its own temporary folder and the cache of built programs.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kubeHttp } from '../contract/kube/http.ts'
import { binary, type ProgramName } from './binaries.ts'
import { type Daemon, type Daemons, logTail, openDaemons } from './daemons.ts'
import { compactEtcd } from './etcd.ts'
import { kubeconfigOf } from './kubeconfig.ts'
import { freePorts } from './ports.ts'
import { eventually } from './wait.ts'

/** Which parts to start, and how; all parts unless told otherwise. */
export interface ControlPlaneOptions {
  readonly controllers?: boolean
  readonly scheduler?: boolean
  /** Nodes whose pods become ready, and whose Job pods succeed, with nothing run. */
  readonly kwok?: boolean
  /** Whether etcd waits for the disk, as in production; off for speed. */
  readonly etcdFsync?: boolean
  /** Requests a second each controller may make. */
  readonly kubeApiQps?: number
}

/** A running control plane. */
export interface ControlPlane {
  readonly url: string
  /** A token of group `system:masters`. */
  readonly token: string
  readonly caFile: string
  /** PEM of the authority. */
  readonly ca: string
  /** Path of a kubeconfig with the admin's token. */
  readonly kubeconfig: string
  /** Path of the kubectl of the same version. */
  readonly kubectl: string
  readonly etcdUrl: string
  /** Ids of its processes by program. */
  readonly pids: () => Readonly<Record<string, number>>
  /** Forgets all history in etcd, so that old resource versions and continue tokens expire. */
  compact(): Promise<void>
  /** Ends the API server at once; `startApiServer` brings it back at the same address. */
  killApiServer(): Promise<void>
  startApiServer(): Promise<void>
  stop(): Promise<void>
}

/** Pod templates are read past the watch cache, so `compact` shows at once; nothing else uses the resource. */
const UNCACHED = 'podtemplates#0'
const NODES = ['node-a', 'node-b']
const QPS = 500
const KWOK = [
  '--manage-all-nodes',
  '--node-lease-duration-seconds=40',
  `--config=${join(import.meta.dirname, 'kwok-stages.yaml')}`,
]

/**
 * Starts a real control plane on free ports of the loopback.
 *
 * Errors: rejects with the tail of the log when a part does not come up.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const { controllers = true, scheduler = true, kwok = true } = options
  const wanted: readonly ProgramName[] = [
    'etcd',
    'kube-apiserver',
    'kubectl',
    ...(controllers ? (['kube-controller-manager'] as const) : []),
    ...(scheduler ? (['kube-scheduler'] as const) : []),
    ...(kwok ? (['kwok'] as const) : []),
  ]
  const paths = new Map<ProgramName, string>()
  for (const name of wanted) paths.set(name, await binary(name))
  const daemons = openDaemons('control-plane')
  try {
    return await start(daemons, paths, options)
  } catch (error) {
    await daemons.stop()
    throw error
  }
}

async function start(
  daemons: Daemons,
  paths: ReadonlyMap<ProgramName, string>,
  options: ControlPlaneOptions,
): Promise<ControlPlane> {
  const [etcdPort = 0, peerPort = 0, apiPort = 0] = await freePorts(3)
  const files = writeFiles(daemons.folder, `https://127.0.0.1:${apiPort}`)
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const running = new Map<string, Daemon>()
  const run = (name: ProgramName, args: readonly string[]): Daemon => {
    const daemon = daemons.start(name, { command: paths.get(name) ?? name, args, cwd: daemons.folder })
    running.set(name, daemon)
    return daemon
  }

  const etcd = run(
    'etcd',
    etcdArgs(daemons.folder, etcdUrl, `http://127.0.0.1:${peerPort}`, options.etcdFsync === true),
  )
  await isUp(etcd, 'etcd', async () => (await fetch(`${etcdUrl}/health`)).ok)

  const startApiServer = async (): Promise<void> => {
    const server = run('kube-apiserver', apiServerArgs(files, etcdUrl, apiPort))
    await isUp(server, 'kube-apiserver', () => isReady(files))
  }
  await startApiServer()

  const client = ['--kubeconfig', files.kubeconfig]
  const pace = [`--kube-api-qps=${options.kubeApiQps ?? QPS}`, `--kube-api-burst=${(options.kubeApiQps ?? QPS) * 2}`]
  if (paths.has('kube-controller-manager')) run('kube-controller-manager', [...client, ...pace, ...managerArgs(files)])
  if (paths.has('kube-scheduler')) {
    run('kube-scheduler', [...client, ...pace, '--leader-elect=false', '--secure-port=0'])
  }
  if (paths.has('kwok')) run('kwok', [...client, ...KWOK])
  await settle(files, paths)

  return {
    url: files.url,
    token: files.token,
    caFile: files.caFile,
    ca: readFileSync(files.caFile, 'utf8'),
    kubeconfig: files.kubeconfig,
    kubectl: paths.get('kubectl') ?? 'kubectl',
    pids: () => Object.fromEntries([...running].map(([name, daemon]) => [name, daemon.pid])),
    etcdUrl,
    compact: () => compactEtcd(etcdUrl),
    killApiServer: async () => running.get('kube-apiserver')?.kill(),
    startApiServer,
    stop: () => daemons.stop(),
  }
}

interface Files {
  readonly url: string
  readonly token: string
  readonly tokens: string
  readonly certificates: string
  readonly caFile: string
  readonly serviceAccountKey: string
  readonly kubeconfig: string
}

function writeFiles(folder: string, url: string): Files {
  const token = randomBytes(24).toString('hex')
  const certificates = join(folder, 'certificates')
  const files: Files = {
    url,
    token,
    tokens: join(folder, 'tokens.csv'),
    certificates,
    // What the API server signs for itself; its file ends with the authority.
    caFile: join(certificates, 'apiserver.crt'),
    serviceAccountKey: join(folder, 'service-account.key'),
    kubeconfig: join(folder, 'kubeconfig'),
  }
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const secret = { mode: 0o600 }
  writeFileSync(files.tokens, `${token},admin,admin,"system:masters"\n`, secret)
  writeFileSync(files.serviceAccountKey, privateKey.export({ type: 'pkcs8', format: 'pem' }), secret)
  writeFileSync(files.kubeconfig, kubeconfigOf(files), secret)
  return files
}

function etcdArgs(folder: string, client: string, peer: string, fsync: boolean): readonly string[] {
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    ...(fsync ? [] : ['--unsafe-no-fsync']),
  ]
}

function apiServerArgs(files: Files, etcdUrl: string, port: number): readonly string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    // A loopback address may not stand in an Endpoints object.
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--cert-dir=${files.certificates}`,
    `--token-auth-file=${files.tokens}`,
    '--authorization-mode=RBAC',
    '--anonymous-auth=true',
    '--allow-privileged=true',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--watch-cache-sizes=${UNCACHED}`,
  ]
}

function managerArgs(files: Files): readonly string[] {
  return [
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--root-ca-file=${files.caFile}`,
    '--use-service-account-credentials',
    '--leader-elect=false',
    '--secure-port=0',
  ]
}

async function isUp(daemon: Daemon, name: string, look: () => Promise<boolean>): Promise<void> {
  const died = daemon.ended.then(() => {
    throw new Error(`${name} ended at once:\n${logTail(daemon)}`)
  })
  // Once it is up, its end is the test's own doing.
  died.catch(() => undefined)
  const up = eventually({ what: `${name} answers`, timeoutMs: 60_000 }, async () => (await look()) || undefined)
  await Promise.race([up, died]).catch((error: unknown) => {
    throw new Error(`${name} is not up:\n${logTail(daemon)}`, { cause: error })
  })
}

async function isReady(files: Files): Promise<boolean> {
  const kube = kubeHttp({ ...files, ca: readFileSync(files.caFile, 'utf8') })
  try {
    return (await kube.get('/readyz')).status === 200
  } finally {
    kube.close()
  }
}

/** Waits until pods can be made: with controllers the service account of a namespace comes from one of them. */
async function settle(files: Files, paths: ReadonlyMap<ProgramName, string>): Promise<void> {
  const kube = kubeHttp({ ...files, ca: readFileSync(files.caFile, 'utf8') })
  try {
    if (paths.has('kwok')) await makeNodes(kube)
    if (!paths.has('kube-controller-manager')) return
    await eventually({ what: 'the default service account' }, async () => {
      const { status } = await kube.get('/api/v1/namespaces/default/serviceaccounts/default')
      return status === 200 || undefined
    })
  } finally {
    kube.close()
  }
}

async function makeNodes(kube: ReturnType<typeof kubeHttp>): Promise<void> {
  for (const name of NODES) {
    const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' }
    await kube.post('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } })
  }
  await eventually({ what: 'ready nodes' }, async () => {
    const { body } = await kube.get('/api/v1/nodes')
    return JSON.stringify(body).split('"type":"Ready"').length > NODES.length || undefined
  })
}
