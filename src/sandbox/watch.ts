import { type JsonObject, objectAt } from '../util/json.ts'
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
  const bookmark = (annotations: JsonObject = {}): void => {
    sent = world.store.version()
    sink.send({ type: 'BOOKMARK', object: bookmarkAt(target, sent, annotations) })
  }
  try {
    if (wish.initial)
      for (const object of initial(world, target, selector)) sink.send({ type: 'ADDED', object: form(object) })
    else for (const change of world.store.since(wish.from ?? 0)) emit(change)
  } catch (cause) {
    return refuse(sink, cause)
  }
  if (wish.initialEnd) bookmark({ 'k8s.io/initial-events-end': 'true' })
  const stopListening = world.store.onChange(emit)
  const news = (): void => (world.store.version() > sent ? bookmark() : undefined)
  const stopBookmarks = wish.bookmarks ? keepBookmarking(news, bookmark, wish.seconds * 1000) : () => undefined
  const close = (): void => {
    clearTimeout(timer)
    stopListening()
    stopBookmarks()
    sink.end()
  }
  const timer = setTimeout(close, wish.seconds * 1000)
  return close
}

function bookmarkAt({ resource }: Target, version: number, annotations: JsonObject): JsonObject {
  const noted = Object.keys(annotations).length > 0 ? { annotations } : {}
  return {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: { resourceVersion: String(version), ...noted },
  }
}

/** Tells a watch that its past is gone. Errors: whatever else has happened. */
function refuse(sink: Sink, cause: unknown): () => void {
  if (!(cause instanceof ApiError)) throw cause
  sink.send({ type: 'ERROR', object: cause.status() })
  sink.end()
  return () => undefined
}

function keepBookmarking(news: () => void, last: () => void, lengthMs: number): () => void {
  const often = setInterval(news, BOOKMARK_MS)
  const once = setTimeout(() => last(), Math.max(0, lengthMs - LAST_BOOKMARK_MS))
  return () => {
    clearInterval(often)
    clearTimeout(once)
  }
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
  const version = readVersion(query)
  const bookmarks = isTrue(query.get('allowWatchBookmarks'))
  const asksInitial = query.get('sendInitialEvents')
  const seconds = Number(query.get('timeoutSeconds') ?? 0)
  const whole = asksInitial === null ? version === 0 : isTrue(asksInitial)
  return {
    initial: whole,
    initialEnd: isTrue(asksInitial) && bookmarks,
    bookmarks,
    from: whole || version === 0 ? undefined : version,
    seconds: seconds > 0 ? seconds : LONGEST_SECONDS,
  }
}

/** The version to start after, 0 for what is there now. Errors: ApiError 400, 422. */
function readVersion(query: URLSearchParams): number {
  if (query.get('sendInitialEvents') !== null && query.get('resourceVersionMatch') !== 'NotOlderThan') {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      forbiddenValue('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    ])
  }
  const version = query.get('resourceVersion') ?? ''
  if (version !== '' && !/^\d+$/.test(version)) throw badRequest(`invalid resource version ${JSON.stringify(version)}`)
  return Number(version)
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
    if (after) return { type: before ? 'MODIFIED' : 'ADDED', object }
    return before ? { type: 'DELETED', object: leaving(resource, change) } : undefined
  }
}

/** What a watch is told of an object that left its selection: the state it knew, at the version of the change. */
function leaving(resource: Target['resource'], { type, object, previous, version }: Change): JsonObject {
  if (type === 'DELETED' || previous === undefined) return show(resource, object)
  const shown = show(resource, previous)
  return { ...shown, metadata: { ...objectAt(shown, 'metadata'), resourceVersion: String(version) } }
}
