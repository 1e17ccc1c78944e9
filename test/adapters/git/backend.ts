import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** A real git server over HTTP on the loopback. */
export interface GitServer {
  /** `http://127.0.0.1:<port>`; a repository `<root>/a.git` is at `<url>/a.git`. */
  readonly url: string
  /** Requests since the start, as `GET /a.git/info/refs`. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

export interface GitServerOptions {
  /** A free one when left out. */
  readonly port?: number
  /** When given, requests need `Authorization: Basic` with these, or `Bearer` with the password. */
  readonly login?: { readonly username: string; readonly password: string }
  /** Called for each request; `true` means that it was answered. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean
}

/** Serves all bare repositories below a folder by git's own `git http-backend`, pushes allowed. */
export async function startGitServer(root: string, options: GitServerOptions = {}): Promise<GitServer> {
  const backend = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend')
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${new URL(request.url ?? '/', 'http://x').pathname}`)
    if (options.intercept?.(request, response) === true) return
    if (!mayEnter(request, options)) return void response.writeHead(401, { 'www-authenticate': 'Basic' }).end()
    runBackend(backend, root, request, response)
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function mayEnter({ headers }: IncomingMessage, { login }: GitServerOptions): boolean {
  if (login === undefined) return true
  const basic = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`
  return headers.authorization === basic || headers.authorization === `Bearer ${login.password}`
}

function runBackend(backend: string, root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const child = spawn(backend, {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'http.receivepack',
      GIT_CONFIG_VALUE_0: 'true',
      GIT_CONFIG_KEY_1: 'safe.directory',
      GIT_CONFIG_VALUE_1: '*',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      ...(request.headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: request.headers['content-length'] }),
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'test',
      REMOTE_ADDR: '127.0.0.1',
    },
  })
  child.stdin.on('error', () => undefined)
  request.pipe(child.stdin)
  response.on('close', () => child.kill())
  let head = Buffer.alloc(0)
  let headDone = false
  child.stdout.on('data', (part: Buffer) => {
    if (headDone) return void response.write(part)
    head = Buffer.concat([head, part])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    headDone = true
    writeHead(response, head.subarray(0, end).toString())
    response.write(head.subarray(end + 4))
  })
  child.on('close', () => response.end())
}

function writeHead(response: ServerResponse, head: string): void {
  const fields = head.split('\r\n').map((line) => line.split(/:\s*/, 2) as [string, string])
  const status = fields.find(([name]) => name.toLowerCase() === 'status')?.[1] ?? '200'
  for (const [name, value] of fields) if (name.toLowerCase() !== 'status') response.setHeader(name, value)
  response.writeHead(Number.parseInt(status, 10))
}
