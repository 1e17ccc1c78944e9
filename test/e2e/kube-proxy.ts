import { createServer, type IncomingMessage, request as plainRequest, type ServerResponse } from 'node:http'
import { Agent, request as secureRequest } from 'node:https'
import type { AddressInfo } from 'node:net'

/** What happens to the n-th write since the proxy was armed. */
export type Cut = 'before' | 'after'

/** Stands between an agent and its API server, counts writes, and can cut one of them in the middle. */
export interface KubeProxy {
  readonly url: string
  /** A kubeconfig for the agent that goes through the proxy. */
  readonly kubeconfig: string
  /** Writes since the start. */
  writes(): number
  /** Reads since the start; a watch is one. */
  reads(): number
  /**
   * Cuts the n-th write from now: `before` it reaches the API server, or `after` it was done and before the reply.
   *
   * `strike` is awaited while the request hangs; the connection is then dropped.
   */
  arm(writesFromNow: number, cut: Cut, strike: () => Promise<void>): void
  stop(): Promise<void>
}

interface Armed {
  readonly at: number
  readonly cut: Cut
  readonly strike: () => Promise<void>
}

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/** Starts a proxy in front of an API server. */
export async function startKubeProxy(target: {
  readonly url: string
  readonly token: string
  readonly ca?: string
}): Promise<KubeProxy> {
  const secure = target.url.startsWith('https:')
  const agent = secure
    ? new Agent({ keepAlive: true, ...(target.ca === undefined ? {} : { ca: target.ca }) })
    : undefined
  let writes = 0
  let reads = 0
  let armed: Armed | undefined
  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing))

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const isWrite = WRITES.has(incoming.method ?? '')
    if (isWrite) writes++
    else reads++
    const cut = isWrite && armed !== undefined && writes >= armed.at ? armed : undefined
    if (cut !== undefined) armed = undefined
    if (cut?.cut === 'before') return drop(cut, outgoing)
    forward(incoming, outgoing, cut)
  }

  function forward(incoming: IncomingMessage, outgoing: ServerResponse, cut: Armed | undefined): void {
    const send = secure ? secureRequest : plainRequest
    const headers = { ...incoming.headers, host: new URL(target.url).host }
    const onward = send(
      new URL(incoming.url ?? '/', target.url),
      { method: incoming.method, headers, agent },
      (reply) => {
        if (cut !== undefined) {
          reply.resume()
          reply.on('end', () => void drop(cut, outgoing))
          return
        }
        outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
        reply.pipe(outgoing)
      },
    )
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    incoming.pipe(onward)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    kubeconfig: kubeconfigText(url, target.token),
    writes: () => writes,
    reads: () => reads,
    arm: (writesFromNow, cut, strike) => {
      armed = { at: writes + writesFromNow, cut, strike }
    },
    stop: async () => {
      agent?.destroy()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function drop(cut: Armed, outgoing: ServerResponse): Promise<void> {
  await cut.strike()
  outgoing.destroy()
}

function kubeconfigText(url: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'proxy', cluster: { server: url } }],
    users: [{ name: 'agent', user: { token } }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'agent' } }],
    'current-context': 'proxy',
  })
}
