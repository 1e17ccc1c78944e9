import { healthOf } from '../core/health/health-of.ts'
import { UnreachableError } from '../domain/errors.ts'
import { refOf } from '../domain/object-ref.ts'
import type { Clock } from '../ports/clock.ts'
import type { ClusterApi } from '../ports/cluster.ts'
import { DEPLOYMENT_CRD } from './crds/deployment-crd.ts'
import { RUN_CRD } from './crds/run-crd.ts'
import { MANAGER } from './names.ts'

const LOOK_AGAIN_MS = 100
const ESTABLISHED_MS = 30_000

/** Applies our own definitions and waits until they are served. Errors: UnreachableError when they are not in time. */
export async function installCrds(api: ClusterApi, clock: Clock, signal: AbortSignal): Promise<void> {
  const endMs = clock.now() + ESTABLISHED_MS
  for (const crd of [DEPLOYMENT_CRD, RUN_CRD]) {
    let live = await api.apply(crd, { fieldManager: MANAGER, force: true }, signal)
    while (healthOf(live).state !== 'current') {
      if (clock.now() > endMs) {
        throw new UnreachableError('STY511', `${refOf(crd).name} is not established`, { hint: 'It is tried again.' })
      }
      await clock.sleep(LOOK_AGAIN_MS, signal)
      live = (await api.get(refOf(crd), signal)) ?? {}
    }
  }
}
