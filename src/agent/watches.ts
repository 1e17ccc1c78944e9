import { type Reflector, startReflector } from '../adapters/kube/reflector.ts'
import { ownedFields } from '../core/drift/owned-fields.ts'
import { type Health, healthOf } from '../core/health/health-of.ts'
import { type WorkloadFacts, workloadFacts } from '../core/health/workload-facts.ts'
import { UnreachableError } from '../domain/errors.ts'
import type { ObjectRef } from '../domain/manifest.ts'
import { refKey, refOf } from '../domain/object-ref.ts'
import type { ClusterApi } from '../ports/cluster.ts'
import { at, type JsonObject, textAt } from '../util/json.ts'
import { LABEL_ID, MANAGER, SCALE_MANAGER } from './names.ts'

/** What is kept in memory of an applied object; the object itself is not. */
export interface Live {
  readonly ref: ObjectRef
  readonly id: string
  readonly uid: string
  readonly generation: number
  /** Digest of the fields that are ours. */
  readonly fields: string
  readonly health: Health
  readonly facts?: WorkloadFacts
}

const LIST_MS = 60_000

type Kind = Pick<ObjectRef, 'apiVersion' | 'kind'>

/** All objects that carry the mark of a deployment, of every kind that was ever applied, followed. */
export class Watches {
  readonly #api: ClusterApi
  readonly #signal: AbortSignal
  readonly #onChange: (id: string, key: string) => void
  readonly #onError: (error: unknown) => void
  readonly #reflectors = new Map<string, Reflector<Live>>()
  readonly #byId = new Map<string, Map<string, Live>>()
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(
    api: ClusterApi,
    tell: { readonly onChange: (id: string, key: string) => void; readonly onError: (error: unknown) => void },
    signal: AbortSignal,
  ) {
    this.#api = api
    this.#signal = signal
    this.#onChange = tell.onChange
    this.#onError = tell.onError
  }

  /** Follows these kinds from now on, and resolves when all of them are known. Kinds that are not served are passed over. */
  async follow(kinds: readonly Kind[], signal: AbortSignal): Promise<void> {
    const synced = kinds.map(async ({ apiVersion, kind }) => {
      const key = `${apiVersion}/${kind}`
      if (!this.#reflectors.has(key)) {
        if ((await this.#api.describeKind(apiVersion, kind, signal)) === undefined) return
        if (!this.#reflectors.has(key)) this.#reflectors.set(key, this.#start({ apiVersion, kind }))
      }
      await this.#reflectors.get(key)?.synced
    })
    await inTime(Promise.all(synced), kinds)
  }

  /** The objects of a deployment by `refKey`. */
  of(id: string): ReadonlyMap<string, Live> {
    return this.#byId.get(id) ?? new Map<string, Live>()
  }

  /** Takes in the answer to a write. */
  note(object: JsonObject): void {
    const { apiVersion, kind } = refOf(object)
    this.#reflectors.get(`${apiVersion}/${kind}`)?.note(object)
  }

  /** Resolves at the next change of an object of the deployment, or when `ms` have passed. */
  async changed(id: string, ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    const wake = (): void => resolve(undefined)
    const waiting = this.#waiting.get(id) ?? new Set()
    this.#waiting.set(id, waiting.add(wake))
    const timer = setTimeout(wake, ms).unref()
    const abort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    try {
      await promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      waiting.delete(wake)
      if (waiting.size === 0) this.#waiting.delete(id)
    }
  }

  /** Wakes who waits for a change of the deployment's objects: something else about it has changed. */
  wake(id: string): void {
    for (const wake of this.#waiting.get(id) ?? []) wake()
  }

  #start({ apiVersion, kind }: Kind): Reflector<Live> {
    return startReflector(
      this.#api,
      {
        scope: { apiVersion, kind, labelSelector: LABEL_ID },
        keep: readLive,
        onChange: (_key, now, before) => this.#changed(now, before),
        onError: this.#onError,
      },
      this.#signal,
    )
  }

  #changed(now: Live | undefined, before: Live | undefined): void {
    if (before !== undefined && before.id !== now?.id) this.#set(before, undefined)
    if (now !== undefined) this.#set(now, now)
  }

  #set({ id, ref }: Live, now: Live | undefined): void {
    const objects = this.#byId.get(id) ?? new Map<string, Live>()
    const key = refKey(ref)
    if (now === undefined) objects.delete(key)
    else objects.set(key, now)
    if (objects.size === 0) this.#byId.delete(id)
    else this.#byId.set(id, objects)
    this.wake(id)
    this.#onChange(id, key)
  }
}

/** A kind that may not be listed would else hold everything up without a word. */
async function inTime(synced: Promise<unknown>, kinds: readonly Kind[]): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new UnreachableError('STY500', notListed(kinds), LISTED_HINT)), LIST_MS).unref()
  try {
    await Promise.race([synced, promise])
  } finally {
    clearTimeout(timer)
  }
}

const LISTED_HINT = { hint: 'See whether the agent may list and watch these kinds in all namespaces.' }

function notListed(kinds: readonly Kind[]): string {
  return `the objects of ${[...new Set(kinds.map(({ kind }) => kind))].join(', ')} could not be listed in time`
}

/** What is kept of an object. */
function readLive(object: JsonObject): Live {
  const facts = workloadFacts(object)
  const generation = at(object, 'metadata', 'generation')
  return {
    ref: refOf(object),
    id: textAt(object, 'metadata', 'labels', LABEL_ID) ?? '',
    uid: textAt(object, 'metadata', 'uid') ?? '',
    generation: typeof generation === 'number' ? generation : 0,
    fields: fieldsOf(object),
    health: healthOf(object),
    ...(facts === undefined ? {} : { facts }),
  }
}

/** The digest of our fields of an object, applied or scaled. */
export function fieldsOf(object: JsonObject): string {
  return ownedFields(object, [MANAGER, SCALE_MANAGER])
}
