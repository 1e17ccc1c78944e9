import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

/** A small HTTP server for probes and metrics. */
export interface HealthServer {
  readonly port: number
  stop(): Promise<void>
}

/** Serves `/healthz`, `/readyz` and `/metrics`; 0 takes a free port. */
export async function serveHealth(port: number, registry: Registry, isReady: () => boolean): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, text: string): void => {
      response.writeHead(status, { 'content-type': type }).end(text)
    }
    const path = (request.url ?? '').split('?')[0]
    if (path === '/healthz') return answer(200, 'text/plain', 'ok\n')
    if (path === '/readyz')
      return isReady() ? answer(200, 'text/plain', 'ok\n') : answer(503, 'text/plain', 'not yet\n')
    if (path !== '/metrics') return answer(404, 'text/plain', 'not found\n')
    registry.metrics().then(
      (text) => answer(200, registry.contentType, text),
      () => answer(500, 'text/plain', 'no metrics\n'),
    )
  })
  server.listen(port)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
