import { Agent as PlainAgent, type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from 'node:http'
import { Agent, request as secureRequest } from 'node:https'
import { createInterface } from 'node:readline'
import type { Json, JsonObject } from '../../../src/util/json.ts'
import { isObject, textAt as textOf, at as valueAt } from '../../../src/util/json.ts'

/** Where a Kubernetes API answers, and with which token. */
export interface KubeEndpoint {
  readonly url: string
  readonly token: string
  /** PEM of the authority that signed the server's certificate. */
  readonly ca?: string
}

/** What a request may say besides method, path and body. */
export interface Sending {
  readonly type?: string
  readonly accept?: string
  readonly token?: string
}

/** A whole answer; `at` reads its JSON body. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly body: JsonObject
  at(...path: readonly (string | number)[]): Json | undefined
  /** The text at a path of the body; empty when there is none. */
  textAt(...path: readonly (string | number)[]): string
}

/** One event of a watch. */
export interface WatchEvent {
  readonly type: string
  readonly object: JsonObject
}

/** An open watch; events wait in order until they are taken. */
export interface Watch {
  readonly status: number
  /** The next event; `undefined` when the server has ended the stream. Errors: rejects when none came in time. */
  next(timeoutMs?: number): Promise<WatchEvent | undefined>
  close(): void
}

/** A Kubernetes API over plain HTTP, with nothing between the test and the bytes. */
export interface KubeHttp {
  readonly endpoint: KubeEndpoint
  get(path: string, sending?: Sending): Promise<Reply>
  post(path: string, body: unknown, sending?: Sending): Promise<Reply>
  put(path: string, body: unknown, sending?: Sending): Promise<Reply>
  patch(path: string, body: unknown, type: PatchType, sending?: Sending): Promise<Reply>
  apply(path: string, manager: string, body: unknown, query?: string): Promise<Reply>
  delete(path: string, body?: unknown): Promise<Reply>
  watch(path: string): Promise<Watch>
  close(): void
}

export type PatchType = 'merge' | 'json' | 'strategic' | 'apply'

const PATCH_TYPES: Readonly<Record<PatchType, string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

const PATIENCE_MS = 20_000

/** Opens a client; no request is sent yet. */
export function kubeHttp(endpoint: KubeEndpoint): KubeHttp {
  const secure = endpoint.url.startsWith('https:')
  const agent = secure
    ? new Agent({ keepAlive: true, ...(endpoint.ca === undefined ? {} : { ca: endpoint.ca }) })
    : new PlainAgent({ keepAlive: true })

  function open(method: string, path: string, body: unknown, sending: Sending): Promise<IncomingMessage> {
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      accept: sending.accept ?? 'application/json',
      authorization: `Bearer ${sending.token ?? endpoint.token}`,
      ...(payload === undefined ? {} : bodyHeaders(payload, sending)),
    }
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const send = secure ? secureRequest : plainRequest
    send(new URL(path, endpoint.url), { method, agent, headers }, resolve).on('error', reject).end(payload)
    return promise
  }

  async function ask(method: string, path: string, body?: unknown, sending: Sending = {}): Promise<Reply> {
    const answer = await open(method, path, body, sending)
    const chunks: Buffer[] = []
    for await (const chunk of answer) chunks.push(chunk as Buffer)
    return reply(answer, Buffer.concat(chunks).toString('utf8'))
  }

  return {
    endpoint,
    get: (path, sending) => ask('GET', path, undefined, sending),
    post: (path, body, sending) => ask('POST', path, body, sending),
    put: (path, body, sending) => ask('PUT', path, body, sending),
    patch: (path, body, type, sending) => ask('PATCH', path, body, { type: PATCH_TYPES[type], ...sending }),
    apply: (path, manager, body, query = '') =>
      ask('PATCH', `${path}?fieldManager=${manager}${query}`, body, { type: PATCH_TYPES.apply }),
    delete: (path, body) => ask('DELETE', path, body),
    watch: async (path) => watchOf(await open('GET', path, undefined, {})),
    close: () => agent.destroy(),
  }
}

/** The length is said outright: for a DELETE, Node sends neither it nor chunks by itself. */
function bodyHeaders(payload: string, { type = 'application/json' }: Sending): Readonly<Record<string, string>> {
  return { 'content-type': type, 'content-length': String(Buffer.byteLength(payload)) }
}

function reply(answer: IncomingMessage, text: string): Reply {
  const body = parseObject(text)
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    text,
    body,
    at: (...path) => valueAt(body, ...path),
    textAt: (...path) => textOf(body, ...path) ?? '',
  }
}

function parseObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? (value as JsonObject) : {}
  } catch {
    return {}
  }
}

function watchOf(answer: IncomingMessage): Watch {
  const lines = createInterface({ input: answer })[Symbol.asyncIterator]()
  answer.on('error', () => answer.destroy())

  async function next(timeoutMs = PATIENCE_MS): Promise<WatchEvent | undefined> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new Error(`no watch event in ${timeoutMs} ms`)), timeoutMs)
    try {
      const line = await Promise.race([lines.next(), late.promise])
      return line.done === true ? undefined : (JSON.parse(line.value) as WatchEvent)
    } finally {
      clearTimeout(timer)
    }
  }

  return { status: answer.statusCode ?? 0, next, close: () => answer.destroy() }
}
