import type { JsonObject } from '../../../src/util/json.ts'
import type { KubeEndpoint, KubeHttp, Reply } from './http.ts'

/** A server that claims to speak the Kubernetes API. */
export interface KubeServer extends KubeEndpoint {
  /** Forgets all history; absent where that cannot be forced. */
  compact?(): Promise<void>
  stop(): Promise<void>
}

/** What each part of the contract works with; every test takes a namespace of its own. */
export interface Contract {
  readonly kube: KubeHttp
  readonly compact: (() => Promise<void>) | undefined
  readonly namespace: () => Promise<string>
}

/** Paths of a namespace's core resources, `/api/v1/namespaces/n/configmaps`. */
export function corePath(namespace: string, resource: string, name?: string): string {
  return [`/api/v1/namespaces/${namespace}/${resource}`, ...(name === undefined ? [] : [name])].join('/')
}

/** Paths of a namespace's resources in a group, `/apis/apps/v1/namespaces/n/deployments`. */
export function groupPath(group: string, namespace: string, resource: string, name?: string): string {
  return [`/apis/${group}/namespaces/${namespace}/${resource}`, ...(name === undefined ? [] : [name])].join('/')
}

/** A ConfigMap, with more metadata where given; without data it has no such key. */
export function configMap(
  name: string,
  data: Readonly<Record<string, string>> = {},
  metadata: JsonObject = {},
): JsonObject {
  const body = Object.keys(data).length === 0 ? {} : { data }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, ...body }
}

/** A Secret with base64 data: no controller makes one by itself, so a watch of them is quiet. */
export function secret(
  name: string,
  data: Readonly<Record<string, string>> = {},
  metadata: JsonObject = {},
): JsonObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, ...metadata }, data }
}

/** A small image that does nothing; real nodes can pull it. */
export const PAUSE = 'registry.k8s.io/pause:3.10'

/** A Deployment of one container. */
export function deployment(name: string, replicas = 1, image = PAUSE): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image }] } },
    },
  }
}

/** The generation, resource version and uid of an answer's object. */
export function versionOf(reply: Reply): {
  readonly generation: unknown
  readonly version: string
  readonly uid: string
} {
  return {
    generation: reply.at('metadata', 'generation'),
    version: reply.textAt('metadata', 'resourceVersion'),
    uid: reply.textAt('metadata', 'uid'),
  }
}

/** What tells a failure: the HTTP code twice, and the reason. */
export function failure(code: number, reason: string): object {
  return { status: code, body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code } }
}
