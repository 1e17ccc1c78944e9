import { healthOf } from '../../core/health/health-of.ts'
import { ApiError } from '../../domain/api-error.ts'
import { SetupError } from '../../domain/errors.ts'
import { type Manifest, type ObjectRef, objectTitle } from '../../domain/manifest.ts'
import { refKey, refOf } from '../../domain/object-ref.ts'
import { isObject, type Json, type JsonObject, listAt, objectAt, textAt } from '../../util/json.ts'
import { mapLimited } from '../../util/map-limited.ts'
import type { EffectInput } from '../../workflow/run-steps.ts'
import { ANNOTATION_INSTANCE, LABEL_ID, MANAGER } from '../names.ts'
import type { InventoryEntry } from '../resources.ts'
import { fieldsOf } from '../watches.ts'
import { desiredObject } from './desired-object.ts'
import { generatedValues } from './generated.ts'
import { claim } from './ownership.ts'
import { entryOf, explain, locate, type RunScope } from './scope.ts'

/** Objects of one kind that are written at the same time. */
const AT_ONCE = 8
const ESTABLISHED_MS = 30_000

/**
 * Applies every object of the bundle that is no hook.
 *
 * Order:  as in the bundle, which is Helm's; kinds one after another; definitions are waited for.
 * Errors: SetupError for what will not get better by itself; ApiError and UnreachableError for the rest.
 */
export async function applyObjects(
  scope: RunScope,
  args: JsonObject,
  input: Pick<EffectInput, 'say' | 'signal'>,
): Promise<readonly InventoryEntry[]> {
  const { signal } = input
  const entries: InventoryEntry[] = []
  const objects = scope.bundle.manifests.filter(({ hook }) => hook === undefined)
  const crds = objects.filter(isDefinition)
  if (crds.length > 0) {
    await scope.world.watches.follow([refOf(crds[0]?.object ?? {})], signal)
    entries.push(...(await applyGroup(scope, await notForeign(scope, crds, signal), new Map(), signal)))
    for (const { object } of crds) await established(scope, refOf(object), input)
  }
  await scope.world.watches.follow(kindsOf(objects), signal)
  const generated = await generatedValues(scope, signal)
  await recreate(scope, args, input)
  for (const group of byKind(objects.filter((manifest) => !isDefinition(manifest)))) {
    input.say(`applying ${group.map(({ object }) => objectTitle(refOf(object))).join(', ')}`)
    entries.push(...(await applyGroup(scope, group, generated, signal)))
  }
  return entries
}

/** As Helm does: a definition of the `crds` folder that somebody else has installed is left as it is. */
async function notForeign(
  scope: RunScope,
  crds: readonly Manifest[],
  signal: AbortSignal,
): Promise<readonly Manifest[]> {
  const ours: Manifest[] = []
  for (const manifest of crds) {
    const live = manifest.crd ? await scope.world.api.get(refOf(manifest.object), signal) : undefined
    if (live === undefined || textAt(live, 'metadata', 'labels', LABEL_ID) === scope.id) ours.push(manifest)
  }
  return ours
}

function applyGroup(
  scope: RunScope,
  group: readonly Manifest[],
  generated: ReadonlyMap<Manifest, JsonObject>,
  signal: AbortSignal,
): Promise<readonly InventoryEntry[]> {
  return mapLimited(group, AT_ONCE, (manifest) => applyOne(scope, manifest, generated.get(manifest) ?? {}, signal))
}

/** Applies one manifest as it is wanted now. */
export async function applyOne(
  scope: RunScope,
  manifest: Manifest,
  generated: JsonObject,
  signal: AbortSignal,
): Promise<InventoryEntry> {
  const { world, bundle } = scope
  const ref = await locate(refOf(manifest.object), scope, signal)
  try {
    const desired = desiredObject(manifest, { ref, bundle, stopped: scope.stopped(), generated })
    const live = (await applyNew(scope, ref, desired, signal)) ?? (await applyOurs(scope, ref, desired, signal))
    world.watches.note(live)
    return entryOf(ref, textAt(live, 'metadata', 'uid') ?? '', fieldsOf(live))
  } catch (error) {
    throw explain(error, ref)
  }
}

