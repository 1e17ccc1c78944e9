import type { ObjectRef } from '../domain/manifest.ts'
import { API_VERSION, keySecretName } from './names.ts'
import type { DeploymentResource } from './resources.ts'
import type { AgentWorld } from './world.ts'

/**
 * Removes the records of a deployment that was deleted, after the server knows it.
 *
 * The key of its generated values stays while its volumes do: a deployment that comes back under the same id
 * has to find the passwords that its data knows.
 */
export async function forget(world: AgentWorld, deployment: DeploymentResource, signal: AbortSignal): Promise<void> {
  const { key, intent, uid } = deployment
  const { namespace, id } = intent.deployment
  const ours = (kind: string, name: string): ObjectRef => ({ apiVersion: API_VERSION, kind, namespace, name })
  for (const [, run] of world.runs.entries()) {
    if (run === undefined || run.key.split('/')[0] !== namespace || run.deployment !== key.split('/')[1]) continue
    await world.api.remove(ours('StyrminRun', run.key.split('/')[1] ?? ''), {}, signal)
  }
  if (intent.class === 'delete-data') {
    await world.api.remove({ apiVersion: 'v1', kind: 'Secret', namespace, name: keySecretName(id) }, {}, signal)
  }
  await world.api.remove(ours('StyrminDeployment', key.split('/')[1] ?? ''), { uid }, signal)
}
