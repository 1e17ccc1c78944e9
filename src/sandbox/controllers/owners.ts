import { at, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../../util/json.ts'
import type { Change, Place } from '../store.ts'
import type { World } from '../world.ts'

/** Who belongs to whom, kept up with every change. */
export interface Owners {
  /** The places of the objects that name an owner. */
  readonly dependents: (uid: string) => readonly Place[]
  /** Where the object with a uid lies; `undefined` when there is none. */
  readonly placeOf: (uid: string) => Place | undefined
  /** The objects of a kind that an owner controls. Order: as they were made. */
  readonly controlled: (owner: JsonObject, kind: string) => readonly JsonObject[]
}

/** Starts to keep track. Must hear of a change before the controllers that ask. */
export function trackOwners(world: World): { readonly owners: Owners; readonly stop: () => void } {
  const byOwner = new Map<string, Map<string, Place>>()
  const byUid = new Map<string, Place>()

  const add = (place: Place, object: JsonObject): void => {
    byUid.set(uidOf(object), place)
    for (const uid of ownerUids(object)) {
      const places = byOwner.get(uid) ?? new Map<string, Place>()
      byOwner.set(uid, places.set(keyOf(place), place))
    }
  }
  const remove = (place: Place, object: JsonObject): void => {
    for (const uid of ownerUids(object)) {
      const places = byOwner.get(uid)
      places?.delete(keyOf(place))
      if (places?.size === 0) byOwner.delete(uid)
    }
  }
  const hear = ({ kind, namespace, name, type, object, previous }: Change): void => {
    const place = { kind, namespace, name }
    if (previous !== undefined) remove(place, previous)
    if (type === 'DELETED') byUid.delete(uidOf(object))
    else add(place, object)
  }
  for (const kind of world.store.kinds())
    for (const object of world.store.list(kind)) add(placeOfObject(kind, object), object)

  const dependents: Owners['dependents'] = (uid) => [...(byOwner.get(uid)?.values() ?? [])]
  return {
    stop: world.store.onChange(hear),
    owners: {
      dependents,
      placeOf: (uid) => byUid.get(uid),
      controlled: (owner, kind) =>
        dependents(uidOf(owner)).flatMap((place) => {
          const object = place.kind === kind ? world.store.get(place) : undefined
          return object !== undefined && controllerUid(object) === uidOf(owner) ? [object] : []
        }),
    },
  }
}

function keyOf({ kind, namespace, name }: Place): string {
  return `${kind}\u0000${namespace}\u0000${name}`
}

function ownerUids(object: JsonObject): readonly string[] {
  return listAt(object, 'metadata', 'ownerReferences').map((reference) => textAt(reference, 'uid') ?? '')
}

/** The place of an object of a kind. */
export function placeOfObject(kind: string, object: JsonObject): Place {
  return {
    kind,
    namespace: textAt(object, 'metadata', 'namespace') ?? '',
    name: textAt(object, 'metadata', 'name') ?? '',
  }
}

/** The uid of an object. */
export function uidOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'uid') ?? ''
}

/** The uid of the owner that controls an object, or the empty text. */
export function controllerUid(object: JsonObject): string {
  return (
    textAt(
      listAt(object, 'metadata', 'ownerReferences').find((reference) => at(reference, 'controller') === true),
      'uid',
    ) ?? ''
  )
}

/** The reference by which an owner controls what it makes. */
export function controllerReference(owner: JsonObject): Json {
  return {
    apiVersion: own(owner, 'apiVersion') ?? '',
    kind: own(owner, 'kind') ?? '',
    name: own(objectAt(owner, 'metadata'), 'name') ?? '',
    uid: uidOf(owner),
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** Whether an object is on its way out. */
export function isEnding(object: JsonObject): boolean {
  return own(objectAt(object, 'metadata'), 'deletionTimestamp') !== undefined
}
