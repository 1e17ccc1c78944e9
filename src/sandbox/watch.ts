import type { JsonObject } from '../util/json.ts'
import type { Target } from './objects.ts'
import { selectorOf } from './reads.ts'
import { apiVersionOf, show } from './registry.ts'
import type { Selector } from './selectors.ts'
import { ApiError, badRequest, forbiddenValue, invalid } from './status.ts'
import type { Change } from './store.ts'
import type { World } from './world.ts'

/** One event of a watch as it is sent. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: JsonObject
}

/** What a watch writes to. */
export interface Sink {
  readonly send: (event: WatchEvent) => void
  readonly end: () => void
}

/** How a watch shows objects; tables have another form. */
export type Form = (object: JsonObject) => JsonObject

const BOOKMARK_MS = 1000
/** The real server sends a last bookmark this long before it ends a watch. */
const LAST_BOOKMARK_MS = 2000
/** The real server ends a watch after half an hour to an hour. */
const LONGEST_SECONDS = 1800

/**
 * Opens a watch and returns what ends it.
 *
 * Order:  as the changes happened; an object that comes to be selected is ADDED, one that is no longer is DELETED.
 * Errors: ApiError for a bad query; a past that is gone is told as an ERROR event.
 */
export function openWatch(
  world: World,
  target: Target,
  query: URLSearchParams,
  { sink, form }: { readonly sink: Sink; readonly form: Form },
): () => void {
  const selector = selectorOf(target, query)
  const wish = readWish(query)
  const translate = translator(target, selector)
  const emit = (change: Change): void => {
    const event = translate(change)
    if (event !== undefined) sink.send({ type: event.type, object: form(event.object) })
  }
  let sent = wish.from ?? world.store.version()
  const bookmark = (annotations?: JsonObject): void => {
    sent = world.store.version()
    const metadata = { resourceVersion: String(sent), ...(annotations === undefined ? {} : { annotations }) }
    sink.send({
      type: 'BOOKMARK',
      object: { kind: target.resource.kind, apiVersion: apiVersionOf(target.resource), metadata },
    })
  }
  try {
    if (wish.initial)
      for (const object of initial(world, target, selector)) sink.send({ type: 'ADDED', object: form(object) })
    else for (const change of world.store.since(wish.from ?? 0)) emit(change)
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause
    sink.send({ type: 'ERROR', object: cause.status() })
    sink.end()
    return () => undefined
  }
  if (wish.initialEnd) bookmark({ 'k8s.io/initial-events-end': 'true' })
  const stopListening = world.store.onChange(emit)
  const timers = [
    ...(wish.bookmarks
      ? [setInterval(() => (world.store.version() > sent ? bookmark() : undefined), BOOKMARK_MS)]
      : []),
    ...(wish.bookmarks ? [setTimeout(bookmark, Math.max(0, wish.seconds * 1000 - LAST_BOOKMARK_MS))] : []),
    setTimeout(() => close(), wish.seconds * 1000),
  ]
  const close = (): void => {
    stopListening()
    for (const timer of timers) clearTimeout(timer)
    sink.end()
  }
  return close
}

interface Wish {
  /** Starts with what is there. */
  readonly initial: boolean
  readonly initialEnd: boolean
  readonly bookmarks: boolean
  readonly from: number | undefined
  readonly seconds: number
}

function readWish(query: URLSearchParams): Wish {
  const version = query.get('resourceVersion') ?? ''
  const bookmarks = isTrue(query.get('allowWatchBookmarks'))
  const asksInitial = query.get('sendInitialEvents')
  if (asksInitial !== null && query.get('resourceVersionMatch') !== 'NotOlderThan') {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      forbiddenValue('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    ])
  }
  if (version !== '' && !/^\d+$/.test(version)) throw badRequest(`invalid resource version ${JSON.stringify(version)}`)
  const seconds = Number(query.get('timeoutSeconds') ?? 0)
  const initial = asksInitial === null ? version === '' || version === '0' : isTrue(asksInitial)
  return {
    initial,
    initialEnd: isTrue(asksInitial) && bookmarks,
    bookmarks,
    from: initial || version === '' ? undefined : Number(version),
    seconds: seconds > 0 ? seconds : LONGEST_SECONDS,
  }
}

/** Whether a query's flag is set, as the real server reads it. */
export function isTrue(text: string | null): boolean {
  return text !== null && text !== '' && text !== '0' && text !== 'false'
}

function initial(world: World, target: Target, selector: Selector | undefined): readonly JsonObject[] {
  const { resource, namespace } = target
  const objects = world.store
    .list(resource.key, namespace === '' ? undefined : namespace)
    .map((object) => show(resource, object))
  const named = target.name === '' ? objects : objects.filter((object) => isNamed(object, target.name))
  return selector === undefined ? named : named.filter(selector)
}

function isNamed({ metadata }: JsonObject, name: string): boolean {
  return typeof metadata === 'object' && metadata !== null && 'name' in metadata && metadata['name'] === name
}

function translator(
  { resource, namespace, name }: Target,
  selector: Selector | undefined,
): (change: Change) => WatchEvent | undefined {
  const concerns = (change: Change): boolean =>
    change.kind === resource.key &&
    (namespace === '' || change.namespace === namespace) &&
    (name === '' || change.name === name)
  return (change) => {
    if (!concerns(change)) return undefined
    const object = show(resource, change.object)
    if (selector === undefined) return { type: change.type, object }
    const before = change.previous !== undefined && selector(show(resource, change.previous))
    const after = change.type !== 'DELETED' && selector(object)
    if (!before && !after) return undefined
    if (before && after) return { type: 'MODIFIED', object }
    if (after) return { type: 'ADDED', object }
    return { type: 'DELETED', object: change.type === 'DELETED' ? object : left(resource, change) }
  }
}

/** What a watch is told of an object that left its selection: the state it knew, at the version of the change. */
function left(resource: Target['resource'], { previous, version }: Change): JsonObject {
  const shown = show(resource, previous ?? {})
  const metadata =
    typeof shown['metadata'] === 'object' && shown['metadata'] !== null && !Array.isArray(shown['metadata'])
      ? shown['metadata']
      : {}
  return { ...shown, metadata: { ...metadata, resourceVersion: String(version) } }
}
