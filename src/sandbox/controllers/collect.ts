import { at, type JsonObject, listAt, textAt } from '../../util/json.ts'
import { deleteObject, type DeleteOptions } from '../deletes.ts'
import type { Change, Place } from '../store.ts'
import { draftAt, same } from '../values.ts'
import type { World } from '../world.ts'
import { edit } from './edit.ts'
import { isEnding, type Owners, uidOf } from './owners.ts'
import { makeQueue } from './queue.ts'

/** Deletes what has lost its owners, and carries out foreground and orphaning deletions. */
export function startCollector(world: World, owners: Owners): () => void {
  const queue = makeQueue((place) => look(world, owners, place))
  const forget = world.store.onChange((change) => {
    const { kind, namespace, name, object } = change
    if (change.type !== 'DELETED') {
      if (isWorthALook(change)) queue.add({ kind, namespace, name })
      return
    }
    for (const place of owners.dependents(uidOf(object))) queue.add(place)
    for (const reference of listAt(object, 'metadata', 'ownerReferences')) {
      const owner = owners.placeOf(textAt(reference, 'uid') ?? '')
      if (owner !== undefined) queue.add(owner)
    }
  })
  return () => {
    forget()
    queue.stop()
  }
}

function isWorthALook({ object, previous }: Change): boolean {
  const references = listAt(object, 'metadata', 'ownerReferences')
  if (isEnding(object)) return true
  return references.length > 0 && !same(references, listAt(previous ?? null, 'metadata', 'ownerReferences'))
}

function look(world: World, owners: Owners, place: Place): void {
  const object = world.store.get(place)
  if (object === undefined) return
  const finalizers = listAt(object, 'metadata', 'finalizers')
  if (isEnding(object) && finalizers.includes('orphan')) return orphan(world, owners, { place, object })
  if (isEnding(object) && finalizers.includes('foregroundDeletion')) return foreground(world, owners, { place, object })
  if (!isEnding(object)) checkOwners(world, owners, { place, object })
}

interface Item {
  readonly place: Place
  readonly object: JsonObject
}

function orphan(world: World, owners: Owners, { place, object }: Item): void {
  for (const dependent of owners.dependents(uidOf(object))) dropReferences(world, dependent, new Set([uidOf(object)]))
  dropFinalizer(world, place, 'orphan')
}

function foreground(world: World, owners: Owners, { place, object }: Item): void {
  const dependents = owners.dependents(uidOf(object))
  for (const dependent of dependents) {
    const found = world.store.get(dependent)
    if (found !== undefined && !isEnding(found))
      remove(world, dependent, owners.dependents(uidOf(found)).length > 0 ? 'Foreground' : 'Background')
  }
  const blocking = owners
    .dependents(uidOf(object))
    .filter((dependent) => blocks(world.store.get(dependent), uidOf(object)))
  if (blocking.length === 0) dropFinalizer(world, place, 'foregroundDeletion')
}

function blocks(object: JsonObject | undefined, uid: string): boolean {
  return listAt(object ?? null, 'metadata', 'ownerReferences').some(
    (reference) => textAt(reference, 'uid') === uid && at(reference, 'blockOwnerDeletion') === true,
  )
}

function checkOwners(world: World, owners: Owners, { place, object }: Item): void {
  const uids = listAt(object, 'metadata', 'ownerReferences').map((reference) => textAt(reference, 'uid') ?? '')
  if (uids.length === 0) return
  const gone = uids.filter((uid) => owners.placeOf(uid) === undefined)
  if (gone.length === uids.length) remove(world, place, undefined)
  else if (gone.length > 0) dropReferences(world, place, new Set(gone))
}

function dropReferences(world: World, place: Place, uids: ReadonlySet<string>): void {
  edit(
    world,
    place,
    (draft) => {
      const rest = listAt(draft, 'metadata', 'ownerReferences').filter(
        (reference) => !uids.has(textAt(reference, 'uid') ?? ''),
      )
      const metadata = draftAt(draft, 'metadata')
      if (rest.length > 0) metadata['ownerReferences'] = rest
      else delete metadata['ownerReferences']
    },
    '',
  )
}

function dropFinalizer(world: World, place: Place, finalizer: string): void {
  edit(
    world,
    place,
    (draft) => {
      const rest = listAt(draft, 'metadata', 'finalizers').filter((name) => name !== finalizer)
      const metadata = draftAt(draft, 'metadata')
      if (rest.length > 0) metadata['finalizers'] = rest
      else delete metadata['finalizers']
    },
    '',
  )
}

/** Deletes an object as a controller does; one that is gone already is fine. */
export function remove(
  world: World,
  place: Place,
  propagation: DeleteOptions['propagation'],
  graceSeconds?: number,
): void {
  const resource = world.registry.stored(place.kind)
  if (resource === undefined || world.store.get(place) === undefined) return
  const options = {
    dryRun: false,
    propagation: propagation ?? 'Background',
    graceSeconds,
    uid: '',
    resourceVersion: '',
  } as const
  deleteObject(world, { resource, namespace: place.namespace, name: place.name, subresource: '' }, options)
}
