import { isObject, type Json, type JsonObject, objectAt, own, textAt } from '../util/json.ts'
import { countsGenerations, labelJob } from './defaults.ts'
import { applyConfig, recordUpdate, zeroOf } from './managed-fields.ts'
import { normalize, type Strictness, validate } from './normalize.ts'
import {
  checkIdentity,
  checkPreconditions,
  keepServerFields,
  nextGeneration,
  placeOf,
  putObject,
  readObject,
  sameState,
  type Target,
  writerAt,
} from './objects.ts'
import { jsonPatch, mergePatch, strategicPatch } from './patches.ts'
import { apiVersionOf, hasSubresource, type Resource, show } from './registry.ts'
import {
  ApiError,
  alreadyExists,
  applyConflict,
  badRequest,
  conflict,
  forbidden,
  invalid,
  nameIn,
  notFound,
  requiredValue,
} from './status.ts'
import { checkTyped } from './typed-check.ts'
import { type Draft, draftAt, setDefault, without, textOf } from './values.ts'
import { timestamp, type World } from './world.ts'

/** What a write may ask for. */
export interface WriteOptions {
  readonly dryRun: boolean
  readonly manager: string
  readonly force: boolean
  readonly strictness: Strictness
}

/** An object after a write. */
export interface Written {
  readonly object: JsonObject
  readonly created: boolean
}

/** How a patch is to be read, by its content type. */
export type PatchKind = 'json' | 'merge' | 'strategic' | 'apply'

/** Creates an object. Errors: ApiError 400, 403, 404, 409, 422. */
export function createObject(world: World, target: Target, body: JsonObject, options: WriteOptions): Written {
  const { resource, namespace } = target
  checkIdentity(target, body)
  if ((textAt(body, 'metadata', 'resourceVersion') ?? '') !== '')
    throw badRequest('resourceVersion should not be set on objects to be created')
  const bare = hasSubresource(resource, 'status') ? without(body, 'status') : body
  const named = withName(world, bare)
  const draft = normalize(world, resource, named, options.strictness)
  const live = resource.custom === undefined ? zeroOf(resource.schema) : {}
  const recorded = recordUpdate(resource.schema, live, draft, writerAt(world, target, options.manager))
  return { object: insert(world, { ...target, namespace }, recorded, options), created: true }
}

function withName(world: World, body: JsonObject): JsonObject {
  const metadata = objectAt(body, 'metadata')
  const prefix = textAt(metadata, 'generateName') ?? ''
  if (nameIn(body) !== '' || prefix === '') return body
  return { ...body, metadata: { ...metadata, name: `${prefix.slice(0, 58)}${world.newSuffix()}` } }
}

