import { ApiError } from '../../domain/api-error.ts'
import type { ClusterApi } from '../../ports/cluster.ts'
import { type JsonObject, objectAt, textAt } from '../../util/json.ts'
import { LABEL_ENVIRONMENT, LABEL_MANAGED_BY, MANAGER } from '../names.ts'

const POD_SECURITY = 'pod-security.kubernetes.io/enforce'

/** What a namespace of ours is like. */
export interface NamespaceFacts {
  readonly name: string
  readonly environment: string
  readonly podSecurity: string
}

/** Makes sure of a namespace once in a term of leading. */
export async function ensureNamespaceOnce(
  { api, namespaces }: { readonly api: ClusterApi; readonly namespaces: Set<string> },
  facts: NamespaceFacts,
  signal: AbortSignal,
): Promise<void> {
  const key = namespaceKey(facts)
  if (namespaces.has(key)) return
  await ensureNamespace(api, facts, signal)
  namespaces.add(key)
}

/** What is remembered of a namespace that was made sure of. */
export function namespaceKey({ name, podSecurity }: Pick<NamespaceFacts, 'name' | 'podSecurity'>): string {
  return `${name} ${podSecurity}`
}

/**
 * Makes sure of an environment's namespace.
 *
 * One that somebody else has made is used as it is; only the label that pod security reads is added, where none is.
 */
async function ensureNamespace(api: ClusterApi, facts: NamespaceFacts, signal: AbortSignal): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'Namespace', namespace: '', name: facts.name }
  const live = await api.get(ref, signal)
  if (live !== undefined && isAsWanted(live, facts)) return
  const ours = live === undefined || textAt(live, 'metadata', 'labels', LABEL_MANAGED_BY) === 'styrmin'
  const labels = {
    ...(ours ? { [LABEL_MANAGED_BY]: 'styrmin', [LABEL_ENVIRONMENT]: facts.environment } : {}),
    ...(facts.podSecurity === '' ? {} : { [POD_SECURITY]: facts.podSecurity }),
  }
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: facts.name, labels } }
  try {
    await api.apply(object, { fieldManager: MANAGER, force: ours }, signal)
  } catch (error) {
    // Somebody else's namespace with another level of pod security: theirs holds.
    if (!(error instanceof ApiError && error.status === 409 && !ours)) throw error
  }
}

function isAsWanted(live: JsonObject, { podSecurity }: NamespaceFacts): boolean {
  const labels = objectAt(live, 'metadata', 'labels')
  const ours = labels[LABEL_MANAGED_BY] === 'styrmin'
  const level = labels[POD_SECURITY]
  return podSecurity === '' || level === podSecurity || (!ours && level !== undefined)
}

/** Makes the agent's own namespace when it is not there. */
export async function ensureOwnNamespace(api: ClusterApi, name: string, signal: AbortSignal): Promise<void> {
  if ((await api.get({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name }, signal)) !== undefined) return
  const metadata = { name, labels: { [LABEL_MANAGED_BY]: 'styrmin' } }
  try {
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata }, signal)
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error
  }
}
