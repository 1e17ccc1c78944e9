import { belongsTo, type WorkloadFacts, workloadFacts } from '../../core/health/workload-facts.ts'
import { InputError } from '../../domain/errors.ts'
import type { Bundle } from '../../domain/wire.ts'
import { at, type JsonObject } from '../../util/json.ts'
import type { EffectInput } from '../../workflow/run-steps.ts'
import { SCALE_MANAGER } from '../names.ts'
import { type InventoryEntry, NOTHING_STOPPED, type Stopped } from '../resources.ts'
import { fieldsOf, type Live } from '../watches.ts'
import { isAutoscaled, isHeld, isScalable } from './desired-object.ts'
import { servingPods } from './pods.ts'
import { entryOf, explain, type RunScope } from './scope.ts'
import { waitUntil } from './wait.ts'

type Input = Pick<EffectInput, 'say' | 'signal'>

const STOP_MS = 600_000
const POD_LOOK_MS = 500

/**
 * Brings components to 0 and waits until their pods are gone.
 *
 * Order: what they had is written down first; from then on every apply and repair keeps them at 0.
 */
export async function stopComponents(
  scope: RunScope,
  components: readonly string[],
  input: Input,
): Promise<readonly InventoryEntry[]> {
  checkComponents(scope.bundle, components)
  const before = scope.stopped()
  const held = [...new Set([...before.components, ...components])].sort()
  const named = workloadsOf(scope, components)
  await scope.saveStopped(remember({ ...before, components: held, by: scope.run.key }, named), input.signal)
  return bringDown(scope, named, input)
}

/** Brings everything to 0, because the state of the deployment is stopped. */
export async function stopAll(scope: RunScope, input: Input): Promise<readonly InventoryEntry[]> {
  const all = workloadsOf(scope)
  await scope.saveStopped(remember({ ...scope.stopped(), all: true }, all), input.signal)
  return bringDown(scope, all, input)
}

/** Gives components their replicas back, unless everything is stopped. It does not wait for them. */
export async function startComponents(
  scope: RunScope,
  components: readonly string[],
  { signal }: Input,
): Promise<readonly InventoryEntry[]> {
  checkComponents(scope.bundle, components)
  const before = scope.stopped()
  const rest = before.components.filter((name) => !components.includes(name))
  const after = { ...before, components: rest, by: rest.length === 0 ? '' : before.by }
  const entries = await bringUp(scope, workloadsOf(scope, components), { before, after }, signal)
  await scope.saveStopped(forget(after, scope), signal)
  return entries
}

/** Gives everything its replicas back, but what an action has stopped. */
export async function startAll(scope: RunScope, { signal }: Input): Promise<readonly InventoryEntry[]> {
  const before = scope.stopped()
  const after = { ...before, all: false }
  const entries = await bringUp(scope, workloadsOf(scope), { before, after }, signal)
  await scope.saveStopped(forget(after, scope), signal)
  return entries
}

/** Whether something that is to stay at 0 is not. */
export function isRaised(live: Live, bundle: Bundle, stopped: Stopped): boolean {
  const { facts } = live
  if (facts === undefined || facts.kind === 'Job' || !isHeld(facts, bundle.components, stopped)) return false
  return facts.kind === 'CronJob' ? !facts.suspended : facts.kind !== 'DaemonSet' && facts.desired > 0
}

/** Brings back to 0 what somebody has raised although it is stopped. */
export async function holdAgain(scope: RunScope, signal: AbortSignal): Promise<readonly InventoryEntry[]> {
  const entries: InventoryEntry[] = []
  for (const live of workloadsOf(scope).filter((one) => isRaised(one, scope.bundle, scope.stopped()))) {
    entries.push(await setScale(scope, live, held(live.facts), signal))
  }
  return entries
}

/** Sets the replicas of one component. A component that is stopped stays so, and gets them when it is started. */
export async function scaleComponent(
  scope: RunScope,
  { component, replicas }: { readonly component: string; readonly replicas: number },
  { signal }: Input,
): Promise<readonly InventoryEntry[]> {
  checkComponents(scope.bundle, [component])
  const entries: InventoryEntry[] = []
  for (const live of workloadsOf(scope, [component]).filter(({ facts }) => isScalable(facts))) {
    if (isHeld(live.facts, scope.bundle.components, scope.stopped())) {
      const others = scope.stopped().workloads.filter(({ kind, name }) => !isSame(live.facts, { kind, name }))
      const { kind, name } = live.facts
      await scope.saveStopped({ ...scope.stopped(), workloads: [...others, { kind, name, replicas }] }, signal)
    } else {
      entries.push(await setScale(scope, live, { replicas }, signal))
    }
  }
  return entries
}

/** Errors: InputError STY516 for a component that the driver does not declare. */
export function checkComponents(bundle: Bundle, components: readonly string[]): void {
  const unknown = components.find((name) => !Object.hasOwn(bundle.components, name))
  if (unknown === undefined) return
  throw new InputError('STY516', `the driver declares no component "${unknown}"`, {
    hint: `Name one of ${Object.keys(bundle.components).sort().join(', ')}.`,
  })
}

type LiveWorkload = Live & { readonly facts: WorkloadFacts }

