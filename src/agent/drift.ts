import { lostFields } from '../core/drift/owned-fields.ts'
import { objectTitle } from '../domain/manifest.ts'
import { refKey, refOf } from '../domain/object-ref.ts'
import type { Bundle, DriftReport } from '../domain/wire.ts'
import { MANAGER, SCALE_MANAGER } from './names.ts'
import type { DeploymentResource, InventoryEntry, RunResource } from './resources.ts'
import { scopeOf } from './execute-run.ts'
import { writeStatus } from './status.ts'
import { applyOne } from './steps/apply.ts'
import { desiredObject } from './steps/desired-object.ts'
import { generatedValues } from './steps/generated.ts'
import { foldInventory, locate, type RunScope } from './steps/scope.ts'
import type { AgentWorld } from './world.ts'

const KEPT = 20

/**
 * Which applied objects are not as they were applied: gone, made anew by somebody, or with a field taken from us.
 *
 * A kind that is not followed (yet) says nothing.
 */
export function driftedEntries(world: AgentWorld, { intent, status }: DeploymentResource): readonly InventoryEntry[] {
  const live = world.watches.of(intent.deployment.id)
  return status.inventory.filter((entry) => {
    if (entry.uid === '' || entry.kind === 'CustomResourceDefinition') return false
    const seen = live.get(refKey(entry))
    return seen === undefined || seen.uid !== entry.uid || seen.fields !== entry.fields
  })
}

/** Applies what differs again, or only says so; both are told in status. */
export async function handleDrift(
  world: AgentWorld,
  found: {
    readonly deployment: DeploymentResource
    /** The run that applied it. */
    readonly run: RunResource
    readonly mode: Exclude<Bundle['drift'], 'ignore'>
  },
  signal: AbortSignal,
): Promise<void> {
  const { deployment, run, mode } = found
  const scope = await scopeOf(world, deployment, run, signal)
  const reports: DriftReport[] = []
  const entries: InventoryEntry[] = []
  const gone: string[] = []
  for (const entry of driftedEntries(world, deployment)) {
    reports.push(...(await describe(scope, entry, mode, signal)))
    if (mode === 'repair') {
      const repaired = await repair(scope, entry, signal)
      if (repaired === undefined) gone.push(refKey(entry))
      else entries.push(repaired)
    }
  }
  world.log.info({ deployment: deployment.key, mode, drift: reports }, 'objects differ from what was applied')
  foldInventory(scope.inventory, entries, gone)
  const inventory = [...scope.inventory.values()]
  await writeStatus(
    world,
    deployment.key,
    (status) => ({ ...status, inventory, drift: newest(status.drift, reports) }),
    signal,
  )
}

/** Whether everything that differs has been told already. */
export function isTold(deployment: DeploymentResource, entries: readonly InventoryEntry[]): boolean {
  const told = new Set(deployment.status.drift.map(({ object }) => object))
  return entries.every((entry) => told.has(objectTitle(entry)))
}

function newest(before: readonly DriftReport[], found: readonly DriftReport[]): readonly DriftReport[] {
  const known = new Set(found.map(({ object, pointer }) => `${object}\0${pointer}`))
  return [...before.filter(({ object, pointer }) => !known.has(`${object}\0${pointer}`)), ...found].slice(-KEPT)
}

async function describe(
  scope: RunScope,
  entry: InventoryEntry,
  mode: 'repair' | 'report',
  signal: AbortSignal,
): Promise<readonly DriftReport[]> {
  const state = mode === 'repair' ? 'repaired' : 'found'
  const now = new Date(scope.world.clock.now()).toISOString()
  const object = objectTitle(entry)
  const live = await scope.world.api.get(entry, signal)
  if (live === undefined) return [{ object, pointer: '', state, manager: '', at: now }]
  const manifest = await manifestOf(scope, entry, signal)
  if (manifest === undefined) return []
  const dressing = { ref: entry, bundle: scope.bundle, stopped: scope.stopped(), generated: {} }
  const lost = lostFields(desiredObject(manifest, dressing), live, [MANAGER, SCALE_MANAGER])
  if (lost.length === 0) return [{ object, pointer: '', state, manager: '', at: now }]
  return lost.map(({ pointer, manager, at }) => ({ object, pointer, state, manager, at: at === '' ? now : at }))
}

/** `undefined` for an object that the Instance no longer has: there is nothing to go back to. */
async function repair(
  scope: RunScope,
  entry: InventoryEntry,
  signal: AbortSignal,
): Promise<InventoryEntry | undefined> {
  const manifest = await manifestOf(scope, entry, signal)
  if (manifest === undefined) return undefined
  const generated = manifest.generated.length === 0 ? {} : (await generatedValues(scope, signal)).get(manifest)
  return applyOne(scope, manifest, generated ?? {}, signal)
}

async function manifestOf(
  scope: RunScope,
  entry: InventoryEntry,
  signal: AbortSignal,
): Promise<Bundle['manifests'][number] | undefined> {
  for (const manifest of scope.bundle.manifests.filter(({ hook }) => hook === undefined)) {
    if (refKey(await locate(refOf(manifest.object), scope, signal)) === refKey(entry)) return manifest
  }
  return undefined
}
