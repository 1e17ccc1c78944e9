import { randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HISTORY, type HistoryCommit } from '../../examples/history.ts'
import { connect, type StyrminClient } from '../../src/sdk/index.ts'
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts'
import type { Gitea } from '../cluster/gitea.ts'
import { freePort } from '../cluster/ports.ts'
import { type KubeHttp, kubeHttp } from '../contract/kube/http.ts'
import { type KubeProxy, startKubeProxy } from './kube-proxy.ts'
import { type Restartable, restartable } from './process.ts'
import { allowAgent, makeWorkCopy, type WorkCopy } from './work-copy.ts'

/** The clusters of the example repository. */
export const CLUSTERS = ['prod-eu', 'lab'] as const
export type ClusterName = (typeof CLUSTERS)[number]

/** One real cluster with its agent, and a proxy between the two. */
export interface E2eCluster {
  readonly plane: ControlPlane
  readonly kube: KubeHttp
  readonly proxy: KubeProxy
  readonly agent: Restartable
}

/** A git server, a server, two clusters with an agent each, all as processes of their own. */
export interface E2eWorld {
  readonly server: Restartable
  readonly client: StyrminClient
  readonly clusters: Readonly<Record<ClusterName, E2eCluster>>
  readonly work: WorkCopy
  readonly repository: string
  /** The example's seven commits; the first lets the agents in. */
  readonly history: readonly HistoryCommit[]
  /** Folder with the logs of all processes. */
  readonly folder: string
  stop(): Promise<void>
}

/** Starts everything but commits nothing. */
export async function startWorld(gitea: Gitea, repository: string): Promise<E2eWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'styrmin-e2e-'))
  await gitea.createRepository(repository)
  const server = await prepareServer(gitea, repository, folder)
  const tokens = { 'prod-eu': randomBytes(24).toString('hex'), lab: randomBytes(24).toString('hex') }
  const started = await Promise.all(
    CLUSTERS.map((name) => startCluster({ name, folder, token: tokens[name], serverUrl: server.url })),
  )
  const clusters = { 'prod-eu': started[0], lab: started[1] } as Readonly<Record<ClusterName, E2eCluster>>
  const remote = new URL(gitea.cloneUrl(repository))
  remote.username = gitea.user
  remote.password = gitea.token
  const work = await makeWorkCopy(join(folder, 'work'), remote.href)
  server.process.start()
  for (const { agent } of started) agent.start()
  return {
    server: server.process,
    client: connect({ url: server.url }),
    clusters,
    work,
    repository,
    history: withAgents(tokens),
    folder,
    stop: async () => {
      await server.process.kill()
      await Promise.all(started.map((cluster) => stopCluster(cluster)))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function prepareServer(gitea: Gitea, repository: string, folder: string) {
  const port = await freePort()
  const tokenFile = join(folder, 'gitea-token')
  await writeFile(tokenFile, gitea.token, { mode: 0o600 })
  const config = {
    repository: gitea.cloneUrl(repository),
    branch: 'main',
    data_folder: join(folder, 'data'),
    listen: { host: '127.0.0.1', port },
    poll_seconds: 1,
    credentials: { [new URL(gitea.url).host]: { token_file: tokenFile, username: gitea.user } },
    notes: { push: true, min_interval_ms: 200 },
    forge: { kind: 'gitea', api: `${gitea.url}/api/v1`, owner: gitea.user, repository, token_file: tokenFile },
  }
  const file = join(folder, 'styrmin.config.yaml')
  await writeFile(file, JSON.stringify(config))
  const process = restartable('src/server/process.ts', ['--config', file], join(folder, 'server.log'))
  return { url: `http://127.0.0.1:${port}`, process }
}

async function startCluster(options: {
  readonly name: ClusterName
  readonly folder: string
  readonly token: string
  readonly serverUrl: string
}): Promise<E2eCluster> {
  const { name, folder, token, serverUrl } = options
  const plane = await startControlPlane({ kubeApiQps: 200 })
  const kube = kubeHttp({ url: plane.url, token: plane.token, ca: plane.ca })
  await offerVolumes(kube)
  const proxy = await startKubeProxy({ url: plane.url, token: plane.token, ca: plane.ca })
  const files = join(folder, name)
  await mkdir(files)
  await writeFile(join(files, 'token'), token, { mode: 0o600 })
  await writeFile(join(files, 'kubeconfig'), proxy.kubeconfig, { mode: 0o600 })
  const args = [
    '--server',
    serverUrl,
    '--token-file',
    join(files, 'token'),
    '--kubeconfig',
    join(files, 'kubeconfig'),
    '--name',
    `agent-${name}`,
  ]
  const agent = restartable('src/agent/process.ts', args, join(folder, `agent-${name}.log`))
  return { plane, kube, proxy, agent }
}

/** Volumes for the claims of the example: a cluster without a provisioner needs them made. */
async function offerVolumes(kube: KubeHttp): Promise<void> {
  for (const [index, storageClassName] of ['fast-ssd', 'fast-ssd', ''].entries()) {
    const spec = {
      capacity: { storage: '100Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName,
      hostPath: { path: `/volumes/${index}` },
    }
    await kube.post('/api/v1/persistentvolumes', {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `volume-${index}` },
      spec,
    })
  }
}

async function stopCluster({ agent, proxy, kube, plane }: E2eCluster): Promise<void> {
  await agent.kill()
  await proxy.stop()
  kube.close()
  await plane.stop()
}

function withAgents(tokens: Readonly<Record<ClusterName, string>>): readonly HistoryCommit[] {
  const [first, ...rest] = HISTORY
  if (first === undefined) throw new Error('the history is empty')
  const edit = async (folder: string): Promise<void> => {
    await first.edit(folder)
    for (const name of CLUSTERS) await allowAgent(folder, name, tokens[name])
  }
  return [{ subject: first.subject, edit }, ...rest]
}

/** Keeps the logs where a person can read them after a failure. */
export async function keepLogs(world: E2eWorld, to: string): Promise<void> {
  await cp(world.folder, to, {
    recursive: true,
    filter: (source) => !source.includes('/work') && !source.includes('/data'),
  })
}
