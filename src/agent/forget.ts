import type { ObjectRef } from '../domain/manifest.ts'
import { textAt } from '../util/json.ts'
import { API_VERSION, keySecretName } from './names.ts'
import type { DeploymentResource } from './resources.ts'
import type { AgentWorld } from './world.ts'

/**
 * Removes the records of a deployment that was deleted, after the server knows it.
 *
 * The key of its generated values stays while its volumes do: a deployment that comes back under the same id
 * has to find the passwords that its data knows.
 *
 * Order:  the deployment first, as it was seen: a newer intent that came in meanwhile keeps it and all the rest. No
 *         run of a deployment that comes back begins before this has ended, because a key has one pass at a time.
 * Errors: ApiError 409 when the deployment was written meanwhile; it is then looked at again.
 */
export async function forget(world: AgentWorld, deployment: DeploymentResource, signal: AbortSignal): Promise<void> {
  const { key, intent, uid, object } = deployment
  const { namespace, id } = intent.deployment
  const name = key.split('/')[1] ?? ''
  const ours = (kind: string, of: string): ObjectRef => ({ apiVersion: API_VERSION, kind, namespace, name: of })
  const resourceVersion = textAt(object, 'metadata', 'resourceVersion')
  const guard = { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) }
  await world.api.remove(ours('StyrminDeployment', name), guard, signal)
  // What it owns goes by itself, but not at once: a run of the same name must not be met by a deployment that returns.
  for (const [, run] of world.runs.entries()) {
    if (run === undefined || run.key.split('/')[0] !== namespace || run.deployment !== name) continue
    await world.api.remove(ours('StyrminRun', run.key.split('/')[1] ?? ''), {}, signal)
  }
  if (intent.class === 'delete-data') {
    await world.api.remove({ apiVersion: 'v1', kind: 'Secret', namespace, name: keySecretName(id) }, {}, signal)
  }
}

/** Whether a resource that is gone is still wanted: it was not deleted, or a newer intent had come in. */
export function isMissed(before: DeploymentResource | undefined): boolean {
  return before?.status.phase !== 'deleted' || before.intent.epoch > before.status.epoch
}
