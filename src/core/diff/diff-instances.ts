// Comes in: two Instances with their objects. Goes out: what differs, at three depths.
// Never: a judgement of how much a difference matters; that is `core/verdict`.
import type { JsonPointer } from '../../domain/ids.ts'
import type { Instance } from '../../domain/instance.ts'
import type { Manifest, ObjectRef } from '../../domain/manifest.ts'
import { refOf } from '../../domain/object-ref.ts'
import type { Change, InstanceDiff, ObjectDiff } from '../../domain/plan.ts'
import type { Origin } from '../../domain/source.ts'
import { byText, isObject, type Json, type JsonObject, objectAt, own } from '../../util/json.ts'
import { pointerTo } from '../../util/pointer.ts'
import { diffObject } from './diff-object.ts'
import { diffValues } from './diff-values.ts'

/** One side of a comparison; fits a ResolvedInstance. */
export interface Side {
  readonly instance: Instance
  readonly manifests: readonly Manifest[]
  readonly origins: ReadonlyMap<JsonPointer, Origin>
}

/** What stands for every value of a Secret. */
const MASK = '(changed)'

/**
 * Compares what was with what shall be; a side that is left out has nothing.
 *
 * Order:  inputs and values by pointer, objects by kind, namespace, name.
 * Errors: none.
 */
export function diffInstances(before: Side | undefined, after: Side | undefined): InstanceDiff {
  return {
    inputs: diffInputs(before, after),
    values: diffValues(before?.instance.values ?? {}, after?.instance.values ?? {}),
    objects: diffManifests(before?.manifests ?? [], after?.manifests ?? []),
  }
}

function diffInputs(before: Side | undefined, after: Side | undefined): InstanceDiff['inputs'] {
  const changes = diffValues(inputsOf(before), inputsOf(after)).flatMap(leafChanges)
  return changes.map((change) => {
    const origin = originAt((change.kind === 'removed' ? before : after)?.origins, change.at)
    return origin === undefined ? change : { ...change, origin }
  })
}

/** An input that comes or goes as a whole, leaf by leaf, because each leaf was set by somebody; empty objects are nothing. */
function leafChanges(change: Change): readonly Change[] {
  if (change.kind === 'replaced') return [change]
  const value = change.kind === 'added' ? change.after : change.before
  if (!isObject(value)) return [change]
  return Object.keys(value)
    .sort()
    .flatMap((key) => {
      const at = pointerTo(change.at, key)
      const leaf = own(value, key) ?? null
      return leafChanges(
        change.kind === 'added' ? { kind: 'added', at, after: leaf } : { kind: 'removed', at, before: leaf },
      )
    })
}

/** What people set, at the places where the context has it, and beside it what is no part of the context. */
function inputsOf(side: Side | undefined): JsonObject {
  if (side === undefined) return {}
  const { context, appVersion, driver, policy, state, dependsOn } = side.instance
  return {
    app: { version: appVersion },
    capabilities: objectAt(context, 'cluster', 'capabilities'),
    components: objectAt(context, 'components'),
    depends_on: dependsOn,
    driver: { name: driver.name, version: driver.version, digest: driver.digest },
    instance: { config: objectAt(context, 'instance', 'config') },
    parameters: objectAt(context, 'parameters'),
    policy: { on_failure: policy.onFailure, drift: policy.drift, pod_security: policy.podSecurity },
    state,
  }
}

/** Who set a value: as its own pointer says, else the nearest one above it. */
function originAt(origins: ReadonlyMap<JsonPointer, Origin> | undefined, at: JsonPointer): Origin | undefined {
  for (let here = at; origins !== undefined; here = here.slice(0, here.lastIndexOf('/'))) {
    const found = origins.get(here)
    if (found !== undefined || here === '') return found
  }
  return undefined
}

function diffManifests(before: readonly Manifest[], after: readonly Manifest[]): readonly ObjectDiff[] {
  const [left, right] = [byIdentity(before), byIdentity(after)]
  const ids = [...new Set([...left.keys(), ...right.keys()])].sort()
  return ids
    .flatMap((id) => diffOne(left.get(id), right.get(id)))
    .sort(byText(({ ref }) => `${ref.kind}\0${ref.namespace}\0${ref.name}\0${ref.apiVersion}`))
}

function byIdentity(manifests: readonly Manifest[]): ReadonlyMap<string, Manifest> {
  return new Map(manifests.map((manifest) => [identity(manifest), manifest]))
}

/** Group without version: an object whose API version changes is the same object. */
function identity({ object, hook }: Manifest): string {
  const { apiVersion, kind, namespace, name } = refOf(object)
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return [group, kind, namespace, name, hook === undefined ? '' : hook.events.join(',')].join('\0')
}

function diffOne(before: Manifest | undefined, after: Manifest | undefined): readonly ObjectDiff[] {
  if (after === undefined) {
    return before === undefined ? [] : [{ kind: 'removed', ref: refOf(before.object), changes: [] }]
  }
  const ref = refOf(after.object)
  if (before === undefined) return [{ kind: 'added', ref, changes: [] }]
  const changes = diffObject(before.object, after.object)
  if (changes.length === 0) return []
  return [{ kind: 'changed', ref, changes: isSecret(ref) ? changes.map(masked) : changes }]
}

function isSecret({ apiVersion, kind }: ObjectRef): boolean {
  return apiVersion === 'v1' && kind === 'Secret'
}

function masked(change: Change): Change {
  if (!/^\/(data|stringData)(\/|$)/.test(change.at)) return change
  switch (change.kind) {
    case 'added':
      return { ...change, after: maskOf(change.after) }
    case 'removed':
      return { ...change, before: maskOf(change.before) }
    case 'replaced':
      return { ...change, before: maskOf(change.before), after: maskOf(change.after) }
    default:
      return change satisfies never
  }
}

function maskOf(value: Json): Json {
  return isObject(value) ? Object.fromEntries(Object.keys(value).map((key) => [key, MASK])) : MASK
}
