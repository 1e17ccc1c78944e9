// Comes in: intents, by long-poll. Goes out: one StyrminDeployment for each, its bundle stored first.
// Never: an intent whose signature was not checked; an older one over a newer one; a step of its plan.
import { verifyIntent } from '../core/intents/signature.ts'
import { ApiError } from '../domain/api-error.ts'
import { SetupError } from '../domain/errors.ts'
import type { Bundle, Intent } from '../domain/wire.ts'
import { canonicalJson } from '../util/digest.ts'
import { at, type JsonObject, textAt } from '../util/json.ts'
import { mapLimited } from '../util/map-limited.ts'
import { ANNOTATION_LOST, API_VERSION, LABEL_ENVIRONMENT, LABEL_ID, LABEL_MANAGED_BY, resourceName } from './names.ts'
import { deploymentSpec } from './resources.ts'
import { readBundle } from './server-client.ts'
import { ensureNamespaceOnce, namespaceKey } from './steps/namespace.ts'
import type { AgentWorld } from './world.ts'

const WAIT_SECONDS = 25
const AT_ONCE = 16
const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 30_000
/** A larger Context is left out of the resource; it is in the bundle. */
const MAX_CONTEXT_BYTES = 256 * 1024
const PULL_MANAGER = 'styrmin-pull'
/** Where in the order of intents this cluster is, and the key that signs them. */
const STATE_NAME = 'styrmin-agent'

/** Lets others ask for a look at all intents from the first on. */
export interface PullControl {
  restart: () => void
}

/**
 * Pulls until the signal ends it.
 *
 * It begins at the first intent, and does so again when a StyrminDeployment was lost, so that it comes back.
 */
export async function pull(world: AgentWorld, control: PullControl, signal: AbortSignal): Promise<void> {
  let failures = 0
  let after = 0
  let position = await readPosition(world, signal)
  while (!signal.aborted) {
    const interrupt = new AbortController()
    control.restart = () => {
      after = 0
      interrupt.abort(new Error('from the beginning'))
    }
    try {
      const intents = await world.server.intents(after, WAIT_SECONDS, AbortSignal.any([signal, interrupt.signal]))
      const refused = await acceptAll({ world, position }, intents, signal)
      const reached = Math.max(after, ...intents.map(({ sequence }) => sequence))
      after = Math.min(reached, ...refused.map(({ sequence }) => sequence - 1))
      if (after > position) {
        await writePosition(world, after, signal)
        position = after
      }
      failures = refused.length === 0 ? 0 : failures + 1
    } catch (error) {
      if (signal.aborted) return
      if (interrupt.signal.aborted) continue
      failures++
      world.log.warn({ err: error }, 'intents could not be pulled')
    }
    if (failures > 0) await pause(world, failures, signal)
  }
}

/** Takes in what can be taken in; gives the intents that have to be tried again. */
async function acceptAll(inbox: Inbox, intents: readonly Intent[], signal: AbortSignal): Promise<readonly Intent[]> {
  const refused = await mapLimited(intents, AT_ONCE, async (intent) => {
    try {
      await accept(inbox, intent, signal)
      return []
    } catch (error) {
      signal.throwIfAborted()
      const deployment = resourceName(intent.deployment)
      inbox.world.log.warn({ err: error, deployment, sequence: intent.sequence }, 'an intent could not be taken in')
      return [intent]
    }
  })
  return refused.flat()
}

async function pause(world: AgentWorld, failures: number, signal: AbortSignal): Promise<void> {
  const ceiling = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10))
  await world.clock.sleep(ceiling / 2 + (Math.random() * ceiling) / 2, signal).catch(() => undefined)
}

interface Inbox {
  readonly world: AgentWorld
  /** Intents up to here were taken in by this cluster before. */
  readonly position: number
}

async function accept({ world, position }: Inbox, intent: Intent, signal: AbortSignal): Promise<void> {
  const name = resourceName(intent.deployment)
  const known = world.deployments.get(`${intent.deployment.namespace}/${name}`)?.intent
  if (known === undefined) {
    // Its deletion was carried out and forgotten before.
    if (intent.phase === 'deleting' && intent.sequence <= position) return
  } else if (known.epoch > intent.epoch || isSame(known, intent)) return
  if (verifyIntent(intent, world.publicKey)) {
    return store(world, { intent, lost: known === undefined && intent.sequence <= position }, signal)
  }
  const refused = new SetupError('STY505', `an intent for ${name} is not signed by the server this agent knows`, {
    hint: `If the server's key was replaced on purpose, delete the ConfigMap ${STATE_NAME} in ${world.namespace}.`,
  })
  world.log.error({ err: refused, deployment: name, sequence: intent.sequence }, 'intent refused')
}

