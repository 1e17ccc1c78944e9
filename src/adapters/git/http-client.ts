import type { GitHttpRequest, GitHttpResponse, HttpClient } from 'isomorphic-git'
import { SetupError, UnreachableError } from '../../domain/errors.ts'

/** What is sent to one host, and to no other. */
export type GitCredential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }

export interface HttpLimits {
  /** Until the head of an answer, in milliseconds. */
  readonly answerMs: number
  /** Between two parts of a body, in milliseconds. */
  readonly stallMs: number
  /** Largest body that is read. */
  readonly maxBytes: number
}

/** Generous for a slow forge, finite for a dead one. */
const HTTP_LIMITS: HttpLimits = { answerMs: 30_000, stallMs: 60_000, maxBytes: 2 * 1024 ** 3 }

const MAX_REDIRECTS = 5

/**
 * The HTTP transport of isomorphic-git: deadlines, a byte limit, and credentials by host.
 *
 * A redirect is followed only to the same host name, so neither a credential nor a request leaves it.
 * Errors: UnreachableError STY401, SetupError STY402 for a redirect elsewhere.
 */
export function gitHttp(
  credentialOf: (host: string) => Promise<GitCredential | undefined>,
  signal: AbortSignal,
  limits: HttpLimits = HTTP_LIMITS,
): HttpClient {
  return {
    request: async (request) => {
      const body = request.body === undefined ? undefined : await collect(request.body)
      let url = new URL(request.url)
      for (let redirects = 0; ; redirects++) {
        const response = await send(url, request, { body, credential: await credentialOf(url.host), signal, limits })
        const next = redirectOf(response, url)
        if (next === undefined) return toGitResponse(response, request, signal, limits)
        if (redirects === MAX_REDIRECTS) throw unreachable(url, 'too many redirects')
        await response.body?.cancel()
        url = next
      }
    },
  }
}

interface Sending {
  readonly body: Uint8Array<ArrayBuffer> | undefined
  readonly credential: GitCredential | undefined
  readonly signal: AbortSignal
  readonly limits: HttpLimits
}

async function send(url: URL, request: GitHttpRequest, sending: Sending): Promise<Response> {
  const headers = new Headers(request.headers)
  headers.delete('authorization')
  if (sending.credential !== undefined) headers.set('authorization', authorization(sending.credential))
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), sending.limits.answerMs)
  try {
    return await fetch(url, {
      method: request.method ?? 'GET',
      headers,
      redirect: 'manual',
      signal: AbortSignal.any([sending.signal, late.signal]),
      ...(sending.body === undefined ? {} : { body: sending.body }),
    })
  } catch (cause) {
    sending.signal.throwIfAborted()
    throw unreachable(
      url,
      late.signal.aborted ? `no answer in ${sending.limits.answerMs / 1000} s` : reasonOf(cause),
      cause,
    )
  } finally {
    clearTimeout(timer)
  }
}

function authorization(credential: GitCredential): string {
  if (credential.kind === 'bearer') return `Bearer ${credential.token}`
  return `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`
}

function redirectOf(response: Response, from: URL): URL | undefined {
  const location = response.headers.get('location')
  if (![301, 302, 307, 308].includes(response.status) || location === null) return undefined
  const target = new URL(location, from)
  const downgrade = from.protocol === 'https:' && target.protocol !== 'https:'
  if (target.hostname === from.hostname && !downgrade) return target
  throw new SetupError('STY402', `${from.origin} redirects to ${target.origin}, which is not followed`, {
    hint: 'Write the address that the repository really has.',
  })
}

function toGitResponse(
  response: Response,
  request: GitHttpRequest,
  signal: AbortSignal,
  limits: HttpLimits,
): GitHttpResponse {
  return {
    url: request.url,
    method: request.method ?? 'GET',
    statusCode: response.status,
    statusMessage: response.statusText,
    headers: Object.fromEntries(response.headers),
    body: readBody(response, signal, limits),
  }
}

async function* readBody(
  response: Response,
  signal: AbortSignal,
  limits: HttpLimits,
): AsyncIterableIterator<Uint8Array> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  let size = 0
  try {
    for (;;) {
      const part = await within(reader.read(), limits.stallMs, new URL(response.url))
      if (part.done) return
      size += part.value.byteLength
      if (size > limits.maxBytes) throw unreachable(new URL(response.url), `more than ${limits.maxBytes} bytes`)
      yield part.value
    }
  } catch (cause) {
    signal.throwIfAborted()
    throw cause instanceof UnreachableError ? cause : unreachable(new URL(response.url), reasonOf(cause), cause)
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

async function within<T>(promise: Promise<T>, ms: number, url: URL): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachable(url, `nothing came for ${ms / 1000} s`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

async function collect(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return new Uint8Array(Buffer.concat(parts))
}

function unreachable(url: URL, why: string, cause?: unknown): UnreachableError {
  return new UnreachableError('STY401', `${url.origin} did not answer: ${why}`, {
    hint: 'Check the address and the network; it is tried again.',
    cause,
  })
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error ? inner.message : String(inner)
}
