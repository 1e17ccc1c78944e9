import { at, isObject, type Json, type JsonObject, listAt, objectAt, textAt } from '../../util/json.ts'
import type { Place } from '../store.ts'
import type { World } from '../world.ts'
import { remove } from './collect.ts'
import { create, edit } from './edit.ts'
import { controllerReference, isEnding, type Owners, placeOfObject } from './owners.ts'
import { isReady, podOf } from './pods.ts'
import { counted, counters, generationOf, hashOf, replicasOf, startWorkload, type Workshop } from './workload.ts'

const REVISION = 'controller-revision-hash'
const REVISIONS = 'apps/controllerrevisions'

/** Keeps the numbered pods of each StatefulSet, one after the other, with their claims. */
export function startStatefulSets(world: World, owners: Owners): () => void {
  return startWorkload(world, owners, 'apps/statefulsets', look)
}

interface Numbered {
  readonly pod: JsonObject
  readonly index: number
}

function look({ world, owners }: Workshop, place: Place, set: JsonObject): void {
  const revision = `${place.name}-${hashOf(objectAt(set, 'spec', 'template'))}`
  if (!isEnding(set)) {
    keepRevision(world, place, { set, revision, number: owners.controlled(set, REVISIONS).length + 1 })
    step(world, place, { set, revision, pods: podsOf(owners, set, place) })
  }
  writeStatus(world, place, { revision, pods: podsOf(owners, set, place).filter(({ pod }) => !isEnding(pod)) })
}

function podsOf(owners: Owners, set: JsonObject, { name }: Place): readonly Numbered[] {
  const indexOf = (pod: JsonObject): number => Number((textAt(pod, 'metadata', 'name') ?? '').slice(name.length + 1))
  return owners
    .controlled(set, '/pods')
    .map((pod) => ({ pod, index: indexOf(pod) }))
    .toSorted((a, b) => a.index - b.index)
}

function keepRevision(
  world: World,
  place: Place,
  { set, revision, number }: { readonly set: JsonObject; readonly revision: string; readonly number: number },
): void {
  if (world.store.get({ kind: REVISIONS, namespace: place.namespace, name: revision }) !== undefined) return
  create(world, REVISIONS, place.namespace, {
    metadata: {
      name: revision,
      labels: objectAt(set, 'spec', 'selector', 'matchLabels'),
      ownerReferences: [controllerReference(set)],
    },
    data: { spec: { template: { ...objectAt(set, 'spec', 'template'), $patch: 'replace' } } },
    revision: number,
  })
}

interface State {
  readonly set: JsonObject
  readonly revision: string
  readonly pods: readonly Numbered[]
}

/** At most one change where pods come in order; all at once where they come in parallel. */
function step(world: World, place: Place, { set, revision, pods }: State): void {
  const parallel = textAt(set, 'spec', 'podManagementPolicy') === 'Parallel'
  const ended = pods.find(({ pod }) => ['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase') ?? ''))
  if (ended !== undefined) return remove(world, placeOfObject('/pods', ended.pod), 'Background')
  if (!grow(world, place, { set, revision, pods }, parallel)) return
  const extra = pods.filter(({ index, pod }) => index >= replicasOf(set) && !isEnding(pod)).toReversed()
  for (const { pod } of parallel ? extra : extra.slice(0, 1)) remove(world, placeOfObject('/pods', pod), 'Background')
  if (extra.length > 0 || pods.some(({ pod }) => isEnding(pod))) return
  update(world, set, { revision, pods })
}

/** Makes missing pods; `false` when one must be ready before anything else is done. */
function grow(world: World, place: Place, { set, revision, pods }: State, parallel: boolean): boolean {
  for (let index = 0; index < replicasOf(set); index++) {
    const found = pods.find((item) => item.index === index)
    if (found === undefined) makePod(world, place, { set, revision, index })
    if ((found === undefined || !isReady(found.pod)) && !parallel) return false
  }
  return true
}

/** Replaces the highest pod of an older template, if all are ready. */
function update(world: World, set: JsonObject, { revision, pods }: Omit<State, 'set'>): void {
  if (textAt(set, 'spec', 'updateStrategy', 'type') === 'OnDelete' || pods.some(({ pod }) => !isReady(pod))) return
  const partition = Number(at(set, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0)
  const stale = pods.filter(({ pod, index }) => index >= partition && revisionOf(pod) !== revision).at(-1)
  if (stale !== undefined) remove(world, placeOfObject('/pods', stale.pod), 'Background')
}

function revisionOf(pod: JsonObject): string {
  return textAt(pod, 'metadata', 'labels', REVISION) ?? ''
}

function makePod(
  world: World,
  place: Place,
  { set, revision, index }: { readonly set: JsonObject; readonly revision: string; readonly index: number },
): void {
  const name = `${place.name}-${index}`
  const claims = listAt(set, 'spec', 'volumeClaimTemplates').filter(isObject)
  for (const claim of claims)
    makeClaim(world, place, { claim, name, labels: objectAt(set, 'spec', 'selector', 'matchLabels') })
  const template = objectAt(set, 'spec', 'template')
  const pod = podOf(template, {
    name,
    labels: {
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(index),
      [REVISION]: revision,
    },
    ownerReferences: [controllerReference(set)],
  })
  const claimNames = new Set(claims.map(claimName))
  const volumes: readonly Json[] = [
    ...listAt(template, 'spec', 'volumes').filter((volume) => !claimNames.has(textAt(volume, 'name') ?? '')),
    ...[...claimNames].map((claim) => ({ name: claim, persistentVolumeClaim: { claimName: `${claim}-${name}` } })),
  ]
  const spec = {
    ...objectAt(pod, 'spec'),
    hostname: name,
    subdomain: textAt(set, 'spec', 'serviceName') ?? '',
    ...(volumes.length > 0 ? { volumes } : {}),
  }
  create(world, '/pods', place.namespace, { ...pod, spec })
}

function claimName(claim: JsonObject): string {
  return textAt(claim, 'metadata', 'name') ?? ''
}

function makeClaim(
  world: World,
  place: Place,
  { claim, name, labels }: { readonly claim: JsonObject; readonly name: string; readonly labels: JsonObject },
): void {
  const full = `${claimName(claim)}-${name}`
  if (world.store.get({ kind: '/persistentvolumeclaims', namespace: place.namespace, name: full }) !== undefined) return
  const metadata = objectAt(claim, 'metadata')
  create(world, '/persistentvolumeclaims', place.namespace, {
    metadata: { ...metadata, name: full, labels: { ...objectAt(metadata, 'labels'), ...labels } },
    spec: objectAt(claim, 'spec'),
  })
}

function writeStatus(
  world: World,
  place: Place,
  { revision, pods }: { readonly revision: string; readonly pods: readonly Numbered[] },
): void {
  const ready = pods.filter(({ pod }) => isReady(pod)).length
  const updated = pods.filter(({ pod }) => revisionOf(pod) === revision).length
  edit(world, place, (draft) => {
    const before = textAt(draft, 'status', 'currentRevision') ?? revision
    const done = updated === pods.length && ready === pods.length
    const current = done ? revision : before
    draft['status'] = {
      observedGeneration: generationOf(draft),
      replicas: pods.length,
      ...counters({
        readyReplicas: ready,
        currentReplicas: pods.filter(({ pod }) => revisionOf(pod) === current).length,
        updatedReplicas: updated,
      }),
      availableReplicas: ready,
      currentRevision: current,
      updateRevision: revision,
      collisionCount: counted(draft, 'collisionCount'),
    }
  })
}