interface Accepted {
  readonly intent: Intent
  /** It was taken in before, and its resource is gone. */
  readonly lost: boolean
}

/** First the bundle, then the resource: what is asked for can always be carried out without the server. */
async function store(world: AgentWorld, accepted: Accepted, signal: AbortSignal): Promise<void> {
  const { bundle: digest, deployment } = accepted.intent
  const text = await world.server.bundle(digest, signal)
  await world.bundles.keep(digest, text, signal)
  const bundle = readBundle(text)
  const { environment, namespace } = deployment
  const facts = { name: namespace, environment, podSecurity: bundle.podSecurity }
  await ensureNamespaceOnce(world, facts, signal)
  try {
    await writeSpec(world, { ...accepted, bundle }, signal)
  } catch (error) {
    // Somebody has deleted the namespace; the next try makes it again.
    if (error instanceof ApiError && error.status === 404) world.namespaces.delete(namespaceKey(facts))
    throw error
  }
}

/** A spec that somebody has edited is not the same, although its epoch is. */
function isSame(known: Intent, intent: Intent): boolean {
  return (
    canonicalJson({ ...deploymentSpec(known), sequence: 0 }) ===
    canonicalJson({ ...deploymentSpec(intent), sequence: 0 })
  )
}

async function writeSpec(
  world: AgentWorld,
  accepted: Accepted & { readonly bundle: Bundle },
  signal: AbortSignal,
): Promise<void> {
  const { intent, bundle, lost } = accepted
  const { deployment } = intent
  const object: JsonObject = {
    apiVersion: API_VERSION,
    kind: 'StyrminDeployment',
    metadata: {
      name: resourceName(deployment),
      namespace: deployment.namespace,
      labels: {
        [LABEL_ID]: deployment.id,
        [LABEL_ENVIRONMENT]: deployment.environment,
        [LABEL_MANAGED_BY]: 'styrmin',
      },
      annotations: lost ? { [ANNOTATION_LOST]: 'true' } : {},
    },
    spec: {
      ...deploymentSpec(intent),
      version: bundle.appVersion,
      release: bundle.release,
      driver: { name: bundle.driver.name, version: bundle.driver.version },
      ...(canonicalJson(bundle.context).length > MAX_CONTEXT_BYTES ? {} : { context: bundle.context }),
    },
  }
  try {
    world.deployments.note(await world.api.apply(object, { fieldManager: PULL_MANAGER, force: true }, signal))
  } catch (error) {
    // The rule on epochs: a newer intent is there already.
    if (!(error instanceof ApiError && error.status === 422 && error.message.includes('older intent'))) throw error
  }
}

async function readPosition(world: AgentWorld, signal: AbortSignal): Promise<number> {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: world.namespace, name: STATE_NAME }
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const position = Number(at(await world.api.get(ref, signal), 'data', 'sequence') ?? 0)
      return Number.isSafeInteger(position) ? position : 0
    } catch (error) {
      world.log.warn({ err: error }, 'the position among the intents cannot be read')
      await world.clock.sleep(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures), signal).catch(() => undefined)
    }
  }
  return 0
}

async function writePosition({ api, namespace }: AgentWorld, sequence: number, signal: AbortSignal): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: STATE_NAME }
  await api.mergePatch(ref, { data: { sequence: String(sequence) } }, {}, signal)
}

/**
 * The key that signs intents: pinned when this cluster met its server first, and never changed by the server.
 *
 * Errors: UnreachableError as long as no key is pinned and the server does not answer.
 */
export async function pinnedKey(
  { api, server, namespace, log }: Pick<AgentWorld, 'api' | 'server' | 'namespace' | 'log'>,
  signal: AbortSignal,
): Promise<string> {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: STATE_NAME }
  const pinned = textAt(await api.get(ref, signal), 'data', 'publicKey')
  if (pinned !== undefined) return pinned
  const { publicKey, cluster } = await server.hello(signal)
  const metadata = { name: STATE_NAME, namespace, labels: { [LABEL_MANAGED_BY]: 'styrmin' } }
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { publicKey, cluster } }
  try {
    await api.create(object, signal)
    log.info({ cluster }, 'registered with the server; its key is pinned')
    return publicKey
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error
    return textAt(await api.get(ref, signal), 'data', 'publicKey') ?? publicKey
  }
}
