import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Json, JsonObject } from '../util/json.ts'
import { parseYaml } from '../util/yaml.ts'
import { type Answer, handle, type Request, unknownFormat } from './api.ts'
import { discover, openapiDocument, versionBody } from './discovery.ts'
import type { Fate, Gate } from './faults.ts'
import { parsePath } from './route.ts'
import { ApiError, badRequest } from './status.ts'
import type { World } from './world.ts'

/** All that the HTTP side needs. */
export interface HttpContext {
  readonly world: World
  readonly gate: Gate
  readonly token: string
  /** Ends of the watches that are open. */
  readonly watches: Set<() => void>
}

const BODY_LIMIT = 3 * 1024 * 1024
const OPEN = new Set(['/healthz', '/livez', '/readyz', '/version'])

/** Makes the HTTP server; it does not listen yet. */
export function makeServer(context: HttpContext): Server {
  return createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void serve(context, request, response)
  })
}

async function serve(context: HttpContext, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await answer(context, incoming, response)
  } catch (cause) {
    if (response.headersSent) response.destroy()
    else
      sendError(
        response,
        cause instanceof ApiError
          ? cause
          : new ApiError(500, 'InternalError', `Internal error occurred: ${String(cause)}`),
      )
  }
}

async function answer(context: HttpContext, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url, trusted } = addressOf(context, incoming)
  const method = incoming.method ?? 'GET'
  if (!OPEN.has(url.pathname.replace(/^(\/(?:livez|readyz|healthz))\/.*$/, '$1')) && !trusted)
    authenticate(context, incoming)
  const fate = context.gate.admit(method, url.pathname)
  if (refuse(fate, incoming, response)) return
  const fixed = fixedAnswer(context, url.pathname, incoming.headers.accept ?? '')
  const result = fixed ?? (await handleTarget(context, incoming, url))
  if (fate === 'drop-reply') return void incoming.socket.destroy()
  if (result.kind === 'stream') stream(context, response, result)
  else send(response, result)
}

/** Clients that send no token without TLS, kubectl among them, may give it in front of the path. */
function addressOf(
  { token }: HttpContext,
  incoming: IncomingMessage,
): { readonly url: URL; readonly trusted: boolean } {
  const text = incoming.url ?? '/'
  const prefix = tokenPath(token)
  const trusted = text.startsWith(`${prefix}/`)
  return { url: new URL(trusted ? text.slice(prefix.length) : text, 'http://sandbox'), trusted }
}

/** The path in front of all others that stands for the token. */
export function tokenPath(token: string): string {
  return `/with-token/${token}`
}

function authenticate({ token }: HttpContext, incoming: IncomingMessage): void {
  if (incoming.headers.authorization === `Bearer ${token}`) return
  throw new ApiError(401, 'Unauthorized', 'Unauthorized')
}

/** Carries out a fate that ends the request before anything is done. */
function refuse(fate: Fate, incoming: IncomingMessage, response: ServerResponse): boolean {
  if (fate === 'drop-before') {
    incoming.socket.destroy()
    return true
  }
  if (typeof fate !== 'object') return false
  const { status, retryAfterSeconds } = fate
  const [reason, message] = REFUSALS[status] ?? [
    'InternalError',
    'Internal error occurred: the sandbox was told to fail',
  ]
  incoming.resume()
  sendError(
    response,
    new ApiError(
      status,
      reason,
      message,
      retryAfterSeconds === undefined ? {} : { retryAfterSeconds, details: { retryAfterSeconds } },
    ),
  )
  return true
}

