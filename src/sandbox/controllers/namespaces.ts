import { draftAt } from '../values.ts'
import type { World } from '../world.ts'
import { remove } from './collect.ts'
import { edit } from './edit.ts'
import { isEnding, placeOfObject } from './owners.ts'
import { makeQueue } from './queue.ts'

const KIND = '/namespaces'

/** Empties namespaces that are deleted, and ends them when nothing is left. */
export function startNamespaces(world: World): () => void {
  const queue = makeQueue(({ name }) => look(world, name))
  const ending = new Set<string>()
  const forget = world.store.onChange(({ kind, namespace, name, object, type }) => {
    if (kind === KIND && type !== 'DELETED' && isEnding(object)) {
      ending.add(name)
      queue.add({ kind, namespace: '', name })
    } else if (kind === KIND && type === 'DELETED') ending.delete(name)
    else if (ending.has(namespace)) queue.add({ kind: KIND, namespace: '', name: namespace })
  })
  for (const object of world.store.list(KIND)) if (isEnding(object)) queue.add(placeOfObject(KIND, object))
  return () => {
    forget()
    queue.stop()
  }
}

function look(world: World, name: string): void {
  const place = { kind: KIND, namespace: '', name }
  const namespace = world.store.get(place)
  if (namespace === undefined || !isEnding(namespace)) return
  const kinds = world.store.kinds().filter((kind) => world.registry.stored(kind)?.namespaced === true)
  const left = (): number => kinds.reduce((sum, kind) => sum + world.store.list(kind, name).length, 0)
  for (const kind of kinds) {
    for (const object of world.store.list(kind, name))
      if (!isEnding(object)) remove(world, placeOfObject(kind, object), 'Background')
  }
  if (left() === 0) edit(world, place, (draft) => void (draftAt(draft, 'spec')['finalizers'] = []), '')
}
