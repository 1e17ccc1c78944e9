import { type ObjectRef, objectTitle } from '../../domain/manifest.ts'
import { refKey, refOf } from '../../domain/object-ref.ts'
import { compareText, type JsonObject, listAt, objectAt, textAt } from '../../util/json.ts'
import { mapLimited } from '../../util/map-limited.ts'
import type { EffectInput } from '../../workflow/run-steps.ts'
import { LABEL_ID } from '../names.ts'
import type { InventoryEntry } from '../resources.ts'
import { bundleKeys, refArgs } from './apply.ts'
import { explain, locate, type RunScope } from './scope.ts'
import { waitUntil } from './wait.ts'

type Input = Pick<EffectInput, 'say' | 'signal'>

const GONE_MS = 300_000
const LOOK_MS = 500
const AT_ONCE = 8

/**
 * Removes what belongs to the deployment and is no longer in the bundle, and what the step names.
 *
 * Claims and definitions stay, and so does what says `helm.sh/resource-policy: keep` or is not ours.
 * Shape: the keys of what the deployment no longer has.
 */
export async function prune(scope: RunScope, args: JsonObject, input: Input): Promise<readonly string[]> {
  const wanted = await bundleKeys(scope, input.signal)
  const named = await namedObjects(scope, args, input.signal)
  const leftovers = [...scope.inventory.values()].filter((entry) => !isData(entry))
  const gone = new Map([...named, ...leftovers].map((ref) => [refKey(ref), ref]))
  for (const key of wanted) gone.delete(key)
  await removeAll(scope, [...gone.values()], input)
  return [...gone.keys()].sort()
}

/**
 * Deletes the objects that a step names, and what an unfinished change has left.
 *
 * Order: as named; leftovers only with the workloads' step, before anything they may use is gone.
 */
export async function deleteObjects(
  scope: RunScope,
  step: { readonly name: string; readonly args: JsonObject },
  input: Input,
): Promise<readonly string[]> {
  const named = await namedObjects(scope, step.args, input.signal)
  const claims = await templateClaims(scope, step.args, input.signal)
  const jobs = step.name === 'delete-workloads' ? await ownJobs(scope, input.signal) : []
  const all = new Map([...named, ...claims, ...jobs].map((ref) => [refKey(ref), ref]))
  await removeAll(scope, [...all.values()], input)
  return [...all.keys()].sort()
}

/** What is left in the inventory when everything named was deleted: objects of changes that never ended. */
export async function deleteLeftovers(scope: RunScope, input: Input): Promise<readonly string[]> {
  const rest = [...scope.inventory.values()].filter((entry) => !isData(entry)).reverse()
  await removeAll(scope, rest, input)
  return rest.map(refKey)
}

async function namedObjects(scope: RunScope, args: JsonObject, signal: AbortSignal): Promise<readonly ObjectRef[]> {
  const refs: ObjectRef[] = []
  for (const item of listAt(args, 'objects')) {
    const ref = refArgs(item)
    const served = await scope.world.api.describeKind(ref.apiVersion, ref.kind, signal)
    if (served !== undefined) refs.push(await locate(ref, scope, signal))
  }
  return refs
}

/** Claims that StatefulSets made from their templates: `<template>-<set>-<ordinal>`. */
async function templateClaims(scope: RunScope, args: JsonObject, signal: AbortSignal): Promise<readonly ObjectRef[]> {
  const templates = listAt(args, 'claimTemplates')
  if (templates.length === 0) return []
  const prefixes = templates.map((one) => `${textAt(one, 'template') ?? ''}-${textAt(one, 'statefulSet') ?? ''}-`)
  const kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: scope.namespace }
  const { items } = await scope.world.api.list(kind, signal)
  return items
    .map((claim) => textAt(claim, 'metadata', 'name') ?? '')
    .filter((name) => prefixes.some((prefix) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length))))
    .sort(compareText)
    .map((name) => ({ ...kind, name }))
}

/** Jobs of runs and hooks carry our mark, but are in no manifest. */
async function ownJobs(scope: RunScope, signal: AbortSignal): Promise<readonly ObjectRef[]> {
  const kind = { apiVersion: 'batch/v1', kind: 'Job', namespace: scope.namespace }
  const labelSelector = `${LABEL_ID}=${scope.id}`
  const { items } = await scope.world.api.list({ ...kind, labelSelector }, signal)
  return items
    .map((job) => ({ ...kind, name: textAt(job, 'metadata', 'name') ?? '' }))
    .sort((a, b) => compareText(a.name, b.name))
}

function isData({ kind }: Pick<InventoryEntry, 'kind'>): boolean {
  return kind === 'PersistentVolumeClaim' || kind === 'CustomResourceDefinition'
}

async function removeAll(scope: RunScope, refs: readonly ObjectRef[], input: Input): Promise<void> {
  const waiting = await mapLimited(refs, AT_ONCE, async (ref) => {
    input.say(`deleting ${objectTitle(ref)}`)
    return (await removeOne(scope, ref, input.signal)) ? [ref] : []
  })
  const left = new Map(waiting.flat().map((ref) => [refKey(ref), ref]))
  if (left.size === 0) return
  await waitUntil(scope, input, { timeoutMs: GONE_MS, lookAgainMs: LOOK_MS }, async () => {
    for (const [key, ref] of left) {
      if ((await scope.world.api.get(ref, input.signal)) === undefined) left.delete(key)
      else return `${objectTitle(ref)} is being deleted`
    }
    return undefined
  })
}

/** Whether it is on its way out; false when it was not there, or is not ours to delete. */
async function removeOne(scope: RunScope, ref: ObjectRef, signal: AbortSignal): Promise<boolean> {
  const { api, log } = scope.world
  try {
    const live = await api.get(ref, signal)
    if (live === undefined) return false
    if (!mayRemove(scope, ref, live)) {
      log.warn({ object: refKey(ref), deployment: scope.key }, 'left an object that is not to be deleted')
      return false
    }
    const uid = textAt(live, 'metadata', 'uid')
    return await api.remove(ref, { ...(uid === undefined ? {} : { uid }), propagation: 'Background' }, signal)
  } catch (error) {
    throw explain(error, ref)
  }
}

/** Our mark, the uid that was applied, and nobody's wish to keep it; claims of our StatefulSets carry no mark. */
function mayRemove(scope: RunScope, ref: ObjectRef, live: JsonObject): boolean {
  if (textAt(live, 'metadata', 'annotations', 'helm.sh/resource-policy') === 'keep') return false
  const mark = textAt(live, 'metadata', 'labels', LABEL_ID)
  if (ref.kind === 'PersistentVolumeClaim' && mark === undefined) return isOfOurSet(scope, ref, live)
  const known = scope.inventory.get(refKey(ref))?.uid ?? ''
  return mark === scope.id && (known === '' || known === textAt(live, 'metadata', 'uid'))
}

/** Whether the StatefulSet controller made the claim for a set of the bundle: its name and the set's labels say so. */
function isOfOurSet({ bundle }: RunScope, { name }: ObjectRef, live: JsonObject): boolean {
  const labels = objectAt(live, 'metadata', 'labels')
  return bundle.manifests.some(({ object }) => {
    const set = refOf(object)
    const wanted = Object.entries(objectAt(object, 'spec', 'selector', 'matchLabels'))
    if (set.kind !== 'StatefulSet' || wanted.some(([key, value]) => labels[key] !== value)) return false
    const templates = listAt(object, 'spec', 'volumeClaimTemplates')
    return templates.some((one) => name.startsWith(`${textAt(one, 'metadata', 'name') ?? ''}-${set.name}-`))
  })
}