/** The live workloads of components, of all when none are named; Jobs run to their end and are none. Sorted by key. */
function workloadsOf(scope: RunScope, components?: readonly string[]): readonly LiveWorkload[] {
  return [...scope.world.watches.of(scope.id)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, live]) =>
      live.facts === undefined || live.facts.kind === 'Job' ? [] : [{ ...live, facts: live.facts }],
    )
    .filter(
      ({ facts }) =>
        components === undefined ||
        components.some((name) => belongsTo(facts.podLabels, scope.bundle.components[name]?.labels ?? {})),
    )
}

function remember(stopped: Stopped, workloads: readonly LiveWorkload[]): Stopped {
  const known = new Set(stopped.workloads.map(({ kind, name }) => `${kind}/${name}`))
  const added = workloads
    .filter(({ facts }) => isScalable(facts) && facts.desired > 0 && !known.has(`${facts.kind}/${facts.name}`))
    .map(({ facts }) => ({ kind: facts.kind, name: facts.name, replicas: facts.desired }))
  return { ...stopped, workloads: [...stopped.workloads, ...added] }
}

/** What is not held any more needs no memory. */
function forget(stopped: Stopped, scope: RunScope): Stopped {
  if (!stopped.all && stopped.components.length === 0) return NOTHING_STOPPED
  const held = workloadsOf(scope).filter(({ facts }) => isHeld(facts, scope.bundle.components, stopped))
  return { ...stopped, workloads: stopped.workloads.filter((one) => held.some(({ facts }) => isSame(facts, one))) }
}

async function bringDown(
  scope: RunScope,
  workloads: readonly LiveWorkload[],
  input: Input,
): Promise<readonly InventoryEntry[]> {
  const entries: InventoryEntry[] = []
  for (const live of workloads) entries.push(await setScale(scope, live, held(live.facts), input.signal))
  const names = new Set(workloads.map(({ facts }) => `${facts.kind}/${facts.name}`))
  await waitUntil(scope, input, { timeoutMs: STOP_MS, lookAgainMs: POD_LOOK_MS }, async () => {
    const busy = workloadsOf(scope).find(({ facts }) => names.has(`${facts.kind}/${facts.name}`) && facts.pods > 0)
    if (busy !== undefined) return `${busy.facts.kind}/${busy.facts.name} still has ${busy.facts.pods} pods`
    return lingering(scope, workloads, input.signal)
  })
  return entries
}

/** A pod that is being ended may still write; controllers do not count it any more. */
async function lingering(
  scope: RunScope,
  workloads: readonly LiveWorkload[],
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const { facts } of workloads.filter(({ facts: { kind } }) => kind !== 'CronJob')) {
    const pods = await servingPods(scope, facts.podLabels, signal)
    if (pods.length > 0) return `${pods.length} pods of ${facts.kind}/${facts.name} are still ending`
  }
  return undefined
}

async function bringUp(
  scope: RunScope,
  workloads: readonly LiveWorkload[],
  stopped: { readonly before: Stopped; readonly after: Stopped },
  signal: AbortSignal,
): Promise<readonly InventoryEntry[]> {
  const entries: InventoryEntry[] = []
  for (const live of workloads) {
    if (isHeld(live.facts, scope.bundle.components, stopped.after)) continue
    const spec = released(live.facts, scope.bundle, stopped.before)
    if (spec !== undefined) entries.push(await setScale(scope, live, spec, signal))
  }
  return entries
}

function held({ kind }: WorkloadFacts): JsonObject {
  if (kind === 'CronJob') return { suspend: true }
  if (kind === 'DaemonSet') return { template: { spec: { nodeSelector: { 'styrmin.io/stopped': 'true' } } } }
  return { replicas: 0 }
}

/** What the chart says wins; what was remembered stands in where it says nothing. */
function released(facts: WorkloadFacts, bundle: Bundle, before: Stopped): JsonObject | undefined {
  const manifest = manifestOf(facts, bundle)
  if (facts.kind === 'CronJob') return { suspend: at(manifest, 'spec', 'suspend') === true }
  if (facts.kind === 'DaemonSet') return {}
  const declared = at(manifest, 'spec', 'replicas')
  if (typeof declared === 'number' && !isAutoscaled(facts, bundle)) return { replicas: declared }
  const remembered = before.workloads.find((one) => isSame(facts, one))?.replicas
  if (remembered !== undefined) return { replicas: remembered }
  return facts.desired > 0 ? undefined : { replicas: 1 }
}

function manifestOf(facts: WorkloadFacts, bundle: Bundle): JsonObject | undefined {
  const found = bundle.manifests.find(({ object }) => {
    const other = workloadFacts(object)
    return other !== undefined && isSame(other, facts)
  })
  return found?.object
}

function isSame(a: Pick<WorkloadFacts, 'kind' | 'name'>, b: { readonly kind: string; readonly name: string }): boolean {
  return a.kind === b.kind && a.name === b.name
}

/** Sets only what is scaled, under a field manager of its own, so that everything else stays as it is. */
async function setScale(
  scope: RunScope,
  { ref, uid }: LiveWorkload,
  spec: JsonObject,
  signal: AbortSignal,
): Promise<InventoryEntry> {
  const { apiVersion, kind, namespace, name } = ref
  const patch = { apiVersion, kind, metadata: { namespace, name, uid }, spec }
  try {
    const live = await scope.world.api.apply(patch, { fieldManager: SCALE_MANAGER, force: true }, signal)
    scope.world.watches.note(live)
    return entryOf(ref, uid, fieldsOf(live))
  } catch (error) {
    throw explain(error, ref)
  }
}
