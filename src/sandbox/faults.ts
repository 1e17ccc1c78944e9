/** What becomes of one request. */
export type Fate =
  | 'pass'
  /** The connection is cut and nothing is done. */
  | 'drop-before'
  /** All is done and the connection is cut before the answer. */
  | 'drop-reply'
  | { readonly status: number; readonly retryAfterSeconds?: number }

/** Decides the fate of requests; for tests of what must survive a bad network and a busy server. */
export interface Faults {
  /** Called for each write with its number, 1 for the first. */
  readonly onRequest: (n: number, method: string, path: string) => Fate
}

/** How many requests were answered, by verb and kind (`list apps/deployments`), and their sums. */
export interface RequestCounts {
  readonly byVerb: ReadonlyMap<string, number>
  readonly reads: number
  readonly writes: number
}

/** Counts requests and asks the faults about the writes among them. */
export interface Gate {
  readonly admit: (method: string, path: string) => Fate
  readonly count: (verb: string, kind: string) => void
  readonly counts: () => RequestCounts
  readonly setFaults: (faults: Faults | undefined) => void
}

const READING = new Set(['get', 'list', 'watch'])

/** Makes a gate; no faults until some are set. */
export function makeGate(initial: Faults | undefined): Gate {
  let faults = initial
  let writes = 0
  let reads = 0
  let numbered = 0
  const byVerb = new Map<string, number>()
  return {
    admit: (method, path) => {
      if (method === 'GET' || method === 'HEAD') return 'pass'
      numbered += 1
      return faults?.onRequest(numbered, method, path) ?? 'pass'
    },
    count: (verb, kind) => {
      if (READING.has(verb)) reads += 1
      else writes += 1
      const key = `${verb} ${kind}`
      byVerb.set(key, (byVerb.get(key) ?? 0) + 1)
    },
    counts: () => ({ byVerb: new Map(byVerb), reads, writes }),
    setFaults: (next) => {
      faults = next
    },
  }
}
