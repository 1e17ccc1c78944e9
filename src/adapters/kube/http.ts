import http from 'node:http'
import https from 'node:https'
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { UnreachableError } from '../../domain/errors.ts'
import type { Json } from '../../util/json.ts'
import type { Connection, Credentials } from './connection.ts'
import { toApiError } from './status-error.ts'

/** One request to a Kubernetes API. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: Json
  readonly contentType?: string
}

/** What is told of each answered request. */
export type OnRequest = (method: string, status: number) => void

const MAX_SOCKETS = 32
const REQUEST_TIMEOUT_MS = 60_000
/** A server sends a bookmark about once a minute; a watch that is silent for longer than this is dead. */
const WATCH_IDLE_MS = 150_000
const CREDENTIALS_AGE_MS = 30_000
const MAX_RETRIES = 6

/**
 * HTTP to a Kubernetes API with kept-alive connections.
 *
 * Errors: ApiError for any answer that is no success; UnreachableError when there was none.
 *         Answers 429 and 503 with Retry-After are asked again as the server says.
 */
export class KubeHttp {
  readonly #connection: Connection
  readonly #onRequest: OnRequest
  #credentials: { readonly value: Promise<Credentials>; readonly untilMs: number } | undefined
  #agents: { readonly tls: string; readonly requests: http.Agent; readonly watches: http.Agent } | undefined

  constructor(connection: Connection, onRequest: OnRequest) {
    this.#connection = connection
    this.#onRequest = onRequest
  }

  /** The answer's JSON; `undefined` for an empty body. */
  async json(request: KubeRequest, signal: AbortSignal): Promise<Json | undefined> {
    const text = await this.text(request, signal)
    if (text === '') return undefined
    try {
      return JSON.parse(text) as Json
    } catch (cause) {
      throw unreachable('the answer is no JSON', cause)
    }
  }

  async text(request: KubeRequest, signal: AbortSignal): Promise<string> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#send(request, 'requests', signal)
      const text = await readAll(answer)
      const status = answer.statusCode ?? 0
      this.#onRequest(request.method, status)
      if (status >= 200 && status < 300) return text
      if (status === 401) this.#credentials = undefined
      const retryAfterMs = retryAfter(answer)
      const error = toApiError(status, parse(text), text, retryAfterMs)
      if (retryAfterMs === undefined || (status !== 429 && status !== 503) || attempt >= MAX_RETRIES) throw error
      await sleep(retryAfterMs, undefined, { signal })
    }
  }

  /** The lines of a streamed answer, until the server ends it. Errors: as `json`; UnreachableError when it falls silent. */
  async *lines(request: KubeRequest, signal: AbortSignal): AsyncGenerator<string> {
    const answer = await this.#send(request, 'watches', signal)
    const status = answer.statusCode ?? 0
    this.#onRequest('WATCH', status)
    if (status < 200 || status >= 300) {
      const text = await readAll(answer)
      throw toApiError(status, parse(text), text, retryAfter(answer))
    }
    answer.setTimeout(WATCH_IDLE_MS, () => answer.destroy(unreachable('the watch fell silent')))
    answer.setEncoding('utf8')
    let rest = ''
    try {
      for await (const chunk of answer as AsyncIterable<string>) {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        yield* lines.filter((line) => line !== '')
      }
    } catch (cause) {
      throw cause instanceof UnreachableError ? cause : unreachable('the watch broke', cause)
    } finally {
      answer.destroy()
    }
  }

  close(): void {
    this.#agents?.requests.destroy()
    this.#agents?.watches.destroy()
  }

  async #send(request: KubeRequest, use: 'requests' | 'watches', signal: AbortSignal): Promise<IncomingMessage> {
    const credentials = await this.#currentCredentials()
    const { url } = this.#connection
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body))
    const agents = this.#agentsFor(credentials)
    const options: https.RequestOptions = {
      method: request.method,
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port,
      path: `${url.pathname.replace(/\/$/, '')}${request.path}${queryText(request.query)}`,
      headers: {
        ...credentials.headers,
        Accept: 'application/json',
        'User-Agent': 'styrmin-agent',
        ...(body === undefined
          ? {}
          : { 'Content-Type': request.contentType ?? 'application/json', 'Content-Length': body.length }),
      },
      agent: credentials.proxy ?? agents[use],
      signal,
      ...(url.protocol === 'https:' ? credentials.tls : {}),
    }
    return exchange(options, body, request.method === 'GET')
  }

  #currentCredentials(): Promise<Credentials> {
    const now = performance.now()
    if (this.#credentials === undefined || this.#credentials.untilMs < now) {
      const value = this.#connection.credentials()
      value.catch(() => (this.#credentials = undefined))
      this.#credentials = { value, untilMs: now + CREDENTIALS_AGE_MS }
    }
    return this.#credentials.value
  }

  #agentsFor({ tls }: Credentials): { readonly requests: http.Agent; readonly watches: http.Agent } {
    const key = Object.values(tls).map(String).join('\0')
    if (this.#agents?.tls === key) return this.#agents
    const { Agent } = this.#connection.url.protocol === 'https:' ? https : http
    const requests = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, scheduling: 'lifo' })
    this.#agents = { tls: key, requests, watches: new Agent({ keepAlive: false }) }
    return this.#agents
  }
}

async function exchange(
  options: https.RequestOptions,
  body: Buffer | undefined,
  safe: boolean,
): Promise<IncomingMessage> {
  for (let attempt = 0; ; attempt++) {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const request = (options.protocol === 'https:' ? https : http).request(options, resolve)
    request.setTimeout(REQUEST_TIMEOUT_MS, () => request.destroy(new Error('no answer in 60 s')))
    request.on('error', reject)
    request.end(body)
    try {
      return await promise
    } catch (cause) {
      if (options.signal?.aborted === true) throw cause
      // A kept-alive connection may have been closed by the server in the meantime.
      if (!(safe && request.reusedSocket && attempt === 0)) throw unreachable(messageOf(cause), cause)
    }
  }
}

async function readAll(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk)
  } catch (cause) {
    throw unreachable('the answer broke off', cause)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function queryText(query: KubeRequest['query']): string {
  const given = Object.entries(query ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
}

function retryAfter(answer: IncomingMessage): number | undefined {
  const seconds = Number(answer.headers['retry-after'])
  return Number.isFinite(seconds) && answer.headers['retry-after'] !== undefined ? seconds * 1000 : undefined
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

function messageOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message
  return cause instanceof Error ? cause.message : String(cause)
}

function unreachable(why: string, cause?: unknown): UnreachableError {
  return new UnreachableError('STY500', `the Kubernetes API does not answer: ${why}`, {
    hint: 'Nothing to do: it is tried again.',
    cause,
  })
}
