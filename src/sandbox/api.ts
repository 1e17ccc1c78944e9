import { isObject, type Json, type JsonObject, objectAt, own, textAt } from '../util/json.ts'
import { deleteCollection, deleteObject, deletionReply, readDeleteOptions } from './deletes.ts'
import type { FieldValidation } from './normalize.ts'
import { readObject, type Target } from './objects.ts'
import { listBody, listObjects, selectorOf } from './reads.ts'
import { checkNotFuture } from './store.ts'
import { ApiError, badRequest, methodNotAllowed } from './status.ts'
import { finalizeNamespace, podLog, readScale, reviewAccess, writeScale } from './subresources.ts'
import { tableOf } from './table.ts'
import { isTrue, openWatch } from './watch.ts'
import type { World } from './world.ts'
import {
  createObject,
  type PatchKind,
  patchObject,
  unsupportedPatch,
  updateObject,
  type WriteOptions,
  type Written,
} from './writes.ts'

/** A request that names a kind. */
export interface Request {
  readonly method: string
  readonly target: Target
  readonly query: URLSearchParams
  readonly accept: string
  /** Without parameters. */
  readonly contentType: string
  readonly userAgent: string
  readonly body: Json | undefined
}

/** What a stream of events is written to. */
export interface StreamSink {
  readonly send: (event: JsonObject) => void
  readonly end: () => void
}

/** What is sent back. */
export type Answer =
  | {
      readonly kind: 'json'
      readonly status: number
      readonly body: JsonObject
      readonly type?: string
      readonly warnings?: readonly string[]
    }
  | { readonly kind: 'text'; readonly status: number; readonly text: string }
  /** `open` begins the stream and returns what ends it. */
  | { readonly kind: 'stream'; readonly open: (sink: StreamSink) => () => void }

/** Tells which verb a request turned out to be, as discovery calls it. */
export type Counting = (verb: string) => void

/** Answers one request. Errors: ApiError. */
export function handle(world: World, request: Request, count: Counting): Answer {
  const { target } = request
  const verb = verbOf(request)
  const sub = target.resource.subresources.find(({ name }) => name === target.subresource)
  const verbs = target.subresource === '' ? target.resource.verbs : (sub?.verbs ?? [])
  count(verb)
  if (!verbs.includes(verb)) throw methodNotAllowed()
  if (target.subresource === 'scale') return scale(world, request)
  if (target.subresource === 'log') return { kind: 'text', status: 200, text: podLog(world, target, request.query) }
  if (target.subresource === 'finalize')
    return json(request, world, finalizeNamespace(world, target, needObject(request.body)))
  return (HANDLERS[verb] ?? refuse)(world, request)
}

function verbOf({ method, target, query }: Request): string {
  const [single, collection] = VERBS[method] ?? ['none', 'none']
  const verb = target.name === '' ? collection : single
  const watches = method === 'GET' && target.subresource === '' && isTrue(query.get('watch'))
  if (watches) return 'watch'
  return verb === 'create' && target.resource.namespaced && target.namespace === '' ? 'none' : verb
}

/** By method: the verb for one object, and for a collection. */
const VERBS: Readonly<Record<string, readonly [string, string]>> = {
  GET: ['get', 'list'],
  POST: ['none', 'create'],
  PUT: ['update', 'none'],
  PATCH: ['patch', 'none'],
  DELETE: ['delete', 'deletecollection'],
}

function refuse(): Answer {
  throw methodNotAllowed()
}

const HANDLERS: Readonly<Record<string, (world: World, request: Request) => Answer>> = {
  get: (world, request) => {
    checkVersion(world, request.query)
    return json(request, world, readObject(world, request.target))
  },
  list: (world, request) => {
    const { target, query } = request
    const listing = listObjects(world, target, query)
    if (!asksTable(request)) return json(request, world, listBody(target, listing))
    return table(world, request, { objects: listing.items, metadata: listing.metadata })
  },
  watch,
  create: (world, request) => {
    const { target, body } = request
    checkType(request)
    if (target.resource.verbs.length === 1)
      return created(request, world, { object: reviewAccess(target.resource.kind, needObject(body)), created: true })
    return writing(request, (options) =>
      created(request, world, createObject(world, target, needObject(body), options), options),
    )
  },
  update: (world, request) => {
    checkType(request)
    return writing(request, (options) =>
      created(request, world, updateObject(world, request.target, needObject(request.body), options), options),
    )
  },
  patch: (world, request) => {
    const kind = patchKind(request)
    return writing(request, (options) =>
      created(
        request,
        world,
        patchObject(world, request.target, { kind, body: request.body ?? null }, options),
        options,
      ),
    )
  },
  delete: (world, { target, query, body }) => {
    const deleted = deleteObject(world, target, readDeleteOptions(isObject(body) ? body : undefined, query))
    return { kind: 'json', status: 200, body: deletionReply(deleted, target.resource) }
  },
  deletecollection: (world, { target, query, body }) => {
    const items = deleteCollection(
      world,
      target,
      selectorOf(target, query),
      readDeleteOptions(isObject(body) ? body : undefined, query),
    )
    return {
      kind: 'json',
      status: 200,
      body: listBody(target, { items, metadata: { resourceVersion: String(world.store.version()) } }),
    }
  },
}

