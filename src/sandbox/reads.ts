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
  const namespace = target.namespace === '' ? undefined : target.namespace
  const selector = selectorOf(target, query)
  const token = query.get('continue') ?? ''
  const from = token === '' ? { version: versionOf(world, query), after: '' } : readToken(token)
  const all =
    token === '' ? world.store.listAt(from.version, target.resource.key, namespace) : pastList(world, target, from)
  const rest = from.after === '' ? all : all.filter((object) => keyOf(object) > from.after)
  const selected = selector === undefined ? rest : rest.filter((object) => selector(show(target.resource, object)))
  const limit = Number(query.get('limit') ?? 0)
  const cut = limit > 0 && selected.length > limit ? selected.slice(0, limit) : selected
  const last = cut.at(-1)
  const more = cut.length < selected.length && last !== undefined
  return {
    items: cut.map((object) => show(target.resource, object)),
    metadata: {
      resourceVersion: String(from.version),
      ...(more ? { continue: writeToken(from.version, keyOf(last)) } : {}),
      ...(more && selector === undefined ? { remainingItemCount: selected.length - cut.length } : {}),
    },
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