const REFUSALS: Readonly<Record<number, readonly [reason: string, message: string]>> = {
  409: [
    'Conflict',
    'Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again',
  ],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  500: ['InternalError', 'Internal error occurred: etcdserver: request timed out'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: [
    'Timeout',
    'the server was unable to return a response in the time allotted, but may still be processing the request',
  ],
}

const NO_PAGE: Answer = { kind: 'text', status: 404, text: '404 page not found\n' }

function fixedAnswer({ world }: HttpContext, path: string, accept: string): Answer | undefined {
  if (/^\/(healthz|livez|readyz)(\/|$)/.test(path)) return { kind: 'text', status: 200, text: 'ok' }
  if (path === '/version') return { kind: 'json', status: 200, body: versionBody(world.registry.release) }
  if (path === '/')
    return {
      kind: 'json',
      status: 200,
      body: { paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v3', '/readyz', '/version'] },
    }
  const found = path.startsWith('/openapi/v3')
    ? openapiDocument(world.registry, path)
    : discover(world.registry, path, accept)
  if (found === undefined) return undefined
  const aggregated = found['kind'] === 'APIGroupDiscoveryList'
  return {
    kind: 'json',
    status: 200,
    body: found,
    ...(aggregated ? { type: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' } : {}),
  }
}

async function handleTarget(context: HttpContext, incoming: IncomingMessage, url: URL): Promise<Answer> {
  const target = parsePath(context.world.registry, url.pathname)
  if (target === undefined) {
    incoming.resume()
    return NO_PAGE
  }
  const request: Request = {
    method: incoming.method ?? 'GET',
    target,
    query: url.searchParams,
    accept: incoming.headers.accept ?? '',
    contentType: (incoming.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '',
    userAgent: incoming.headers['user-agent'] ?? '',
    body: incoming.method === 'GET' ? undefined : await readBody(incoming),
  }
  return handle(context.world, request, (verb) =>
    context.gate.count(verb, `${target.resource.key}${target.subresource === '' ? '' : `/${target.subresource}`}`),
  )
}

/** Reads a body as JSON, or as YAML where it is no JSON. Errors: ApiError 400, 413, 415. */
async function readBody(incoming: IncomingMessage): Promise<Json | undefined> {
  const type = incoming.headers['content-type'] ?? ''
  if (/protobuf|cbor/.test(type)) {
    incoming.resume()
    throw unknownFormat()
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    size += bytes.length
    if (size <= BODY_LIMIT) chunks.push(bytes)
  }
  if (size > BODY_LIMIT)
    throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${BODY_LIMIT}`)
  if (size === 0) return undefined
  return parseBody(Buffer.concat(chunks).toString('utf8'), type)
}

function parseBody(text: string, type: string): Json {
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch (cause) {
    if (!type.includes('yaml'))
      throw badRequest(`couldn't get version/kind; json parse error: ${cause instanceof Error ? cause.message : ''}`)
  }
  const [document] = parseYaml(text)
  const fault = document?.faults[0]
  if (document === undefined || fault !== undefined)
    throw badRequest(`error decoding YAML: ${fault?.message ?? 'no document'}`)
  return document.value
}

function send(response: ServerResponse, result: Exclude<Answer, { kind: 'stream' }>): void {
  if (result.kind === 'text') {
    response.writeHead(result.status, { 'content-type': 'text/plain; charset=utf-8' }).end(result.text)
    return
  }
  const warnings = (result.warnings ?? []).map((text) => `299 - ${JSON.stringify(text)}`)
  if (warnings.length > 0) response.setHeader('warning', warnings)
  response.writeHead(result.status, { 'content-type': result.type ?? 'application/json' })
  response.end(`${JSON.stringify(result.body)}\n`)
}

function sendError(response: ServerResponse, error: ApiError): void {
  const retry = error.retryAfterSeconds
  response.writeHead(error.code, {
    'content-type': 'application/json',
    ...(retry === undefined ? {} : { 'retry-after': String(retry) }),
  })
  response.end(`${JSON.stringify(error.status())}\n`)
}

function stream(
  { watches }: HttpContext,
  response: ServerResponse,
  { open }: Extract<Answer, { kind: 'stream' }>,
): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.flushHeaders()
  const cut = (): void => void response.destroy()
  const close = open({
    send: (event: JsonObject) => {
      response.write(`${JSON.stringify(event)}\n`)
    },
    end: () => {
      watches.delete(cut)
      response.end()
    },
  })
  if (response.writableEnded) return
  watches.add(cut)
  response.on('close', () => {
    watches.delete(cut)
    close()
  })
}
