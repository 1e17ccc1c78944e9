import { at, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import { placeOf, putObject, readObject, type Target } from './objects.ts'
import { type Resource, show } from './registry.ts'
import type { Selector } from './selectors.ts'
import { badRequest, conflict, invalid, unsupportedValue } from './status.ts'
import { type Draft, without, textOf } from './values.ts'
import { timestamp, type World } from './world.ts'

/** What a deletion may ask for; `propagation` is absent where the kind's own default counts. */
export interface DeleteOptions {
  readonly dryRun: boolean
  readonly propagation: 'Background' | 'Foreground' | 'Orphan' | undefined
  readonly graceSeconds: number | undefined
  readonly uid: string
  readonly resourceVersion: string
}

/** Reads the body of a DELETE, or its query where there is no body. Errors: ApiError 400, 422. */
export function readDeleteOptions(body: JsonObject | undefined, query: URLSearchParams): DeleteOptions {
  const sent = body ?? {}
  const grace = own(sent, 'gracePeriodSeconds') ?? query.get('gracePeriodSeconds')
  return {
    dryRun: listAt(sent, 'dryRun').includes('All') || query.getAll('dryRun').includes('All'),
    propagation: readPropagation(sent, query),
    graceSeconds: grace === null ? undefined : Number(grace),
    uid: textAt(sent, 'preconditions', 'uid') ?? '',
    resourceVersion: textAt(sent, 'preconditions', 'resourceVersion') ?? '',
  }
}

function readPropagation(sent: JsonObject, query: URLSearchParams): DeleteOptions['propagation'] {
  const policy = textAt(sent, 'propagationPolicy') ?? query.get('propagationPolicy') ?? undefined
  const orphan = own(sent, 'orphanDependents')
  if (orphan === undefined) return readPolicy(policy)
  if (policy !== undefined) throw badRequest('orphanDependents and deletionPropagation cannot be both set')
  return orphan === true ? 'Orphan' : 'Background'
}

const POLICIES = ['Background', 'Foreground', 'Orphan'] as const

function readPolicy(policy: string | undefined): DeleteOptions['propagation'] {
  if (policy === undefined || policy === '') return undefined
  const known = POLICIES.find((name) => name === policy)
  if (known !== undefined) return known
  throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
    unsupportedValue('propagationPolicy', policy, [...POLICIES, 'nil']),
  ])
}

/** What a deletion came to: gone at once, or marked and waiting for finalizers or the grace period. */
export interface Deleted {
  readonly gone: boolean
  readonly object: JsonObject
}

/** Deletes an object, or marks it where something must happen first. Errors: ApiError 404, 409. */
export function deleteObject(world: World, target: Target, options: DeleteOptions): Deleted {
  const live = readObject(world, target)
  checkDeletion(target, live, options)
  const marked = mark(world, target.resource, live, options)
  if (options.dryRun) return { gone: marked === undefined, object: marked ?? live }
  if (marked === undefined)
    return { gone: true, object: show(target.resource, world.store.remove(placeOf(target)) ?? live) }
  if (marked === live) return { gone: false, object: live }
  return { gone: false, object: putObject(world, target, marked) }
}

function checkDeletion(target: Target, live: JsonObject, { uid, resourceVersion }: DeleteOptions): void {
  const liveUid = textAt(live, 'metadata', 'uid') ?? ''
  const liveVersion = textAt(live, 'metadata', 'resourceVersion') ?? ''
  if (uid !== '' && uid !== liveUid) {
    throw conflict(
      target.resource,
      target.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${liveUid}). The object might have been deleted and then recreated`,
    )
  }
  if (resourceVersion !== '' && resourceVersion !== liveVersion) {
    throw conflict(
      target.resource,
      target.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${liveVersion}). The object might have been modified`,
    )
  }
}

