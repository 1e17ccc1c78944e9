import { type KubeApi, openKubeApi } from '../../../src/adapters/kube/kube-api.ts'
import { refOf } from '../../../src/domain/object-ref.ts'
import { at, type JsonObject, textAt } from '../../../src/util/json.ts'
import { eventually } from '../../cluster/wait.ts'

/** A cluster as a test looks at it. */
export interface TestCluster {
  readonly kubeconfig: string
  readonly api: KubeApi
  get(kind: string, namespace: string, name: string): Promise<JsonObject | undefined>
  list(kind: string, namespace?: string): Promise<readonly JsonObject[]>
  /** Watches the replicas of a workload until the returned function ends it; that one gives the highest that was seen. */
  watchReplicas(namespace: string, name: string): Promise<() => Promise<number>>
}

const API_VERSIONS: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  Job: 'batch/v1',
  StyrminDeployment: 'styrmin.io/v1',
  StyrminRun: 'styrmin.io/v1',
  Lease: 'coordination.k8s.io/v1',
}

const forever = new AbortController().signal

export async function openTestCluster(kubeconfig: string): Promise<TestCluster> {
  const api = await openKubeApi(
    kubeconfig.includes('\n') ? { kind: 'text', text: kubeconfig } : { kind: 'file', path: kubeconfig },
  )
  const apiVersion = (kind: string): string => API_VERSIONS[kind] ?? 'v1'
  return {
    kubeconfig,
    api,
    get: (kind, namespace, name) => api.get({ apiVersion: apiVersion(kind), kind, namespace, name }, forever),
    list: async (kind, namespace) => {
      const scope = { apiVersion: apiVersion(kind), kind, ...(namespace === undefined ? {} : { namespace }) }
      return (await api.list(scope, forever)).items
    },
    watchReplicas: async (namespace, name) => {
      const scope = { apiVersion: 'apps/v1', kind: 'Deployment', namespace }
      const { items, resourceVersion } = await api.list(scope, forever)
      const replicasOf = (object: JsonObject): number => Number(at(object, 'spec', 'replicas') ?? 0)
      let highest = Math.max(...items.filter((item) => refOf(item).name === name).map(replicasOf))
      const stop = new AbortController()
      const watching = (async () => {
        for await (const { object } of api.watch(scope, resourceVersion, stop.signal)) {
          if (refOf(object).name === name) highest = Math.max(highest, replicasOf(object))
        }
      })().catch(() => undefined)
      return async () => {
        stop.abort(new Error('seen enough'))
        await watching
        return highest
      }
    },
  }
}

/** The status of a condition of an object. */
export function condition(object: JsonObject | undefined, type: string): JsonObject | undefined {
  const all = at(object, 'status', 'conditions')
  return (Array.isArray(all) ? (all as readonly JsonObject[]) : []).find((one) => one['type'] === type)
}

/** Waits until a deployment of ours is Ready at its newest generation, and returns it. */
export function ready(cluster: TestCluster, namespace: string, name: string): Promise<JsonObject> {
  return settled(
    cluster,
    { namespace, name, what: 'Ready' },
    (object) => condition(object, 'Ready')?.['status'] === 'True',
  )
}

/** Waits until a StyrminDeployment fits and its status speaks of its newest generation. */
export async function settled(
  cluster: TestCluster,
  about: { readonly namespace: string; readonly name: string; readonly what: string; readonly timeoutMs?: number },
  fits: (object: JsonObject) => boolean,
): Promise<JsonObject> {
  let last: JsonObject | undefined
  try {
    return await eventually({ what: about.what, timeoutMs: about.timeoutMs ?? 25_000 }, async () => {
      last = await cluster.get('StyrminDeployment', about.namespace, about.name)
      const current = at(last, 'status', 'observedGeneration') === at(last, 'metadata', 'generation')
      return last !== undefined && current && fits(last) ? last : undefined
    })
  } catch (cause) {
    const runs = await cluster.list('StyrminRun', about.namespace).catch(() => [])
    const steps = runs.map((run) => ({ name: textAt(run, 'metadata', 'name'), status: run['status'] }))
    throw new Error(`${about.what} not seen: ${JSON.stringify(last?.['status'])} ${JSON.stringify(steps)}`, { cause })
  }
}
