import { byText, compareText, type JsonObject, objectAt } from '../util/json.ts'
import { ApiError, expired } from './status.ts'
import { textOf } from './values.ts'

/** One change of one object. */
export interface Change {
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** `group/plural`. */
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** The new state; of a deletion the last one, at the version of the deletion. */
  readonly object: JsonObject
  readonly previous: JsonObject | undefined
}

/** Where an object lies. */
export interface Place {
  /** `group/plural`. */
  readonly kind: string
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string
  readonly name: string
}

/** The objects of the sandbox, the counter of their versions, and a bounded past. */
export interface Store {
  readonly version: () => number
  readonly get: (place: Place) => JsonObject | undefined
  /** All objects of a kind, of one namespace if one is given. Order: namespace, name. */
  readonly list: (kind: string, namespace?: string) => readonly JsonObject[]
  /** The same as it was at an older version. Errors: ApiError 410 when that past is gone. */
  readonly listAt: (version: number, kind: string, namespace?: string) => readonly JsonObject[]
  readonly kinds: () => readonly string[]
  /** Stores an object under the next version and returns it as stored. */
  readonly put: (place: Place, object: JsonObject) => JsonObject
  readonly remove: (place: Place) => JsonObject | undefined
  /** Changes after a version, oldest first. Errors: ApiError 410 when they are not all there any more. */
  readonly since: (version: number) => readonly Change[]
  readonly onChange: (listener: (change: Change) => void) => () => void
  /** Forgets the past up to now. */
  readonly compact: () => void
}

/** What a store starts with after a restart. */
export interface Saved {
  readonly version: number
  readonly objects: readonly { readonly place: Place; readonly object: JsonObject }[]
}

/** Makes a store that remembers the last `historySize` changes. */
export function makeStore(historySize: number, saved?: Saved): Store {
  const kinds = new Map<string, Map<string, Map<string, JsonObject>>>()
  const listeners = new Set<(change: Change) => void>()
  const past = makePast(historySize, saved?.version ?? 1)
  let version = saved?.version ?? 1

  const space = (kind: string, namespace: string): Map<string, JsonObject> => {
    const spaces = kinds.get(kind) ?? new Map<string, Map<string, JsonObject>>()
    kinds.set(kind, spaces)
    const found = spaces.get(namespace) ?? new Map<string, JsonObject>()
    spaces.set(namespace, found)
    return found
  }
  const tell = (change: Change): void => {
    past.add(change)
    for (const listener of listeners) listener(change)
  }
  const list: Store['list'] = (kind, namespace) => {
    const spaces = kinds.get(kind)
    if (spaces === undefined) return []
    const names = namespace === undefined ? [...spaces.keys()].sort(compareText) : [namespace]
    return names.flatMap((name) =>
      [...(spaces.get(name) ?? [])].sort(byText(([key]) => key)).map(([, object]) => object),
    )
  }
  for (const { place, object } of saved?.objects ?? []) space(place.kind, place.namespace).set(place.name, object)

  return {
    version: () => version,
    get: ({ kind, namespace, name }) => kinds.get(kind)?.get(namespace)?.get(name),
    list,
    listAt: (then, kind, namespace) =>
      then === version ? list(kind, namespace) : past.undo(then, list(kind, namespace), { kind, namespace }),
    kinds: () => [...kinds.keys()].sort(compareText),
    put: (place, object) => {
      const objects = space(place.kind, place.namespace)
      const previous = objects.get(place.name)
      version += 1
      const stored = atVersion(object, version)
      objects.set(place.name, stored)
      tell({ ...place, version, type: previous === undefined ? 'ADDED' : 'MODIFIED', object: stored, previous })
      return stored
    },
    remove: (place) => {
      const objects = space(place.kind, place.namespace)
      const previous = objects.get(place.name)
      if (previous === undefined) return undefined
      objects.delete(place.name)
      version += 1
      const last = atVersion(previous, version)
      tell({ ...place, version, type: 'DELETED', object: last, previous })
      return last
    },
    since: (then) => past.since(then),
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    compact: () => past.compact(version),
  }
}

function atVersion(object: JsonObject, version: number): JsonObject {
  return { ...object, metadata: { ...objectAt(object, 'metadata'), resourceVersion: String(version) } }
}

interface Past {
  readonly add: (change: Change) => void
  readonly since: (version: number) => readonly Change[]
  readonly undo: (
    version: number,
    now: readonly JsonObject[],
    of: { readonly kind: string; readonly namespace: string | undefined },
  ) => readonly JsonObject[]
  readonly compact: (version: number) => void
}

/** The last changes, in a list that is cut in half-size pieces so that adding stays cheap. */
function makePast(size: number, start: number): Past {
  let changes: Change[] = []
  let first = start
  const since = (version: number): readonly Change[] => {
    if (version < first) throw expired(`too old resource version: ${version} (${first})`)
    let index = changes.length
    while (index > 0 && (changes[index - 1]?.version ?? 0) > version) index--
    return changes.slice(index)
  }
  const keep = (from: number): void => {
    first = changes[from - 1]?.version ?? first
    changes = changes.slice(from)
  }
  return {
    add: (change) => {
      changes.push(change)
      if (changes.length >= size * 2) keep(changes.length - size)
    },
    since,
    undo: (version, now, { kind, namespace }) => {
      const objects = new Map(now.map((object) => [keyOf(object), object]))
      const undone = since(version).toReversed()
      for (const change of undone) {
        if (change.kind !== kind || (namespace !== undefined && change.namespace !== namespace)) continue
        if (change.previous === undefined) objects.delete(keyOf(change.object))
        else objects.set(keyOf(change.previous), change.previous)
      }
      return [...objects].sort(byText(([key]) => key)).map(([, object]) => object)
    },
    compact: (version) => {
      changes = []
      first = version
    },
  }
}

/** Sorts by namespace, then name. */
function keyOf(object: JsonObject): string {
  const { namespace = '', name = '' } = objectAt(object, 'metadata')
  return `${textOf(namespace)}\u0000${textOf(name)}`
}

/** Refuses a version from the future, as the real server does after its wait. */
export function checkNotFuture(asked: number, current: number): void {
  if (asked <= current) return
  throw new ApiError(504, 'Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
    retryAfterSeconds: 1,
  })
}