function checkVersion(world: World, query: URLSearchParams): void {
  const version = query.get('resourceVersion') ?? ''
  if (/^\d+$/.test(version)) checkNotFuture(Number(version), world.store.version())
}

function watch(world: World, request: Request): Answer {
  const { target, query } = request
  selectorOf(target, query)
  const form = asksTable(request)
    ? tableForm(world, request)
    : asksMetadata(request)
      ? metadataOnly
      : (object: JsonObject) => object
  return {
    kind: 'stream',
    open: (sink) =>
      openWatch(world, target, query, {
        sink: { send: ({ type, object }) => sink.send({ type, object }), end: sink.end },
        form,
      }),
  }
}

/** Only the first table of a watch carries the column headers. */
function tableForm(world: World, request: Request): (object: JsonObject) => JsonObject {
  let headers = true
  return (object) => {
    const body = tableOf(request.target.resource, [object], {
      metadata: { resourceVersion: textAt(object, 'metadata', 'resourceVersion') ?? '' },
      headers,
      include: request.query.get('includeObject') ?? '',
      now: world.now(),
    })
    headers = false
    return body
  }
}

function scale(world: World, request: Request): Answer {
  const { target, body, method } = request
  if (method === 'GET') return { kind: 'json', status: 200, body: readScale(world, target) }
  const kind = method === 'PUT' ? 'put' : patchKind(request)
  return writing(request, (options) => ({
    kind: 'json',
    status: 200,
    body: writeScale(world, target, { kind, body: body ?? null }, options),
  }))
}

function writing(request: Request, write: (options: WriteOptions) => Answer): Answer {
  const { query, userAgent, contentType } = request
  const manager = query.get('fieldManager') ?? ''
  const applying = contentType.startsWith('application/apply-patch')
  return write({
    dryRun: query.getAll('dryRun').includes('All'),
    manager: manager !== '' || applying ? manager : (userAgent.split('/')[0]?.slice(0, 128) ?? '') || 'unknown',
    force: isTrue(query.get('force')),
    strictness: { mode: validationMode(query), warnings: [] },
  })
}

function validationMode(query: URLSearchParams): FieldValidation {
  const mode = query.get('fieldValidation') ?? ''
  return mode === 'Strict' || mode === 'Ignore' ? mode : 'Warn'
}

const READABLE = new Set(['', 'application/json', 'application/yaml'])

function checkType({ contentType }: Request): void {
  if (READABLE.has(contentType)) return
  throw unknownFormat()
}

/** 415 for a body in a form that the sandbox does not read. */
export function unknownFormat(): ApiError {
  const types = 'application/json, application/yaml'
  return new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${types}`,
  )
}

const PATCHES: Readonly<Record<string, PatchKind>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
  'application/apply-patch+json': 'apply',
}

function patchKind({ contentType, target }: Request): PatchKind {
  const kind = PATCHES[contentType]
  if (kind === undefined || (kind === 'strategic' && target.resource.custom !== undefined))
    throw unsupportedPatch(target.resource)
  return kind
}

function needObject(body: Json | undefined): JsonObject {
  if (isObject(body)) return body
  throw badRequest(
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${typeof body} into Go value of type struct { APIVersion string; Kind string }`,
  )
}

function created(request: Request, world: World, { object, created: isNew }: Written, options?: WriteOptions): Answer {
  const answer = json(request, world, object)
  const warnings = options?.strictness.warnings ?? []
  return answer.kind === 'json' ? { ...answer, status: isNew ? 201 : 200, warnings } : answer
}

function json(request: Request, world: World, body: JsonObject): Answer {
  if (asksTable(request) && own(body, 'metadata') !== undefined && own(body, 'items') === undefined) {
    return table(world, request, {
      objects: [body],
      metadata: { resourceVersion: textAt(body, 'metadata', 'resourceVersion') ?? '' },
    })
  }
  return { kind: 'json', status: 200, body: asksMetadata(request) ? metadataOnly(body) : body }
}

function table(
  world: World,
  request: Request,
  { objects, metadata }: { readonly objects: readonly JsonObject[]; readonly metadata: JsonObject },
): Answer {
  const include = request.query.get('includeObject') ?? ''
  return {
    kind: 'json',
    status: 200,
    body: tableOf(request.target.resource, objects, { metadata, headers: true, include, now: world.now() }),
  }
}

function asksTable({ accept }: Request): boolean {
  return /as=Table/.test(accept)
}

function asksMetadata({ accept }: Request): boolean {
  return /as=PartialObjectMetadata/.test(accept)
}

function metadataOnly(body: JsonObject): JsonObject {
  const items = own(body, 'items')
  const apiVersion = 'meta.k8s.io/v1'
  if (!Array.isArray(items)) return { kind: 'PartialObjectMetadata', apiVersion, metadata: objectAt(body, 'metadata') }
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion,
    metadata: objectAt(body, 'metadata'),
    items: items.map((item) => (isObject(item) ? metadataOnly(item) : item)),
  }
}
