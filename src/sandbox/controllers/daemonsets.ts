import { type JsonObject, objectAt, textAt } from '../../util/json.ts'
import type { Place } from '../store.ts'
import type { World } from '../world.ts'
import { remove } from './collect.ts'
import { create, edit } from './edit.ts'
import { controllerReference, isEnding, type Owners, placeOfObject } from './owners.ts'
import { isReady, podOf } from './pods.ts'
import { isLiving } from './replicasets.ts'
import { counters, generationOf, hashOf, startWorkload, type Workshop } from './workload.ts'

const HASH = 'controller-revision-hash'

/** Keeps one pod of each DaemonSet on every node. */
export function startDaemonSets(world: World, owners: Owners): () => void {
  return startWorkload(world, owners, 'apps/daemonsets', look)
}

function look({ world, owners }: Workshop, place: Place, set: JsonObject): void {
  const nodes = world.store.list('/nodes').map((node) => textAt(node, 'metadata', 'name') ?? '')
  const hash = hashOf(objectAt(set, 'spec', 'template'))
  const living = (): readonly JsonObject[] => owners.controlled(set, '/pods').filter(isLiving)
  if (!isEnding(set)) keep(world, place, { set, hash, nodes, pods: living() })
  const pods = living()
  const ready = pods.filter(isReady).length
  const updated = pods.filter((pod) => hashIn(pod) === hash).length
  edit(world, place, (draft) => {
    draft['status'] = {
      currentNumberScheduled: pods.length,
      numberMisscheduled: 0,
      desiredNumberScheduled: nodes.length,
      numberReady: ready,
      observedGeneration: generationOf(draft),
      ...counters({ updatedNumberScheduled: updated, numberAvailable: ready, numberUnavailable: nodes.length - ready }),
    }
  })
}

function hashIn(pod: JsonObject): string {
  return textAt(pod, 'metadata', 'labels', HASH) ?? ''
}

interface Wanted {
  readonly set: JsonObject
  readonly hash: string
  readonly nodes: readonly string[]
  readonly pods: readonly JsonObject[]
}

function keep(world: World, place: Place, { set, hash, nodes, pods }: Wanted): void {
  for (const node of nodes) {
    if (pods.some((pod) => textAt(pod, 'spec', 'nodeName') === node)) continue
    const pod = podOf(objectAt(set, 'spec', 'template'), {
      generateName: `${place.name}-`,
      labels: { [HASH]: hash },
      ownerReferences: [controllerReference(set)],
    })
    create(world, '/pods', place.namespace, { ...pod, spec: { ...objectAt(pod, 'spec'), nodeName: node } })
  }
  if (textAt(set, 'spec', 'updateStrategy', 'type') === 'OnDelete') return
  const stale = pods.find((pod) => hashIn(pod) !== hash)
  if (stale !== undefined) remove(world, placeOfObject('/pods', stale), 'Background')
}
