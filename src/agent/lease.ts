import { ApiError } from '../domain/api-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { ClusterApi } from '../ports/cluster.ts'
import { at, type JsonObject, objectAt, textAt } from '../util/json.ts'
import { LABEL_MANAGED_BY } from './names.ts'

const NAME = 'styrmin-agent'
const DURATION_MS = 15_000
const RENEW_MS = 5_000
const RETRY_MS = 1_000
/** Leading ends this long before another may begin, on our own clock. */
const MARGIN_MS = 2_000

/** Who leads, as it is told to others. */
export interface Candidate {
  readonly api: ClusterApi
  readonly clock: Clock
  readonly namespace: string
  /** `<name>_<chance>`: of two with one name the younger leads at once, because the older one must have died. */
  readonly identity: string
}

/**
 * Leads while the lease of the cluster is ours.
 *
 * Order:  `lead` is called with a signal that ends before anybody else may lead; when it ends, the lease is sought again.
 * Errors: those of `lead`; a lease that cannot be read or written is sought again until the signal ends it.
 */
export async function whileLeading(
  candidate: Candidate,
  lead: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const taken = await acquire(candidate, signal)
    if (taken === undefined) return
    const term = new AbortController()
    const leading = AbortSignal.any([signal, term.signal])
    const renewing = renew(candidate, taken, term, leading)
    try {
      await lead(leading)
    } finally {
      term.abort(new Error('the term is over'))
      await release(candidate, await renewing)
    }
  }
}

/** A lease that was taken, and when it was asked for on our own clock. */
interface Held {
  readonly lease: JsonObject
  readonly askedMs: number
}

async function acquire(candidate: Candidate, signal: AbortSignal): Promise<Held | undefined> {
  const { clock } = candidate
  let seen = { version: '', atMs: 0 }
  while (!signal.aborted) {
    try {
      const live = await read(candidate, signal)
      const version = textAt(live, 'metadata', 'resourceVersion') ?? ''
      if (version !== seen.version) seen = { version, atMs: performance.now() }
      if (live === undefined || isFree(live, candidate, performance.now() - seen.atMs)) {
        const askedMs = performance.now()
        return { lease: await take(candidate, live, signal), askedMs }
      }
    } catch (error) {
      if (signal.aborted) return undefined
      if (!(error instanceof Error)) throw error
    }
    await clock.sleep(RETRY_MS, signal).catch(() => undefined)
  }
  return undefined
}

/** Free when given up, when held by somebody of our name, or when not renewed while we watched. */
function isFree(lease: JsonObject, { identity }: Candidate, unchangedMs: number): boolean {
  const holder = textAt(lease, 'spec', 'holderIdentity') ?? ''
  const seconds = at(lease, 'spec', 'leaseDurationSeconds')
  const durationMs = typeof seconds === 'number' ? seconds * 1000 : DURATION_MS
  return holder === '' || nameOf(holder) === nameOf(identity) || unchangedMs > durationMs
}

function nameOf(identity: string): string {
  return identity.slice(0, identity.lastIndexOf('_'))
}

async function renew(
  candidate: Candidate,
  { lease, askedMs: sinceMs }: Held,
  term: AbortController,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  let held = lease
  let deadline = deadlineOf(term, sinceMs)
  while (!signal.aborted) {
    await candidate.clock.sleep(RENEW_MS, signal).catch(() => undefined)
    if (signal.aborted) break
    try {
      const askedMs = performance.now()
      held = await take(candidate, held, signal)
      clearTimeout(deadline)
      deadline = deadlineOf(term, askedMs)
    } catch (error) {
      // Somebody else has written it: it is not ours any more. Anything else may pass before the deadline.
      if (error instanceof ApiError && error.status === 409) {
        term.abort(new Error('another agent leads'))
        clearTimeout(deadline)
        return undefined
      }
    }
  }
  clearTimeout(deadline)
  return held
}

/** Counted from before the request: others may count from the moment it was written, not from its answer. */
function deadlineOf(term: AbortController, askedMs: number): NodeJS.Timeout {
  const leftMs = Math.max(0, askedMs + DURATION_MS - MARGIN_MS - performance.now())
  return setTimeout(() => term.abort(new Error('the lease could not be renewed')), leftMs)
}

/** Writes the lease as ours; its resourceVersion guards it. */
async function take(candidate: Candidate, live: JsonObject | undefined, signal: AbortSignal): Promise<JsonObject> {
  const { api, clock, namespace, identity } = candidate
  const now = new Date(clock.now()).toISOString().replace('Z', '000Z')
  const before = objectAt(live, 'spec')
  const ours = before['holderIdentity'] === identity
  const transitions = typeof before['leaseTransitions'] === 'number' ? before['leaseTransitions'] : 0
  const spec = {
    holderIdentity: identity,
    leaseDurationSeconds: DURATION_MS / 1000,
    acquireTime: ours ? (before['acquireTime'] ?? now) : now,
    renewTime: now,
    leaseTransitions: ours || live === undefined ? transitions : transitions + 1,
  }
  if (live !== undefined) return api.replace({ ...live, spec }, {}, signal)
  const metadata = { name: NAME, namespace, labels: { [LABEL_MANAGED_BY]: 'styrmin' } }
  return api.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec }, signal)
}

/** Gives the lease up, so that the next one need not wait. */
async function release({ api }: Candidate, held: JsonObject | undefined): Promise<void> {
  if (held === undefined) return
  const spec = { ...objectAt(held, 'spec'), holderIdentity: '' }
  await api.replace({ ...held, spec }, {}, AbortSignal.timeout(2_000)).catch(() => undefined)
}

async function read({ api, namespace }: Candidate, signal: AbortSignal): Promise<JsonObject | undefined> {
  return api.get({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: NAME }, signal)
}