/** No object has ever had this version, so an apply with it makes an object or is refused. */
const NO_VERSION = '1'

/** Makes an object that we have not seen; `undefined` when there is one. Spares the look before the write. */
async function applyNew(
  scope: RunScope,
  ref: ObjectRef,
  desired: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  if (scope.world.watches.of(scope.id).has(refKey(ref))) return undefined
  const metadata = { ...objectAt(desired, 'metadata'), resourceVersion: NO_VERSION }
  try {
    return await scope.world.api.apply({ ...desired, metadata }, { fieldManager: MANAGER, force: true }, signal)
  } catch (error) {
    if (error instanceof ApiError && error.status === 409) return undefined
    throw error
  }
}

async function applyOurs(
  scope: RunScope,
  ref: ObjectRef,
  desired: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject> {
  await claim(scope, ref, signal)
  return scope.world.api.apply(desired, { fieldManager: MANAGER, force: true }, signal)
}

/** Objects with fields that cannot be changed: deleted, waited for, and then applied like the others. */
async function recreate(scope: RunScope, args: JsonObject, input: Pick<EffectInput, 'say' | 'signal'>): Promise<void> {
  for (const item of listAt(args, 'recreate')) {
    const ref = await locate(refArgs(item), scope, input.signal)
    for (;;) {
      const live = await scope.world.api.get(ref, input.signal)
      const made = textAt(live, 'metadata', 'annotations', ANNOTATION_INSTANCE) === scope.bundle.instance
      if (live === undefined || made) break
      const uid = textAt(live, 'metadata', 'uid') ?? ''
      await claim(scope, ref, input.signal)
      await scope.world.api.remove(ref, { uid, propagation: 'Foreground' }, input.signal)
      input.say(`waiting until ${objectTitle(ref)} is gone`)
      await scope.world.watches.changed(scope.id, 500, input.signal)
    }
  }
}

/** Reads an object's name from the arguments of a step. */
export function refArgs(item: Json): ObjectRef {
  const text = (key: string): string => (isObject(item) ? textAt(item, key) : undefined) ?? ''
  return { apiVersion: text('apiVersion'), kind: text('kind'), namespace: text('namespace'), name: text('name') }
}

async function established(
  scope: RunScope,
  ref: ObjectRef,
  { say, signal }: Pick<EffectInput, 'say' | 'signal'>,
): Promise<void> {
  const { api, clock } = scope.world
  const endMs = clock.now() + ESTABLISHED_MS
  for (;;) {
    const live = await api.get({ ...ref, namespace: '' }, signal)
    const health = healthOf(live ?? {})
    if (live !== undefined && health.state === 'current') return
    if (health.state === 'failed' || clock.now() > endMs) {
      throw new SetupError('STY511', `${objectTitle(ref)} is not established: ${health.message}`, {
        hint: 'Look at the conditions of the CustomResourceDefinition.',
      })
    }
    say(`waiting until ${objectTitle(ref)} is established`)
    await clock.sleep(100, signal)
  }
}

/** Runs of neighbours of one kind. */
function byKind(manifests: readonly Manifest[]): readonly (readonly Manifest[])[] {
  const groups: Manifest[][] = []
  for (const manifest of manifests) {
    const last = groups.at(-1)
    if (last !== undefined && last[0]?.object['kind'] === manifest.object['kind']) last.push(manifest)
    else groups.push([manifest])
  }
  return groups
}

/** The kinds of a list of manifests, each once. */
export function kindsOf(manifests: readonly Manifest[]): readonly Pick<ObjectRef, 'apiVersion' | 'kind'>[] {
  const kinds = manifests.map(({ object }) => refOf(object))
  return [...new Map(kinds.map(({ apiVersion, kind }) => [`${apiVersion}/${kind}`, { apiVersion, kind }])).values()]
}

function isDefinition({ object }: Manifest): boolean {
  return object['kind'] === 'CustomResourceDefinition'
}

/** Keys of the objects of a bundle as they are in the cluster. */
export async function bundleKeys(scope: RunScope, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const keys = new Set<string>()
  for (const { object, hook } of scope.bundle.manifests) {
    if (hook === undefined) keys.add(refKey(await locate(refOf(object), scope, signal)))
  }
  return keys
}
