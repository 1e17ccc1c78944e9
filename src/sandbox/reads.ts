import { type JsonObject, objectAt, textAt } from '../util/json.ts'
import type { Target } from './objects.ts'
import { apiVersionOf, show } from './registry.ts'
import { allOf, parseFieldSelector, parseLabelSelector, type Selector } from './selectors.ts'
import { badRequest, expired } from './status.ts'
import { checkNotFuture } from './store.ts'
import { without } from './values.ts'
import type { World } from './world.ts'

/** A list of a kind as it was at one version. */
export interface Listing {
  readonly items: readonly JsonObject[]
  readonly metadata: JsonObject
}

/** The selection that a query asks for; `undefined` for everything. Errors: ApiError 400. */
export function selectorOf({ resource }: Target, query: URLSearchParams): Selector | undefined {
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', resource.key, resource.custom?.selectable)
  return allOf(parseLabelSelector(query.get('labelSelector') ?? ''), fields)
}

/**
 * Lists a collection.
 *
 * Order:  namespace, name.
 * Errors: ApiError 400 for a bad selector or token, 410 when the asked-for past is gone, 504 for a version of the future.
 */
export function listObjects(world: World, target: Target, query: URLSearchParams): Listing {
  const selector = selectorOf(target, query)
  const { version, all } = readState(world, target, query)
  const selected = selector === undefined ? all : all.filter((object) => selector(show(target.resource, object)))
  const limit = Number(query.get('limit') ?? 0)
  const page = limit > 0 ? selected.slice(0, limit) : selected
  const last = page.at(-1)
  const left = selected.length - page.length
  return {
    items: page.map((object) => show(target.resource, object)),
    metadata: {
      resourceVersion: String(version),
      ...(left > 0 && last !== undefined ? { continue: writeToken(version, keyOf(last)) } : {}),
      ...(left > 0 && selector === undefined ? { remainingItemCount: left } : {}),
    },
  }
}

/** What is to be listed, before selection: all, or what comes after a page that was read before. */
function readState(
  world: World,
  target: Target,
  query: URLSearchParams,
): { readonly version: number; readonly all: readonly JsonObject[] } {
  const token = query.get('continue') ?? ''
  if (token !== '') {
    const from = readToken(token)
    return { version: from.version, all: pastList(world, target, from).filter((object) => keyOf(object) > from.after) }
  }
  const version = versionOf(world, query)
  return {
    version,
    all: world.store.listAt(version, target.resource.key, target.namespace === '' ? undefined : target.namespace),
  }
}

/** The body of a list. */
export function listBody(target: Target, { items, metadata }: Listing): JsonObject {
  const typed = target.resource.custom === undefined
  return {
    kind: `${target.resource.kind}List`,
    apiVersion: apiVersionOf(target.resource),
    metadata,
    items: typed ? items.map((item) => without(item, 'kind', 'apiVersion')) : items,
  }
}

/** Only an exact match reads the past; all else is answered with what is newest. */
function versionOf(world: World, query: URLSearchParams): number {
  const asked = query.get('resourceVersion') ?? ''
  const match = query.get('resourceVersionMatch') ?? ''
  if (asked === '' || asked === '0') return world.store.version()
  if (!/^\d+$/.test(asked))
    throw badRequest(
      `invalid resource version ${JSON.stringify(asked)}: strconv.ParseUint: parsing ${JSON.stringify(asked)}: invalid syntax`,
    )
  checkNotFuture(Number(asked), world.store.version())
  return match === 'Exact' || (match === '' && query.get('limit') !== null) ? Number(asked) : world.store.version()
}

interface Token {
  readonly version: number
  readonly after: string
}

function writeToken(version: number, after: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: after })).toString('base64url')
}

function readToken(token: string): Token {
  try {
    const { rv, start }: { readonly rv?: unknown; readonly start?: unknown } = JSON.parse(
      Buffer.from(token, 'base64url').toString('utf8'),
    )
    if (typeof rv === 'number' && typeof start === 'string') return { version: rv, after: start }
  } catch {
    // falls through to the refusal
  }
  throw badRequest('continue key is not valid: invalid character')
}

const TOO_OLD =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'

function pastList(world: World, target: Target, { version, after }: Token): readonly JsonObject[] {
  try {
    return world.store.listAt(version, target.resource.key, target.namespace === '' ? undefined : target.namespace)
  } catch {
    throw expired(TOO_OLD, { continue: writeToken(world.store.version(), after) })
  }
}

function keyOf(object: JsonObject): string {
  const metadata = objectAt(object, 'metadata')
  return `${textAt(metadata, 'namespace') ?? ''}\u0000${textAt(metadata, 'name') ?? ''}`
}
