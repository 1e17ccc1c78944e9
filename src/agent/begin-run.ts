import { randomBytes } from 'node:crypto'
import { ApiError } from '../domain/api-error.ts'
import { refKey, refOf } from '../domain/object-ref.ts'
import type { Bundle } from '../domain/wire.ts'
import type { JsonObject } from '../util/json.ts'
import { API_VERSION, LABEL_ID, LABEL_MANAGED_BY, runName } from './names.ts'
import type { DeploymentResource, InventoryEntry, Stopped } from './resources.ts'
import { conditionsOf, writeStatus } from './status.ts'
import type { AgentWorld } from './world.ts'

/**
 * Begins the run of the newest intent.
 *
 * Order: status says it first, with everything that the run may leave behind; then the StyrminRun is made.
 *        Its name comes from the epoch, so doing this twice makes one run.
 */
export async function beginRun(world: AgentWorld, deployment: DeploymentResource, signal: AbortSignal): Promise<void> {
  const { key, intent, generation } = deployment
  const bundle = await world.bundles.read(intent.bundle, signal)
  const name = runName(key.split('/')[1] ?? '', intent.epoch)
  const now = new Date(world.clock.now()).toISOString()
  const deleting = intent.phase === 'deleting'
  const expected = deleting ? [] : await expectedObjects(world, bundle, signal)
  const said = await writeStatus(
    world,
    key,
    (status) => ({
      ...status,
      observedGeneration: generation,
      epoch: intent.epoch,
      phase: deleting ? 'deleting' : 'applying',
      ...(intent.instance === undefined ? {} : { attempted: intent.instance }),
      run: name,
      stopped: stoppedAtStart(status.stopped, intent.phase, bundle),
      inventory: union(status.inventory, expected),
      conditions: conditionsOf(
        {
          ready: false,
          reconciling: true,
          reason: deleting ? 'Deleting' : 'Applying',
          message: titleOf(deployment, bundle),
        },
        status.conditions,
        generation,
        now,
      ),
    }),
    signal,
  )
  if (said === undefined) return
  const run = runObject(said, bundle, { name, now })
  try {
    world.runs.note(await world.api.create(run, signal))
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error
    const ref = { apiVersion: API_VERSION, kind: 'StyrminRun', namespace: intent.deployment.namespace, name }
    const live = await world.api.get(ref, signal)
    if (live !== undefined) world.runs.note(live)
  }
}

function titleOf({ intent }: DeploymentResource, { appVersion, previousVersion }: Bundle): string {
  const versions = previousVersion === undefined ? appVersion : `${previousVersion} -> ${appVersion}`
  return `${intent.class} ${versions} by commit ${intent.commit.slice(0, 8)}`
}

/** Objects the run may make. A kind that is not served yet is brought by the run itself, and recorded by it. */
async function expectedObjects(
  world: AgentWorld,
  bundle: Bundle,
  signal: AbortSignal,
): Promise<readonly InventoryEntry[]> {
  const entries: InventoryEntry[] = []
  for (const { object, hook } of bundle.manifests) {
    const ref = refOf(object)
    const served = hook === undefined ? await world.api.describeKind(ref.apiVersion, ref.kind, signal) : undefined
    if (served === undefined) continue
    const namespace = served.namespaced ? bundle.deployment.namespace : ''
    entries.push({ ...ref, namespace, uid: '', fields: '' })
  }
  return entries
}

function union(before: readonly InventoryEntry[], expected: readonly InventoryEntry[]): readonly InventoryEntry[] {
  const known = new Set(before.map(refKey))
  return [...before, ...expected.filter((entry) => !known.has(refKey(entry)))]
}

/** Everything is held from the first write on when it is to be stopped; nothing is when no step of the plan starts it. */
function stoppedAtStart(stopped: Stopped, phase: string, { steps }: Bundle): Stopped {
  if (phase === 'stopped') return { ...stopped, all: true }
  return steps.some(({ kind }) => kind === 'scale-up') ? stopped : { ...stopped, all: false }
}

function runObject(
  { intent, uid, key }: DeploymentResource,
  bundle: Bundle,
  { name, now }: { readonly name: string; readonly now: string },
): JsonObject {
  const { deployment, epoch, phase, commit, plan } = intent
  const owner = { apiVersion: API_VERSION, kind: 'StyrminDeployment', name: key.split('/')[1] ?? '', uid }
  return {
    apiVersion: API_VERSION,
    kind: 'StyrminRun',
    metadata: {
      name,
      namespace: deployment.namespace,
      labels: { [LABEL_ID]: deployment.id, [LABEL_MANAGED_BY]: 'styrmin' },
      ownerReferences: [owner],
    },
    spec: {
      deployment: owner.name,
      epoch,
      class: intent.class,
      phase,
      commit,
      ...(intent.from === undefined ? {} : { from: intent.from }),
      ...(intent.instance === undefined ? {} : { instance: intent.instance }),
      plan,
      bundle: intent.bundle,
      version: bundle.appVersion,
      seed: randomBytes(16).toString('hex'),
      startedAt: now,
    },
  }
}
