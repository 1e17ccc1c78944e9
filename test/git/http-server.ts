import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Who may read and write; without it everybody may. */
export interface GitServerOptions {
  readonly auth?: { readonly user: string; readonly password: string }
}

/** A git server over HTTP; every bare repository under its folder is at `<url>/<name>.git`. */
export interface GitServer {
  readonly url: string
  stop(): Promise<void>
}

/** More than any test pushes; a bigger body is refused. */
const BODY_LIMIT_BYTES = 64 * 1024 * 1024
const REQUEST_LIMIT_MS = 60_000

/**
 * Serves the bare repositories under a folder on the loopback, for fetch and push.
 *
 * Source: git's own smart HTTP program, `git http-backend`, spoken to by CGI (RFC 3875).
 */
export async function startGitServer(rootFolder: string, options: GitServerOptions = {}): Promise<GitServer> {
  const server = createServer((request, response) => {
    answer(request, response, { rootFolder, ...options }).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500)
      response.end(error instanceof Error ? error.message : 'failed')
    })
  })
  server.requestTimeout = REQUEST_LIMIT_MS
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(0, '127.0.0.1', resolve)
  await promise
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => {
      server.closeAllConnections()
      return new Promise((done) => server.close(() => done()))
    },
  }
}

interface Serving extends GitServerOptions {
  readonly rootFolder: string
}

async function answer(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  if (!isAllowed(request, serving)) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
    return
  }
  const body = await bodyOf(request)
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end()
    return
  }
  const output = await runBackend(request, body, serving)
  const end = output.indexOf('\r\n\r\n')
  if (end < 0) throw new Error('git http-backend gave no answer')
  const headers = headersOf(output.subarray(0, end).toString('latin1'))
  response.writeHead(Number.parseInt(headers.get('status') ?? '200', 10), Object.fromEntries(headers))
  response.end(output.subarray(end + 4))
}

function isAllowed(request: IncomingMessage, { auth }: Serving): boolean {
  if (auth === undefined) return true
  const wanted = Buffer.from(`${auth.user}:${auth.password}`).toString('base64')
  return request.headers.authorization === `Basic ${wanted}`
}

/** The whole body, or `undefined` when it is over the limit. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > BODY_LIMIT_BYTES) return undefined
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

async function runBackend(request: IncomingMessage, body: Buffer, serving: Serving): Promise<Buffer> {
  const child = spawn('git', ['http-backend'], { env: variablesOf(request, body, serving), timeout: REQUEST_LIMIT_MS })
  const output: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
  // The program may end before it has read all; what it said then counts, not the broken pipe.
  child.stdin.on('error', () => undefined)
  child.stdin.end(body)
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', reject).once('close', resolve)
  const code = await promise
  if (code !== 0 && output.length === 0) throw new Error(`git http-backend: ${Buffer.concat(errors).toString('utf8')}`)
  return Buffer.concat(output)
}

function variablesOf(request: IncomingMessage, body: Buffer, { rootFolder, auth }: Serving): NodeJS.ProcessEnv {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost')
  return {
    PATH: process.env['PATH'],
    GIT_PROJECT_ROOT: rootFolder,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    // Whoever got this far may push, and the folder may belong to another account.
    GIT_CONFIG_COUNT: '2',
    GIT_CONFIG_KEY_0: 'http.receivepack',
    GIT_CONFIG_VALUE_0: 'true',
    GIT_CONFIG_KEY_1: 'safe.directory',
    GIT_CONFIG_VALUE_1: '*',
    REQUEST_METHOD: request.method,
    PATH_INFO: decodeURIComponent(pathname),
    QUERY_STRING: search.slice(1),
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    CONTENT_LENGTH: String(body.length),
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
    GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    REMOTE_USER: auth?.user ?? 'anonymous',
    REMOTE_ADDR: '127.0.0.1',
  }
}

function headersOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\r\n').map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    }),
  )
}
