import { createHash, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { signIntent, type UnsignedIntent } from '../../../src/core/intents/signature.ts'
import { decodeReport, encodeBundle } from '../../../src/core/intents/wire.ts'
import type { Digest } from '../../../src/domain/ids.ts'
import { refKey, refOf } from '../../../src/domain/object-ref.ts'
import type { Bundle, DeploymentReport, Intent } from '../../../src/domain/wire.ts'

export const TOKEN = 'a-token-of-the-cluster'

/** What a test asks for; the rest of the intent follows from the bundle. */
export interface Ask {
  readonly bundle: Bundle
  readonly plan: Digest
  readonly phase?: Intent['phase']
  readonly from?: Digest
  /** Signs with a key that no agent knows. */
  readonly forged?: boolean
}

/** The server's half of the agent API, real in what an agent can tell: signatures, digests, long-polls. */
export interface IntentServer {
  readonly url: string
  ask(ask: Ask): Intent
  /** The newest report of a deployment by its name. */
  report(name: string): DeploymentReport | undefined
  /** All phases that were reported of a deployment, in order, repeats left out. */
  readonly phases: (name: string) => readonly string[]
  readonly fills: () => number
  /** While true every request is answered with 503. */
  down: boolean
  /** Reports that are answered with this code before any is taken in. */
  refuse: { readonly status: number; times: number }
  stop(): Promise<void>
}

const { privateKey: strangerKey } = generateKeyPairSync('ed25519')

export async function startIntentServer(): Promise<IntentServer> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const intents = new Map<string, Intent>()
  const epochs = new Map<string, number>()
  const bundles = new Map<string, { readonly text: string; readonly bundle: Bundle }>()
  const reports = new Map<string, DeploymentReport[]>()
  const waiting = new Set<() => void>()
  let sequence = 0
  let fills = 0

  const routes: Readonly<
    Record<string, (request: IncomingMessage, path: string, response: ServerResponse) => Promise<unknown>>
  > = {
    hello: () =>
      Promise.resolve({
        version: 1,
        cluster: 'test',
        publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
        server: 'test',
      }),
    intents: async (request) => {
      const query = new URL(request.url ?? '', 'http://server').searchParams
      const newer = (): readonly Intent[] =>
        [...intents.values()]
          .filter((intent) => intent.sequence > Number(query.get('after')))
          .sort((a, b) => a.sequence - b.sequence)
      if (newer().length === 0) await moment(waiting, Math.min(2, Number(query.get('wait'))) * 1000)
      return { version: 1, intents: newer() }
    },
    bundles: async (request, path) => {
      const stored = bundles.get(path.split('/')[0] ?? '')
      if (stored === undefined) return undefined
      if (!path.endsWith('/fill')) return stored.text
      fills++
      return fill(stored.bundle, (JSON.parse(await text(request)) as { readonly key: string }).key)
    },
    reports: async (request, _path, response) => {
      if (self.refuse.times > 0) {
        self.refuse.times--
        response.statusCode = self.refuse.status
        return 'not this one'
      }
      const decoded = decodeReport(JSON.parse(await text(request)))
      if (!decoded.ok) throw new Error(decoded.faults.join('; '))
      for (const report of decoded.value.deployments) {
        const { name } = report.deployment
        reports.set(name, [...(reports.get(name) ?? []), report])
      }
      return { accepted: true }
    },
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (self.down) return void response.writeHead(503).end()
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return void response.writeHead(401).end('who?')
    const [, name = '', path = ''] = /^\/agent\/v1\/([a-z]+)\/?([^?]*)/.exec(request.url ?? '') ?? []
    const found = await routes[name]?.(request, path, response)
    if (found === undefined) return void response.writeHead(404).end('no such thing')
    response.writeHead(response.statusCode, { 'content-type': 'application/json' })
    response.end(typeof found === 'string' ? found : JSON.stringify(found))
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const self: IntentServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    down: false,
    refuse: { status: 0, times: 0 },
    ask: ({ bundle, plan, phase = 'running', from, forged = false }) => {
      const encoded = encodeBundle(bundle)
      bundles.set(encoded.digest, { text: encoded.text, bundle })
      const { deployment, instance } = bundle
      const epoch = (epochs.get(deployment.id) ?? 0) + 1
      epochs.set(deployment.id, epoch)
      const unsigned: UnsignedIntent = {
        version: 1,
        sequence: ++sequence,
        epoch,
        deployment,
        phase,
        commit: createHash('sha1').update(String(sequence)).digest('hex'),
        class: bundle.class,
        ...(from === undefined ? {} : { from }),
        ...(instance === undefined ? {} : { instance }),
        plan,
        bundle: encoded.digest,
      }
      const intent = signIntent(unsigned, forged ? strangerKey : privateKey)
      intents.set(deployment.id, intent)
      for (const wake of waiting) wake()
      return intent
    },
    report: (name) => reports.get(name)?.at(-1),
    phases: (name) =>
      (reports.get(name) ?? []).map(({ phase }) => phase).filter((phase, i, all) => phase !== all[i - 1]),
    fills: () => fills,
    stop: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  return self
}

async function moment(waiting: Set<() => void>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const wake = (): void => resolve(undefined)
  waiting.add(wake)
  const timer = setTimeout(wake, ms)
  await promise
  clearTimeout(timer)
  waiting.delete(wake)
}

/** As the engine does it: the same key and leaf give the same value. */
function fill(bundle: Bundle, key: string): Record<string, Record<string, string>> {
  const values: Record<string, Record<string, string>> = {}
  for (const { object, generated } of bundle.manifests) {
    for (const pointer of generated) {
      const secret = createHash('sha256').update(`${key}${pointer}`).digest('base64')
      values[refKey(refOf(object))] = { ...values[refKey(refOf(object))], [pointer]: secret }
    }
  }
  return values
}
