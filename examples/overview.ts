import { setTimeout as sleep } from 'node:timers/promises'
import type { StyrminClient } from '../src/sdk/index.ts'

/** One deployment as the server tells it. */
export interface SeenDeployment {
  readonly environment: { readonly name: string }
  readonly name: string
  readonly version: string | null
  readonly ready: boolean
  readonly phase: string
  readonly message: string
  readonly blocked: boolean
  readonly desired: { readonly digest: string } | null
  readonly active: { readonly digest: string; readonly appVersion: string } | null
}

/** Everything a look at the server tells. */
export interface Overview {
  readonly status: { readonly head: string | null; readonly commits: number; readonly statuses: number }
  readonly deployments: { readonly nodes: readonly SeenDeployment[] }
  readonly problems: {
    readonly nodes: readonly {
      readonly code: string
      readonly message: string
      readonly file: string | null
      readonly line: number | null
    }[]
  }
}

const OVERVIEW = `{
  status { head commits statuses }
  deployments(first: 100) { nodes {
    environment { name } name version ready phase message blocked desired { digest } active { digest appVersion }
  } }
  problems(first: 100) { nodes { code message file line } }
}`

const LOOK_MS = 150

/** What the server says now. */
export function look(client: StyrminClient, signal: AbortSignal): Promise<Overview> {
  return client.query<Overview>(OVERVIEW, {}, signal)
}

export interface Settling {
  readonly sha: string
  readonly timeoutMs: number
  /** Called with each look, also the last. */
  readonly onLook?: (seen: Overview) => void
}

/**
 * Waits until the server has taken up a commit and every deployment is as its newest good commit wants it.
 *
 * A server that does not answer for a while is waited for. Errors: when the time is up, with what was seen last.
 */
export async function settled(
  client: StyrminClient,
  { sha, timeoutMs, onLook }: Settling,
  signal: AbortSignal,
): Promise<Overview> {
  const deadline = Date.now() + timeoutMs
  let last: Overview | undefined
  while (Date.now() < deadline) {
    const seen = await look(client, signal).catch(() => undefined)
    if (seen !== undefined) {
      onLook?.(seen)
      if (seen.status.head === sha && seen.deployments.nodes.every(isDone)) return seen
      last = seen
    }
    await sleep(LOOK_MS, undefined, { signal })
  }
  throw new Error(`commit ${sha} is not settled in ${timeoutMs / 1000} s; seen last: ${JSON.stringify(last, null, 2)}`)
}

function isDone({ blocked, desired, active, ready, phase }: SeenDeployment): boolean {
  if (blocked) return true
  return desired !== null && active !== null && desired.digest === active.digest && (ready || phase === 'stopped')
}
