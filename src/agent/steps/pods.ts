import { type JsonObject, listAt, textAt } from '../../util/json.ts'
import type { RunScope } from './scope.ts'

/** A label selector for these labels. */
function selectorOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',')
}

/** Pods with these labels, also those that are going, but none that a Job made. */
export async function servingPods(
  scope: RunScope,
  labels: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly JsonObject[]> {
  const labelSelector = selectorOf(labels)
  const query = { apiVersion: 'v1', kind: 'Pod', namespace: scope.namespace, labelSelector }
  const { items } = await scope.world.api.list(query, signal)
  return items.filter(
    (pod) =>
      !listAt(pod, 'metadata', 'ownerReferences').some((owner) => textAt(owner, 'kind') === 'Job') &&
      !['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase') ?? ''),
  )
}