/** Gives a new object its identity and stores it, if nothing is wrong with it. */
function insert(world: World, target: Target, draft: Draft, options: WriteOptions): JsonObject {
  const { resource, namespace } = target
  const metadata = draftAt(draft, 'metadata')
  for (const key of ['resourceVersion', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink', 'generation'])
    delete metadata[key]
  metadata['uid'] = world.newUid()
  metadata['creationTimestamp'] = timestamp(world.now())
  if (namespace !== '') metadata['namespace'] = namespace
  if (resource.custom !== undefined || countsGenerations(resource.key)) metadata['generation'] = 1
  draft['apiVersion'] = apiVersionOf(resource)
  draft['kind'] = resource.kind
  const name = textOf(own(metadata, 'name'))
  checkNamespace(world, target, name)
  const full = finish(world, resource, draft, undefined)
  const faults = validate(resource, full, undefined)
  if (faults.length > 0) throw invalid(resource, name, faults)
  if (world.store.get(placeOf({ ...target, name })) !== undefined) throw alreadyExists(resource, name)
  if (options.dryRun) return full
  return putObject(world, { ...target, name }, full)
}

/** What depends on the object's identity, or on other objects. */
function finish(world: World, resource: Resource, draft: Draft, before: JsonObject | undefined): JsonObject {
  if (resource.key === 'batch/jobs' && before === undefined) labelJob(draft)
  if (resource.key === '/namespaces' && before === undefined) draftAt(draft, 'spec')['finalizers'] = ['kubernetes']
  if (resource.key === '/persistentvolumeclaims' && before === undefined) chooseClass(world, draft)
  return resource.key === '/services' ? world.addresses.assign(draft, before) : draft
}

/** A claim without a class gets the default one, if there is one. */
function chooseClass(world: World, draft: Draft): void {
  const isDefault = (object: JsonObject): boolean =>
    textAt(object, 'metadata', 'annotations', 'storageclass.kubernetes.io/is-default-class') === 'true'
  const chosen = world.store.list('storage.k8s.io/storageclasses').find(isDefault)
  if (chosen !== undefined) setDefault(draftAt(draft, 'spec'), 'storageClassName', nameIn(chosen))
}

function checkNamespace(world: World, { resource, namespace }: Target, name: string): void {
  if (!resource.namespaced) return
  const found = world.store.get({ kind: '/namespaces', namespace: '', name: namespace })
  if (found === undefined) throw notFound({ group: '', plural: 'namespaces' }, namespace)
  if (own(objectAt(found, 'metadata'), 'deletionTimestamp') === undefined) return
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  throw forbidden(resource, name, why, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ])
}

/** Kinds that a PUT may create. */
const UPSERT = new Set([
  '/services',
  '/endpoints',
  '/events',
  '/limitranges',
  'coordination.k8s.io/leases',
  'rbac.authorization.k8s.io/roles',
  'rbac.authorization.k8s.io/rolebindings',
  'rbac.authorization.k8s.io/clusterroles',
  'rbac.authorization.k8s.io/clusterrolebindings',
  'node.k8s.io/runtimeclasses',
])

/** Replaces an object. Errors: ApiError 400, 404, 409, 422. */
export function updateObject(world: World, target: Target, body: JsonObject, options: WriteOptions): Written {
  const { resource, name } = target
  checkIdentity(target, body)
  if (nameIn(body) === '') throw badRequest('name must be provided')
  const stored = world.store.get(placeOf(target))
  if (stored === undefined) {
    if (UPSERT.has(resource.key) && target.subresource === '')
      return createObject(
        world,
        target,
        { ...body, metadata: without(objectAt(body, 'metadata'), 'resourceVersion') },
        options,
      )
    throw notFound(resource, name)
  }
  const live = show(resource, stored)
  checkPreconditions(target, live, objectAt(body, 'metadata'))
  if (resource.custom !== undefined && (textAt(body, 'metadata', 'resourceVersion') ?? '') === '') {
    throw invalid(resource, name, [
      {
        reason: 'FieldValueInvalid',
        field: 'metadata.resourceVersion',
        message: 'Invalid value: 0: must be specified for an update',
      },
    ])
  }
  return { object: replace(world, target, { live, body }, options), created: false }
}

interface Replacement {
  readonly live: JsonObject
  readonly body: JsonObject
}

function replace(world: World, target: Target, { live, body }: Replacement, options: WriteOptions): JsonObject {
  const next = normalize(world, target.resource, body, options.strictness)
  const recorded = recordUpdate(
    target.resource.schema,
    live,
    forEndpoint(target, live, next),
    writerAt(world, target, options.manager),
  )
  return settle(world, target, { live, next: recorded }, options.dryRun)
}

/** Compares only what this endpoint writes, so that nobody comes to own the rest. */
function forEndpoint(target: Target, live: JsonObject, next: Draft): Draft {
  return target.subresource === 'status' ? keepServerFields(target, live, next) : next
}

interface Change {
  readonly live: JsonObject
  readonly next: Draft
}

/** Checks the next state and stores it; an equal state is not stored again. */
function settle(world: World, target: Target, { live, next }: Change, dryRun: boolean): JsonObject {
  const kept = keepServerFields(target, live, next)
  nextGeneration(target.resource, live, kept)
  const full = finish(world, target.resource, kept, live)
  const faults = validate(target.resource, full, live)
  if (faults.length > 0) throw invalid(target.resource, target.name, faults)
  if (sameState(live, full)) return live
  return dryRun ? full : putObject(world, target, full)
}

/** Patches an object. Errors: ApiError 400, 404, 409, 415, 422. */
export function patchObject(
  world: World,
  target: Target,
  patch: { readonly kind: PatchKind; readonly body: Json },
  options: WriteOptions,
): Written {
  if (patch.kind === 'apply') return applyObject(world, target, patch.body, options)
  const { resource } = target
  const live = readObject(world, target)
  const body = patched(resource, live, patch)
  if (!isObject(body)) throw badRequest('the patched object is no object')
  checkIdentity(target, body)
  checkPreconditions(target, live, objectAt(body, 'metadata'))
  return { object: replace(world, target, { live, body }, options), created: false }
}

function patched(
  resource: Resource,
  live: JsonObject,
  { kind, body }: { readonly kind: PatchKind; readonly body: Json },
): Json {
  if (kind === 'json') return jsonPatch(live, body)
  if (!isObject(body))
    throw badRequest('error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}')
  if (kind === 'merge') return mergePatch(live, body)
  if (resource.custom !== undefined) throw unsupportedPatch(resource)
  return strategicPatch(resource.schema, live, body)
}

/** 415 with the patch types that the kind accepts. */
export function unsupportedPatch(resource: Resource): ApiError {
  const types = [
    'application/json-patch+json',
    'application/merge-patch+json',
    ...(resource.custom === undefined ? ['application/strategic-merge-patch+json'] : []),
    'application/apply-patch+yaml',
    'application/apply-patch+cbor',
  ]
  return new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`,
  )
}

/** Server-side apply: creates, or changes what this manager applies. */
function applyObject(world: World, target: Target, body: Json, options: WriteOptions): Written {
  if (!isObject(body)) throw badRequest('error decoding YAML: the body is no object')
  checkApply(target, body, options)
  const stored = world.store.get(placeOf(target))
  if (stored === undefined) return applyNew(world, target, body, options)
  const live = show(target.resource, stored)
  checkPreconditions(target, live, objectAt(body, 'metadata'))
  const next = normalize(world, target.resource, applied(world, target, { live, body }, options), options.strictness)
  return { object: settle(world, target, { live, next }, options.dryRun), created: false }
}

function applyNew(world: World, target: Target, body: JsonObject, options: WriteOptions): Written {
  const { resource, name } = target
  if (target.subresource !== '') throw notFound(resource, name)
  const uid = textAt(body, 'metadata', 'uid') ?? ''
  if (uid !== '')
    throw conflict(
      resource,
      name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    )
  const live = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: { name } }
  const object = applied(world, target, { live, body }, options)
  const bare = hasSubresource(resource, 'status') ? without(object, 'status') : object
  return { object: insert(world, target, normalize(world, resource, bare, options.strictness), options), created: true }
}

/** The next state before defaults. Errors: ApiError 409 for fields that belong to others. */
function applied(world: World, target: Target, { live, body }: Replacement, options: WriteOptions): Draft {
  const metadata = without(objectAt(body, 'metadata'), 'resourceVersion', 'uid')
  const place = { name: target.name, ...(target.namespace === '' ? {} : { namespace: target.namespace }) }
  const config: Draft = { ...body, metadata: { ...metadata, ...place } }
  const writer = writerAt(world, target, options.manager)
  const result = applyConfig(target.resource.schema, live, config, { writer, force: options.force })
  if (result.kind === 'conflict') throw applyConflict(result.conflicts)
  return result.object
}

function checkApply(target: Target, body: JsonObject, options: WriteOptions): void {
  const { resource } = target
  if (options.manager === '') {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      requiredValue('fieldManager', 'is required for apply patch'),
    ])
  }
  const [version, kind] = [textAt(body, 'apiVersion') ?? '', textAt(body, 'kind') ?? '']
  if (kind === '') throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(body)}'`)
  if (version !== apiVersionOf(resource)) {
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${version}, expected: ${apiVersionOf(resource)}`,
    )
  }
  if (own(objectAt(body, 'metadata'), 'managedFields') !== undefined)
    throw badRequest('metadata.managedFields must be nil')
  checkIdentity(target, body)
  const fault = checkTyped(resource.schema, body)
  if (fault === undefined) return
  const subject = `${target.namespace}/${target.name}; ${apiVersionOf(resource)}, Kind=${resource.kind}`
  throw new ApiError(500, '', `failed to create typed patch object (${subject}): ${fault}`)
}
