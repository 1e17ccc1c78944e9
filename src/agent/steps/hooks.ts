import { type Manifest, type ObjectRef, objectTitle } from '../../domain/manifest.ts'
import { refKey, refOf } from '../../domain/object-ref.ts'
import { compareText, type JsonObject, objectAt, textAt } from '../../util/json.ts'
import type { EffectInput } from '../../workflow/run-steps.ts'
import { ANNOTATION_RUN, MANAGER } from '../names.ts'
import { NOTHING_STOPPED } from '../resources.ts'
import { kindsOf } from './apply.ts'
import { awaitJob } from './await-job.ts'
import { desiredObject } from './desired-object.ts'
import { generatedValues } from './generated.ts'
import { claim } from './ownership.ts'
import { explain, isTransient, locate, type RunScope } from './scope.ts'
import { waitUntil } from './wait.ts'

export type HookEvent = 'pre-install' | 'post-install' | 'pre-upgrade' | 'post-upgrade' | 'pre-delete' | 'post-delete'

const HOOK_SECONDS = 300
const BEFORE_CREATION = 'before-hook-creation'

/** The hooks of an event in the order Helm runs them: by weight, then kind, then name. */
export function hooksOf(manifests: readonly Manifest[], event: HookEvent): readonly Manifest[] {
  return manifests
    .filter(({ hook }) => hook?.events.includes(event) === true)
    .map((manifest, index) => ({ manifest, index }))
    .sort(
      (a, b) =>
        (a.manifest.hook?.weight ?? 0) - (b.manifest.hook?.weight ?? 0) ||
        compareText(refOf(a.manifest.object).name, refOf(b.manifest.object).name) ||
        a.index - b.index,
    )
    .map(({ manifest }) => manifest)
}

/**
 * Runs one hook: makes its object anew, and waits for it when it is a Job or a pod.
 *
 * Order:  an object that this run has made already is not made again.
 * Errors: SetupError when it fails; a hook that is to go when it failed is removed first.
 */
export async function runHook(scope: RunScope, manifest: Manifest, input: EffectInput): Promise<void> {
  const ref = await locate(refOf(manifest.object), scope, input.signal)
  await scope.world.watches.follow(kindsOf([manifest]), input.signal)
  try {
    await makeHook(scope, manifest, ref, input)
  } catch (error) {
    throw explain(error, ref)
  }
  try {
    await awaitHook(scope, ref, input)
  } catch (error) {
    const ended = !input.signal.aborted && !isTransient(error)
    if (ended && policiesOf(manifest).includes('hook-failed')) await removeHook(scope, manifest, input)
    throw error
  }
}

async function makeHook(scope: RunScope, manifest: Manifest, ref: ObjectRef, input: EffectInput): Promise<void> {
  const { api, watches } = scope.world
  const live = await api.get(ref, input.signal)
  if (live !== undefined && textAt(live, 'metadata', 'annotations', ANNOTATION_RUN) === runOf(scope)) {
    return watches.note(live)
  }
  if (live !== undefined && policiesOf(manifest).includes(BEFORE_CREATION)) await removeHook(scope, manifest, input)
  await claim(scope, ref, input.signal)
  const generated = manifest.generated.length === 0 ? undefined : await generatedValues(scope, input.signal)
  const object = hookObject(scope, manifest, ref, generated?.get(manifest) ?? {})
  watches.note(await api.apply(object, { fieldManager: MANAGER, force: true }, input.signal))
}

/** Removes a hook's object that is to go after it succeeded; one that is gone is fine. */
export async function tidyHook(scope: RunScope, manifest: Manifest, input: EffectInput): Promise<void> {
  if (policiesOf(manifest).includes('hook-succeeded')) await removeHook(scope, manifest, input)
}

/** Helm's default when a hook names none. */
function policiesOf({ hook }: Manifest): readonly string[] {
  const named = hook?.deletePolicies ?? []
  return named.length === 0 ? [BEFORE_CREATION] : named
}

function hookObject(scope: RunScope, manifest: Manifest, ref: ObjectRef, generated: JsonObject): JsonObject {
  const { bundle } = scope
  const desired = desiredObject(manifest, { ref, bundle, stopped: NOTHING_STOPPED, generated })
  const metadata = objectAt(desired, 'metadata')
  const annotations = { ...objectAt(metadata, 'annotations'), [ANNOTATION_RUN]: runOf(scope) }
  return { ...desired, metadata: { ...metadata, annotations } }
}

function runOf({ run }: RunScope): string {
  return run.key.split('/')[1] ?? ''
}

async function awaitHook(scope: RunScope, ref: ObjectRef, input: EffectInput): Promise<void> {
  const title = `hook ${objectTitle(ref)}`
  if (ref.kind === 'Job') return awaitJob(scope, { ref, title, timeoutSeconds: HOOK_SECONDS }, input)
  if (ref.kind !== 'Pod') return
  await waitUntil(scope, input, { timeoutMs: HOOK_SECONDS * 1000 }, () => {
    const health = scope.world.watches.of(scope.id).get(refKey(ref))?.health
    return health?.state === 'current' ? undefined : `${title}: ${health?.message ?? 'not seen yet'}`
  })
}

async function removeHook(scope: RunScope, manifest: Manifest, input: EffectInput): Promise<void> {
  const { api } = scope.world
  const ref = await locate(refOf(manifest.object), scope, input.signal)
  await claim(scope, ref, input.signal)
  if (!(await api.remove(ref, { propagation: 'Background' }, input.signal))) return
  await waitUntil(scope, input, { timeoutMs: HOOK_SECONDS * 1000, lookAgainMs: 200 }, async () =>
    (await api.get(ref, input.signal)) === undefined ? undefined : `${objectTitle(ref)} is being deleted`,
  )
}
