import { type JsonObject, objectAt, own, textAt } from '../../util/json.ts'
import type { Place } from '../store.ts'
import type { World } from '../world.ts'
import { remove } from './collect.ts'
import { create, edit } from './edit.ts'
import { controllerReference, isEnding, type Owners, placeOfObject } from './owners.ts'
import { isReady, podOf } from './pods.ts'
import { counters, generationOf, replicasOf, startWorkload, type Workshop } from './workload.ts'
import { textOf } from '../values.ts'

/** Keeps the number of pods of each ReplicaSet. */
export function startReplicaSets(world: World, owners: Owners): () => void {
  return startWorkload(world, owners, 'apps/replicasets', look)
}

function look({ world, owners }: Workshop, place: Place, set: JsonObject): void {
  if (!isEnding(set)) {
    const living = owners.controlled(set, '/pods').filter(isLiving)
    const missing = replicasOf(set) - living.length
    for (let count = 0; count < missing; count++) create(world, '/pods', place.namespace, podFor(set, place))
    for (const pod of living.toSorted(leastWanted).slice(0, Math.max(0, -missing)))
      remove(world, placeOfObject('/pods', pod), 'Background')
  }
  const pods = owners.controlled(set, '/pods').filter(isLiving)
  const ready = pods.filter(isReady).length
  edit(world, place, (draft) => {
    draft['status'] = {
      replicas: pods.length,
      ...counters({ fullyLabeledReplicas: pods.length, readyReplicas: ready, availableReplicas: ready }),
      observedGeneration: generationOf(draft),
    }
  })
}

function podFor(set: JsonObject, { name }: Place): JsonObject {
  return podOf(objectAt(set, 'spec', 'template'), {
    generateName: `${name}-`,
    ownerReferences: [controllerReference(set)],
  })
}

/** Whether a pod still counts: it is not on its way out and has not ended. */
export function isLiving(pod: JsonObject): boolean {
  const phase = textAt(pod, 'status', 'phase')
  return !isEnding(pod) && phase !== 'Failed' && phase !== 'Succeeded'
}

/** Order: pods that are not ready first, then the youngest. */
function leastWanted(a: JsonObject, b: JsonObject): number {
  const age = (pod: JsonObject): string => textOf(own(objectAt(pod, 'metadata'), 'creationTimestamp'))
  return Number(isReady(a)) - Number(isReady(b)) || (age(a) < age(b) ? 1 : -1)
}
