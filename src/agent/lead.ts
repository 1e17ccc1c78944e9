import type { Again } from '../adapters/kube/queue.ts'
import { startReflector, type Reflector } from '../adapters/kube/reflector.ts'
import { objectAt, type JsonObject } from '../util/json.ts'
import { collect } from './collect.ts'
import { CONCURRENCY } from './config.ts'
import { isMissed } from './forget.ts'
import { installCrds } from './install-crds.ts'
import type { AgentMetrics } from './metrics.ts'
import { API_VERSION, LABEL_ID, resourceKey } from './names.ts'
import { pinnedKey, pull, type PullControl } from './pull.ts'
import { reconcile } from './reconcile.ts'
import type { Reporter } from './reporter.ts'
import { type DeploymentResource, readDeployment, readRun, type RunResource } from './resources.ts'
import { Watches } from './watches.ts'
import type { AgentWorld } from './world.ts'

/** What there is before the cluster was read. */
export interface Parts
  extends Pick<
    AgentWorld,
    | 'api'
    | 'server'
    | 'bundles'
    | 'queue'
    | 'clock'
    | 'log'
    | 'namespace'
    | 'verified'
    | 'observed'
    | 'repairs'
    | 'namespaces'
  > {
  readonly reporter: Reporter
  /** The world, once the cluster was read. */
  ready?: AgentWorld
}

/**
 * One term of leading: reads the cluster, then pulls, works and reports until the signal ends it.
 *
 * Errors: of the beginning; what goes wrong later is tried again by the part that it goes wrong in.
 */
export async function lead(
  parts: Parts,
  options: { readonly concurrency: number | undefined; readonly onPass: AgentMetrics['onPass'] },
  signal: AbortSignal,
): Promise<void> {
  await installCrds(parts.api, parts.clock, signal)
  const control: PullControl = { restart: () => {} }
  const world = await openWorld(parts, control, options.onPass, signal)
  parts.ready = world
  for (const [key] of world.deployments.entries()) {
    world.queue.add(key)
    world.touch(key)
  }
  parts.log.info({ deployments: world.deployments.size }, 'leading')
  const pass = async (key: string): Promise<Again> => {
    const startMs = performance.now()
    const again = await reconcile(key, world, signal)
    options.onPass(again.kind === 'retry' ? 'retry' : 'ok', (performance.now() - startMs) / 1000)
    return again
  }
  await Promise.all([
    pull(world, control, signal),
    world.queue.run(pass, options.concurrency ?? CONCURRENCY, signal),
    parts.reporter.run(world, signal),
    collect(world, signal),
    world.deployments.done,
    world.runs.done,
  ])
}

async function openWorld(
  parts: Parts,
  control: PullControl,
  onPass: AgentMetrics['onPass'],
  signal: AbortSignal,
): Promise<AgentWorld> {
  const { api, queue, reporter, log } = parts
  const ids = new Map<string, string>()
  const onError = (error: unknown): void => log.warn({ err: error }, 'a watch is begun anew')
  const watches = new Watches(
    api,
    {
      onChange: (id) => {
        const key = ids.get(id)
        if (key !== undefined) queue.add(key)
      },
      onError,
    },
    signal,
  )
  const deployments: Reflector<DeploymentResource | undefined> = startReflector(
    api,
    {
      scope: { apiVersion: API_VERSION, kind: 'StyrminDeployment' },
      keep: (object) => readDeployment(slim(object)),
      onChange: (key, now, before) => {
        noteId(ids, key, { now, before })
        if (now === undefined && isMissed(before)) control.restart()
        watches.wake(now?.intent.deployment.id ?? '')
        queue.add(key)
        reporter.touch(key)
      },
      onError,
    },
    signal,
  )
  const runs: Reflector<RunResource | undefined> = startReflector(
    api,
    {
      scope: { apiVersion: API_VERSION, kind: 'StyrminRun', labelSelector: LABEL_ID },
      keep: (object) => readRun(slim(object)),
      onChange: (key, now) => {
        if (now !== undefined) reporter.touch(`${key.split('/')[0] ?? ''}/${now.deployment}`)
      },
      onError,
    },
    signal,
  )
  await Promise.all([deployments.synced, runs.synced])
  return {
    ...parts,
    publicKey: await pinnedKey(parts, signal),
    deployments,
    runs,
    watches,
    isReported: (key, epoch) => reporter.isReported(key, epoch),
    touch: (key) => reporter.touch(key),
    say: (key, message) => reporter.say(key, message),
    onFailure: (transient) => onPass(transient ? 'retry' : 'error', 0),
  }
}

/** Where the deployment of an id is; a copy under another name is not it. */
function noteId(
  ids: Map<string, string>,
  key: string,
  seen: { readonly now: DeploymentResource | undefined; readonly before: DeploymentResource | undefined },
): void {
  const deployment = (seen.now ?? seen.before)?.intent.deployment
  if (deployment === undefined || key !== resourceKey(deployment)) return
  if (seen.now === undefined) ids.delete(deployment.id)
  else ids.set(deployment.id, key)
}

/** Without what is large and never read here. A status is written with the rest left as the API server has it. */
function slim(object: JsonObject): JsonObject {
  const { managedFields: _managedFields, ...metadata } = objectAt(object, 'metadata')
  const { context: _context, ...spec } = objectAt(object, 'spec')
  return { ...object, metadata, spec }
}