/** The object with its marks of deletion; `undefined` when nothing has to be waited for, itself when it is marked already. */
function mark(world: World, resource: Resource, live: JsonObject, options: DeleteOptions): JsonObject | undefined {
  const metadata = objectAt(live, 'metadata')
  const finalizers = finalizersFor(resource, metadata, options)
  const grace = graceSeconds(resource, live, options)
  const waits = finalizers.length > 0 || grace > 0 || resource.key === '/namespaces'
  if (!waits) return undefined
  if (own(metadata, 'deletionTimestamp') !== undefined) return remark(live, finalizers, grace)
  const generation = own(metadata, 'generation')
  const next: Draft = {
    ...metadata,
    ...(typeof generation === 'number' ? { generation: generation + 1 } : {}),
    deletionTimestamp: timestamp(new Date(world.now().getTime() + grace * 1000)),
    deletionGracePeriodSeconds: grace,
    ...(finalizers.length > 0 ? { finalizers } : {}),
  }
  if (resource.key !== '/namespaces') return { ...live, metadata: next }
  return {
    ...live,
    metadata: without(next, 'deletionGracePeriodSeconds'),
    status: { ...objectAt(live, 'status'), phase: 'Terminating' },
  }
}

function remark(live: JsonObject, finalizers: readonly string[], grace: number): JsonObject {
  const metadata = objectAt(live, 'metadata')
  const shorter = Number(own(metadata, 'deletionGracePeriodSeconds') ?? 0) > grace
  const same = finalizers.length === listAt(metadata, 'finalizers').length
  if (same && !shorter) return live
  return {
    ...live,
    metadata: {
      ...without(metadata, 'finalizers'),
      ...(finalizers.length > 0 ? { finalizers } : {}),
      ...(shorter ? { deletionGracePeriodSeconds: grace } : {}),
    },
  }
}

/** Foreground and orphan deletions are carried out by the collector, which is asked by a finalizer. */
function finalizersFor(resource: Resource, metadata: JsonObject, { propagation }: DeleteOptions): readonly string[] {
  const all = listAt(metadata, 'finalizers').map(String)
  const rest = all.filter((name) => name !== 'orphan' && name !== 'foregroundDeletion')
  if (propagation === undefined)
    return rest.length === all.length && ORPHANING.has(resource.key) ? [...rest, 'orphan'] : all
  if (propagation === 'Background') return rest
  return [...rest, propagation === 'Orphan' ? 'orphan' : 'foregroundDeletion']
}

function graceSeconds(resource: Resource, live: JsonObject, options: DeleteOptions): number {
  if (resource.key !== '/pods' || (textAt(live, 'spec', 'nodeName') ?? '') === '') return 0
  const phase = textAt(live, 'status', 'phase')
  if (phase === 'Succeeded' || phase === 'Failed') return 0
  return options.graceSeconds ?? Number(at(live, 'spec', 'terminationGracePeriodSeconds') ?? 30)
}

/** Deletes every selected object of a collection and returns them as they were. */
export function deleteCollection(
  world: World,
  target: Target,
  selector: Selector | undefined,
  options: DeleteOptions,
): readonly JsonObject[] {
  const all = world.store.list(
    target.resource.key,
    target.resource.namespaced && target.namespace !== '' ? target.namespace : undefined,
  )
  return all
    .filter((object) => selector === undefined || selector(object))
    .map((object) => {
      const metadata = objectAt(object, 'metadata')
      const one = {
        ...target,
        name: textOf(own(metadata, 'name')),
        namespace: textAt(metadata, 'namespace') ?? '',
      }
      return deleteObject(world, one, options).object
    })
}

/** The body of a deletion's answer: a Status, or the object where it is still there. */
export function deletionReply({ gone, object }: Deleted, { group, plural, key }: Resource): JsonObject {
  if (!gone || RETURNS_OBJECT.has(key)) return object
  const metadata = objectAt(object, 'metadata')
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: own(metadata, 'name') ?? '',
      ...(group === '' ? {} : { group }),
      kind: plural,
      uid: own(metadata, 'uid') ?? '',
    },
  }
}

/** Kinds whose deletion answers with the object. Source: `ReturnDeletedObject` in k8s.io/kubernetes pkg/registry. */
const RETURNS_OBJECT = new Set([
  '/pods',
  '/services',
  '/serviceaccounts',
  '/persistentvolumes',
  '/persistentvolumeclaims',
  '/podtemplates',
  '/resourcequotas',
  'storage.k8s.io/storageclasses',
  'storage.k8s.io/csidrivers',
  'storage.k8s.io/csinodes',
  'storage.k8s.io/volumeattachments',
])

/** Kinds whose dependents stay unless a deletion says otherwise; kept by the real server for old clients. */
const ORPHANING = new Set(['/replicationcontrollers', 'batch/jobs'])
