import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/**
 * At which writes a process is killed: every `stride`th, beginning with `first`, counted on over restarts;
 * in turn before the API server sees the write, and after it answered but before the agent knows.
 */
export interface KillSchedule {
  readonly first: number
  readonly stride: number
}

/** A proxy that counts the writes to an API server and kills at one of them. */
export interface KillProxy {
  readonly url: string
  /** Writes since it was armed, as `PATCH /apis/…`. */
  readonly writes: () => readonly string[]
  /** Begins to count, and calls `kill` as the schedule says; leases are not counted. */
  arm(schedule: KillSchedule | undefined, kill: () => void): void
  /** How often it has killed since it was armed. */
  disarm(): number
  stop(): Promise<void>
}

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

function isWrite({ method = '', url = '' }: IncomingMessage): boolean {
  return WRITES.has(method) && !url.includes('/leases')
}

export async function startKillProxy(upstream: { readonly url: string; readonly ca?: string }): Promise<KillProxy> {
  const target = new URL(upstream.url)
  const client = target.protocol === 'https:' ? https : http
  const agent = new client.Agent({ keepAlive: true })
  let armed: { readonly schedule: KillSchedule | undefined; readonly kill: () => void } | undefined
  let writes: string[] = []
  let kills = 0

  /** When to kill at this write. */
  const next = (): 'before' | 'after' | undefined => {
    const { schedule } = armed ?? {}
    if (schedule === undefined || writes.length < schedule.first) return undefined
    if ((writes.length - schedule.first) % schedule.stride !== 0) return undefined
    return kills++ % 2 === 0 ? 'before' : 'after'
  }

  const forward = async (request: IncomingMessage, body: Buffer): Promise<IncomingMessage> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const { host: _host, ...headers } = request.headers
    const { hostname, port } = target
    const tls = upstream.ca === undefined ? {} : { ca: upstream.ca }
    const options = { hostname, port, path: request.url, method: request.method, headers, agent, ...tls }
    const sent = client.request(options, resolve)
    sent.on('error', reject)
    const gone = (): void => void sent.destroy()
    request.socket.once('close', gone)
    sent.once('close', () => request.socket.off('close', gone))
    sent.end(body)
    return promise
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request)
    const when = isWrite(request) ? count(request) : undefined
    if (when === 'before') return die(request)
    const answer = await forward(request, body)
    if (when === 'after') {
      await buffer(answer)
      return die(request)
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
    response.once('close', () => answer.destroy())
  }
  const count = (request: IncomingMessage): 'before' | 'after' | undefined => {
    writes.push(`${request.method} ${request.url?.split('?')[0]}`)
    return next()
  }
  const die = (request: IncomingMessage): void => {
    armed?.kill()
    request.socket.destroy()
  }
  const server = http.createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    writes: () => writes,
    arm: (schedule, kill) => {
      writes = []
      kills = 0
      armed = { schedule, kill }
    },
    disarm: () => {
      armed = undefined
      return kills
    },
    stop: async () => {
      server.closeAllConnections()
      agent.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
