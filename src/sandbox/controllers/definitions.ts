import { type Json, type JsonObject, listAt, objectAt, own, textAt } from '../../util/json.ts'
import { deleteObject } from '../deletes.ts'
import { customResources } from '../definitions.ts'
import type { Place } from '../store.ts'
import { draftAt } from '../values.ts'
import { timestamp, type World } from '../world.ts'
import { edit } from './edit.ts'
import { makeQueue } from './queue.ts'

const KIND = 'apiextensions.k8s.io/customresourcedefinitions'
const FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'

/** Serves what CustomResourceDefinitions define, and takes their objects away with them. */
export function startDefinitions(world: World): () => void {
  const queue = makeQueue((place) => look(world, place))
  for (const definition of world.store.list(KIND))
    look(world, { kind: KIND, namespace: '', name: textAt(definition, 'metadata', 'name') ?? '' })
  const forget = world.store.onChange((change) => {
    if (change.kind === KIND) queue.add({ kind: KIND, namespace: '', name: change.name })
    else if (change.type === 'DELETED') for (const owner of ending(world, change.kind)) queue.add(owner)
  })
  return () => {
    forget()
    queue.stop()
  }
}

function ending(world: World, kind: string): readonly Place[] {
  const resource = world.registry.stored(kind)
  if (resource?.custom === undefined) return []
  return [{ kind: KIND, namespace: '', name: `${resource.plural}.${resource.group}` }]
}

function look(world: World, place: Place): void {
  const definition = world.store.get(place)
  if (definition === undefined) return world.registry.setCustom(place.name, [])
  world.registry.setCustom(place.name, customResources(definition, world.registry.type))
  if (own(objectAt(definition, 'metadata'), 'deletionTimestamp') !== undefined) return clear(world, place, definition)
  if (!listAt(definition, 'metadata', 'finalizers').includes(FINALIZER)) {
    edit(
      world,
      place,
      (draft) =>
        void (draftAt(draft, 'metadata')['finalizers'] = [...listAt(draft, 'metadata', 'finalizers'), FINALIZER]),
      '',
    )
  }
  edit(world, place, (draft) => void (draft['status'] = statusOf(draft, timestamp(world.now()))))
}

function statusOf(definition: JsonObject, time: string): JsonObject {
  const names = objectAt(definition, 'spec', 'names')
  const stored = listAt(definition, 'spec', 'versions').flatMap((version) => {
    const name = textAt(version, 'name')
    return name !== undefined && objectAt({ version }, 'version')['storage'] === true ? [name] : []
  })
  const before = listAt(definition, 'status', 'storedVersions').filter((version) => version !== '')
  const known = listAt(definition, 'status', 'conditions')
  const condition = (type: string, reason: string, message: string): Json =>
    known.find((item) => textAt(item, 'type') === type) ?? {
      type,
      status: 'True',
      lastTransitionTime: time,
      reason,
      message,
    }
  return {
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    acceptedNames: names,
    storedVersions: [...new Set([...before, ...stored])],
  }
}

/** Deletes every object of the kind; the last one gone ends the definition. */
function clear(world: World, place: Place, definition: JsonObject): void {
  const kind = `${textAt(definition, 'spec', 'group') ?? ''}/${textAt(definition, 'spec', 'names', 'plural') ?? ''}`
  const resource = world.registry.stored(kind)
  const options = { dryRun: false, propagation: undefined, graceSeconds: 0, uid: '', resourceVersion: '' } as const
  for (const object of resource === undefined ? [] : world.store.list(kind)) {
    if (resource === undefined || own(objectAt(object, 'metadata'), 'deletionTimestamp') !== undefined) continue
    const target = {
      resource,
      namespace: textAt(object, 'metadata', 'namespace') ?? '',
      name: textAt(object, 'metadata', 'name') ?? '',
      subresource: '',
    }
    deleteObject(world, target, options)
  }
  if (world.store.list(kind).length > 0) return
  edit(
    world,
    place,
    (draft) =>
      void (draftAt(draft, 'metadata')['finalizers'] = listAt(draft, 'metadata', 'finalizers').filter(
        (name) => name !== FINALIZER,
      )),
    '',
  )
}
