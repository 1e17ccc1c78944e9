import { createHash, timingSafeEqual } from 'node:crypto'
import type { ServerConfig } from '../config.ts'
import type { KnownCluster } from '../../ports/store.ts'
import type { ServerState } from '../state.ts'

/** Who asks, as far as it is known. */
export type Caller =
  | { readonly kind: 'agent'; readonly cluster: string }
  | { readonly kind: 'reader'; readonly name: string }
  | { readonly kind: 'nobody' }

/** What is asked for. */
export type Asked = 'agent-api' | 'read'

/** Says who holds a bearer token. */
export function callerOf(
  authorization: string | undefined,
  config: Pick<ServerConfig, 'auth' | 'localAgentToken'>,
  state: Pick<ServerState, 'head'>,
): Caller {
  const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) return { kind: 'nobody' }
  const hash = hashOf(token)
  const cluster = state.head()?.clusters.find((one) => agentHashes(one, config).some((known) => same(hash, known)))
  if (cluster !== undefined) return { kind: 'agent', cluster: cluster.name }
  const reader = config.auth?.tokens.find((one) => same(hash, one.hash))
  return reader === undefined ? { kind: 'nobody' } : { kind: 'reader', name: reader.name }
}

function agentHashes(
  { name, agentTokenHash }: KnownCluster,
  { localAgentToken }: Pick<ServerConfig, 'localAgentToken'>,
): readonly string[] {
  const local = localAgentToken?.(name)
  return [...(agentTokenHash === undefined ? [] : [agentTokenHash]), ...(local === undefined ? [] : [hashOf(local)])]
}

/**
 * The one place that says yes; everything not listed is no.
 *
 * Without `auth` whoever reaches the server may read, which is why it then listens on the loopback only.
 */
export function mayDo(caller: Caller, asked: Asked, config: Pick<ServerConfig, 'auth'>): boolean {
  if (asked === 'agent-api') return caller.kind === 'agent'
  if (asked === 'read') return caller.kind === 'reader' || config.auth === undefined
  return asked satisfies never
}

function hashOf(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex')}`
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
