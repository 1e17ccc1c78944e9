import type { JsonObject } from '../../util/json.ts'
import { recordUpdate } from '../managed-fields.ts'
import { LENIENT } from '../normalize.ts'
import { nextGeneration, putObject, sameState, type Target, writerAt } from '../objects.ts'
import { show } from '../registry.ts'
import type { Place } from '../store.ts'
import { copy, type Draft } from '../values.ts'
import type { World } from '../world.ts'
import { createObject } from '../writes.ts'

const MANAGER = 'kube-controller-manager'

/** Changes an object in place; an equal result is not stored. What is written under `status` counts as a status write. */
export function edit(
  world: World,
  place: Place,
  change: (draft: Draft) => void,
  subresource: '' | 'status' = 'status',
): void {
  const live = world.store.get(place)
  const resource = world.registry.stored(place.kind)
  if (live === undefined || resource === undefined) return
  const target: Target = { resource, namespace: place.namespace, name: place.name, subresource }
  const next = copy(show(resource, live))
  change(next)
  if (subresource === '') nextGeneration(resource, live, next)
  const recorded = recordUpdate(resource.schema, live, next, { ...writerAt(world, target, MANAGER), ignored: [] })
  if (!sameState(live, recorded)) putObject(world, target, recorded)
}

/** Creates an object as a controller does. Errors: ApiError, as for any client. */
export function create(world: World, kind: string, namespace: string, body: JsonObject): JsonObject | undefined {
  const resource = world.registry.stored(kind)
  if (resource === undefined) return undefined
  const options = { dryRun: false, manager: MANAGER, force: false, strictness: LENIENT }
  return createObject(world, { resource, namespace, name: '', subresource: '' }, body, options).object
}
