import { isObject, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import { countsGenerations } from './defaults.ts'
import type { Writer } from './managed-fields.ts'
import { wanted } from './normalize.ts'
import { apiVersionOf, hasSubresource, type Resource, show, toStored } from './registry.ts'
import { badRequest, conflict, notFound } from './status.ts'
import type { Place } from './store.ts'
import { type Draft, draftAt, same, without } from './values.ts'
import { timestamp, type World } from './world.ts'

/** Where a request points to. */
export interface Target {
  readonly resource: Resource
  /** Empty for cluster-scoped kinds and for all namespaces. */
  readonly namespace: string
  /** Empty for the collection. */
  readonly name: string
  /** Empty for the object itself. */
  readonly subresource: string
}

/** The place of a target's object in the store. */
export function placeOf({ resource, namespace, name }: Pick<Target, 'resource' | 'namespace' | 'name'>): Place {
  return { kind: resource.key, namespace, name }
}

/** The object of a target at the target's version. Errors: ApiError 404. */
export function readObject(world: World, target: Target): JsonObject {
  const found = world.store.get(placeOf(target))
  if (found === undefined) throw notFound(target.resource, target.name)
  return show(target.resource, found)
}

/** Refuses a body that is not of the kind, namespace and name that its path says. Errors: ApiError 400. */
export function checkIdentity(target: Target, body: JsonObject): void {
  const { resource, namespace, name } = target
  checkKind(resource, textAt(body, 'apiVersion') ?? '', textAt(body, 'kind') ?? '')
  const given = textAt(body, 'metadata', 'namespace') ?? ''
  if (given !== '' && given !== namespace) throw badRequest(resource.namespaced ? OTHER_NAMESPACE : NO_NAMESPACE)
  checkName(name, textAt(body, 'metadata', 'name') ?? '')
}

function checkName(asked: string, given: string): void {
  if (asked === '' || given === '' || given === asked) return
  throw badRequest(`the name of the object (${given}) does not match the name on the URL (${asked})`)
}

const OTHER_NAMESPACE = 'the namespace of the provided object does not match the namespace sent on the request'
const NO_NAMESPACE = 'namespace may not be set for cluster-scoped resources'

function checkKind(resource: Resource, version: string, kind: string): void {
  const expected = apiVersionOf(resource)
  if (version !== '' && version !== expected) {
    throw badRequest(`the API version in the data (${version}) does not match the expected API version (${expected})`)
  }
  if (kind === '' || kind === resource.kind) return
  const why = `converting (${version}.${kind}) to (${expected}.${resource.kind}): unknown conversion`
  throw badRequest(`${kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${why}`)
}

/** Refuses a write that was decided on another state or object. Errors: ApiError 409. */
export function checkPreconditions(target: Target, live: JsonObject, sent: JsonObject): void {
  const version = textAt(sent, 'resourceVersion') ?? ''
  const uid = textAt(sent, 'uid') ?? ''
  const liveUid = textAt(live, 'metadata', 'uid') ?? ''
  if (uid !== '' && uid !== liveUid) {
    throw conflict(
      target.resource,
      target.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${liveUid}`,
    )
  }
  if (version !== '' && version !== '0' && version !== textAt(live, 'metadata', 'resourceVersion')) {
    throw conflict(target.resource, target.name)
  }
}

/** The next state with all that a client cannot set: identity, times, and the half that this endpoint does not write. */
export function keepServerFields(target: Target, live: JsonObject, next: Draft): Draft {
  const { resource, subresource } = target
  const old = objectAt(live, 'metadata')
  const kept = subresource === 'status' ? statusOnly(resource, live, next) : mainOnly(resource, live, next)
  const metadata = draftAt(kept, 'metadata')
  for (const key of [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'generateName',
    'resourceVersion',
  ]) {
    const value = own(old, key)
    if (value === undefined) delete metadata[key]
    else metadata[key] = value
  }
  kept['apiVersion'] = apiVersionOf(resource)
  kept['kind'] = resource.kind
  return kept
}

function statusOnly(resource: Resource, live: JsonObject, next: Draft): Draft {
  const status = own(next, 'status')
  const managers = own(objectAt(next, 'metadata'), 'managedFields')
  const open = resource.key === '/pods' || resource.key === '/nodes'
  const metadata = open ? { ...objectAt(next, 'metadata') } : { ...objectAt(live, 'metadata') }
  if (managers !== undefined) metadata['managedFields'] = managers
  return { ...without(live, 'status'), metadata, ...(status === undefined ? {} : { status }) }
}

function mainOnly(resource: Resource, live: JsonObject, next: Draft): Draft {
  if (!hasSubresource(resource, 'status')) return next
  const status = own(live, 'status')
  return {
    ...without(next, 'status'),
    metadata: { ...objectAt(next, 'metadata') },
    ...(status === undefined ? {} : { status }),
  }
}

/** Counts the generation up where what is wanted has changed. */
export function nextGeneration(resource: Resource, live: JsonObject, next: Draft): void {
  if (resource.custom === undefined && !countsGenerations(resource.key)) return
  if (same(wanted(resource, live), wanted(resource, next))) return
  draftAt(next, 'metadata')['generation'] = Number(own(objectAt(live, 'metadata'), 'generation') ?? 0) + 1
}

/** Whether two states are the same but for versions and the times of their managers. */
export function sameState(a: JsonObject, b: JsonObject): boolean {
  return same(timeless(a), timeless(b))
}

function timeless(object: JsonObject): JsonObject {
  const metadata = objectAt(object, 'metadata')
  const managers = listAt(metadata, 'managedFields').map((entry) => (isObject(entry) ? without(entry, 'time') : entry))
  return { ...object, metadata: { ...without(metadata, 'resourceVersion'), managedFields: managers } }
}

/** Who writes at a target. */
export function writerAt(world: World, target: Target, manager: string): Writer {
  const { resource, subresource } = target
  const hasStatus = hasSubresource(resource, 'status')
  return {
    manager,
    apiVersion: apiVersionOf(resource),
    subresource,
    time: timestamp(world.now()),
    ignored: subresource === 'status' ? [['f:spec'], ['f:metadata']] : hasStatus ? [['f:status']] : [],
  }
}

/**
 * Stores the next state of an object, and ends the object when a deletion waited only for this.
 *
 * Shape: the object as it is now, at the target's version.
 */
export function putObject(world: World, target: Target, next: JsonObject): JsonObject {
  const place = placeOf({ ...target, name: textAt(next, 'metadata', 'name') ?? target.name })
  if (isFinished(target.resource, next)) {
    world.store.remove(place)
    return next
  }
  return show(target.resource, world.store.put(place, toStored(target.resource, next)))
}

function isFinished(resource: Resource, next: JsonObject): boolean {
  const metadata = objectAt(next, 'metadata')
  if (own(metadata, 'deletionTimestamp') === undefined || listAt(metadata, 'finalizers').length > 0) return false
  if (resource.key === '/namespaces') return listAt(next, 'spec', 'finalizers').length === 0
  return Number(own(metadata, 'deletionGracePeriodSeconds') ?? 0) === 0
}
