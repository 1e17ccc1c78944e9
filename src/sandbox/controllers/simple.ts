import { at, type JsonObject, objectAt, textAt } from '../../util/json.ts'
import type { Place } from '../store.ts'
import { draftAt } from '../values.ts'
import type { World } from '../world.ts'
import { edit } from './edit.ts'
import { type Owners, uidOf } from './owners.ts'
import { generationOf, startWorkload, type Workshop } from './workload.ts'

/** Starts the controllers that only say that something is as it should be: claims are bound, load balancers have an address. */
export function startSimple(world: World, owners: Owners): () => void {
  const stops = [
    startWorkload(world, owners, '/persistentvolumeclaims', bind),
    startWorkload(world, owners, '/services', balance),
    startWorkload(world, owners, 'policy/poddisruptionbudgets', observe),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** A claim is bound if its class is there; one of another class waits, as it would without a provisioner. */
function bind({ world }: Workshop, place: Place, claim: JsonObject): void {
  const name = textAt(claim, 'spec', 'storageClassName') ?? ''
  if (textAt(claim, 'status', 'phase') !== 'Pending') return
  if (world.store.get({ kind: 'storage.k8s.io/storageclasses', namespace: '', name }) === undefined) return
  edit(world, place, (draft) => void (draftAt(draft, 'spec')['volumeName'] = `pvc-${uidOf(claim)}`), '')
  edit(world, place, (draft) => {
    const capacity = { storage: at(draft, 'spec', 'resources', 'requests', 'storage') ?? '0' }
    draft['status'] = { phase: 'Bound', accessModes: at(draft, 'spec', 'accessModes') ?? [], capacity }
  })
}

function balance({ world }: Workshop, place: Place, service: JsonObject): void {
  if (
    textAt(service, 'spec', 'type') !== 'LoadBalancer' ||
    at(service, 'status', 'loadBalancer', 'ingress') !== undefined
  )
    return
  edit(
    world,
    place,
    (draft) => void (draftAt(draft, 'status', 'loadBalancer')['ingress'] = [{ ip: '127.0.0.1', ipMode: 'VIP' }]),
  )
}

function observe({ world }: Workshop, place: Place, budget: JsonObject): void {
  if (at(budget, 'status', 'observedGeneration') === generationOf(budget)) return
  edit(world, place, (draft) => {
    draft['status'] = {
      ...objectAt(draft, 'status'),
      observedGeneration: generationOf(draft),
      currentHealthy: 0,
      desiredHealthy: 0,
      disruptionsAllowed: 0,
      expectedPods: 0,
    }
  })
}
