import { createHash } from 'node:crypto'
import { at, type Json, type JsonObject, objectAt, own } from '../../util/json.ts'
import { canonicalJson } from '../../util/digest.ts'
import type { Place } from '../store.ts'
import { type Draft, without } from '../values.ts'
import type { World } from '../world.ts'
import { controllerUid, type Owners, placeOfObject } from './owners.ts'
import { makeQueue } from './queue.ts'

/** What a controller of one kind works with. */
export interface Workshop {
  readonly world: World
  readonly owners: Owners
  /** Looks at an object again after a while. */
  readonly again: (place: Place, afterMs: number) => void
}

/** About as long as a real controller takes to hear of a change. */
const DELAY_MS = 10

/** Starts a controller: it looks at an object of its kind whenever that or something it controls has changed. */
export function startWorkload(
  world: World,
  owners: Owners,
  kind: string,
  look: (workshop: Workshop, place: Place, object: JsonObject) => void,
): () => void {
  const queue = makeQueue((place) => {
    const object = world.store.get(place)
    if (object !== undefined) look(workshop, place, object)
  }, DELAY_MS)
  const workshop: Workshop = { world, owners, again: (place, afterMs) => queue.add(place, afterMs) }
  const forget = world.store.onChange((change) => {
    if (change.kind === kind) {
      if (change.type !== 'DELETED') queue.add({ kind, namespace: change.namespace, name: change.name })
      return
    }
    const owner = owners.placeOf(controllerUid(change.object))
    if (owner?.kind === kind) queue.add(owner)
  })
  for (const object of world.store.list(kind)) queue.add(placeOfObject(kind, object))
  return () => {
    forget()
    queue.stop()
  }
}

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

/** A short name for a template: equal templates have equal names. */
export function hashOf(template: Json): string {
  const digest = createHash('sha256').update(canonicalJson(template)).digest()
  return [...digest.subarray(0, 10)].map((byte) => LETTERS[byte % LETTERS.length]).join('')
}

/** A template without a label that a controller has put on it. */
export function withoutLabel(template: JsonObject, label: string): JsonObject {
  const metadata = objectAt(template, 'metadata')
  return { ...template, metadata: { ...metadata, labels: without(objectAt(metadata, 'labels'), label) } }
}

/** How many replicas are asked for. */
export function replicasOf(object: JsonObject): number {
  return Number(at(object, 'spec', 'replicas') ?? 1)
}

/** A number of an object's status; 0 where there is none. */
export function counted(object: JsonObject, key: string): number {
  return Number(at(object, 'status', key) ?? 0)
}

/** Status counters as they are written: a zero is left out. */
export function counters(values: Readonly<Record<string, number>>): Draft {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0))
}

/** The generation of an object. */
export function generationOf(object: JsonObject): number {
  return Number(own(objectAt(object, 'metadata'), 'generation') ?? 0)
}
