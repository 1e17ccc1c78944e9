import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { decodeReport } from '../../core/intents/wire.ts'
import { type Digest, parseDigest } from '../../domain/ids.ts'
import type { Hello, Intent, IntentList } from '../../domain/wire.ts'
import { DEPLOYMENT_KEY_BYTES } from '../../domain/deployment-key.ts'
import { fillValues } from '../../pipeline/fill-values.ts'
import type { StoredBundle } from '../../ports/store.ts'
import { absorb } from '../absorb.ts'
import { requestOf } from '../render-requests.ts'
import type { ServerState } from '../state.ts'
import type { ServerTools } from '../tools.ts'

const MAX_WAIT_SECONDS = 30
const MAX_REPORT_BYTES = 16 * 1024 * 1024
/** A store that was restored may be behind its agents, but never by this much. */
const MAX_SEQUENCE = 2 ** 40

/** What the agent API is told of a request: the cluster whose token it carries. */
export interface AgentEnv {
  readonly Variables: { readonly cluster: string }
}

/**
 * The agent API, version 1; who asks was checked before.
 *
 * An agent sees what concerns its own cluster; everything else is `404`, as if it were not there.
 */
export function agentApi(tools: ServerTools, version: string, stopping: AbortSignal): Hono<AgentEnv> {
  const { state, key, metrics, journal } = tools
  const api = new Hono<AgentEnv>()
  api.get('/hello', (context) => {
    const answer: Hello = {
      version: 1,
      cluster: context.get('cluster'),
      publicKey: key.publicKeyPem,
      server: `styrmin/${version}`,
    }
    return context.json(answer)
  })
  api.get('/intents', async (context) => {
    const after = numberOf(context.req.query('after'))
    const wait = Math.min(numberOf(context.req.query('wait')), MAX_WAIT_SECONDS)
    const signal = AbortSignal.any([context.req.raw.signal, stopping])
    const intents = await newIntents(context.get('cluster'), { after, waitMs: wait * 1000 }, state, signal)
    return context.json({ version: 1, intents } satisfies IntentList)
  })
  api.get('/bundles/:digest', async (context) => {
    const bundle = await bundleFor(context.get('cluster'), context.req.param('digest'), tools)
    if (bundle === undefined) return context.json({ error: 'no such bundle' }, 404)
    return context.body(bundle.text, 200, { 'content-type': 'application/json' })
  })
  api.post('/bundles/:digest/fill', bodyLimit({ maxSize: 1024 }), async (context) => {
    const bundle = await bundleFor(context.get('cluster'), context.req.param('digest'), tools)
    if (bundle === undefined) return context.json({ error: 'no such bundle' }, 404)
    const ownKey = keyOf(await context.req.json().catch(() => undefined))
    if (ownKey === undefined) return context.json({ error: `key must be ${DEPLOYMENT_KEY_BYTES} bytes in base64` }, 400)
    const instance = parseDigest(String((JSON.parse(bundle.text) as { instance?: string }).instance))
    const found = instance && (await requestOf(bundle, instance, tools, stopping))
    if (found === undefined) return context.json({ error: 'the commit no longer gives this Instance' }, 409)
    return context.json(await fillValues({ ...found, key: ownKey }, tools.renderer, stopping))
  })
  api.post('/reports', bodyLimit({ maxSize: MAX_REPORT_BYTES }), async (context) => {
    const decoded = decodeReport(await context.req.json().catch(() => undefined))
    metrics.reports.inc({ result: decoded.ok ? 'ok' : 'refused' })
    if (!decoded.ok) return context.json({ error: decoded.faults.slice(0, 20).join('; ') }, 400)
    await journal.change(() => absorb(decoded.value, context.get('cluster'), tools, stopping))
    return context.json({ accepted: true })
  })
  return api
}

function numberOf(text: string | undefined): number {
  const number = Number(text ?? 0)
  return Number.isSafeInteger(number) && number > 0 ? number : 0
}

function keyOf(body: unknown): Uint8Array | undefined {
  const text = typeof body === 'object' && body !== null && 'key' in body ? body.key : undefined
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64') : undefined
  return bytes?.byteLength === DEPLOYMENT_KEY_BYTES ? bytes : undefined
}

/** The newest intent of each deployment of a cluster after a sequence; waits for one when there is none. */
async function newIntents(
  cluster: string,
  { after, waitMs }: { readonly after: number; readonly waitMs: number },
  state: ServerState,
  signal: AbortSignal,
): Promise<readonly Intent[]> {
  if (after < MAX_SEQUENCE) state.raiseSequence(cluster, after)
  const now = intentsAfter(cluster, after, state)
  if (now.length > 0 || waitMs === 0 || signal.aborted) return now
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      stop()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, waitMs)
    const stop = state.listen((event) => {
      if (event.kind === 'intent' && event.cluster === cluster) done()
    })
    signal.addEventListener('abort', done, { once: true })
  })
  return intentsAfter(cluster, after, state)
}

function intentsAfter(cluster: string, after: number, state: ServerState): readonly Intent[] {
  return state
    .deployments()
    .flatMap(({ intended }) =>
      intended?.cluster === cluster && intended.intent.sequence > after ? [intended.intent] : [],
    )
    .sort((a, b) => a.sequence - b.sequence)
}

/** Only bundles of deployments of the agent's own cluster. */
async function bundleFor(cluster: string, text: string, tools: ServerTools): Promise<StoredBundle | undefined> {
  const digest: Digest | undefined = parseDigest(text)
  const bundle = digest && (await tools.store.bundle(digest))
  if (bundle === undefined) return undefined
  const known = tools.state.deployment(bundle.key)
  return (known?.intended?.cluster ?? known?.cluster) === cluster ? bundle : undefined
}
