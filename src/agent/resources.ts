import { type Digest, parseDigest, parseStableId } from '../domain/ids.ts'
import type { ObjectRef } from '../domain/manifest.ts'
import type { ComponentReport, DeploymentRef, DeploymentReport, DriftReport, Intent } from '../domain/wire.ts'
import { at, isObject, type Json, type JsonObject, listAt, objectAt, textAt } from '../util/json.ts'
import type { StepRecord } from '../workflow/journal.ts'
import { API_VERSION } from './names.ts'

/** `metav1.Condition`. */
export interface Condition {
  readonly type: 'Ready' | 'Reconciling' | 'Stalled'
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
  readonly observedGeneration: number
  readonly lastTransitionTime: string
}

/** An applied object; `uid` and `fields` are `''` until it was applied. */
export interface InventoryEntry extends ObjectRef {
  readonly uid: string
  /** Digest of the fields that are ours, to see that somebody took one. */
  readonly fields: string
}

/** What stays at 0 until it is started. */
export interface Stopped {
  readonly all: boolean
  /** Sorted. */
  readonly components: readonly string[]
  /** The run that stopped the components; `''` when none is stopped. */
  readonly by: string
  /** What a workload had before it was stopped. */
  readonly workloads: readonly { readonly kind: string; readonly name: string; readonly replicas: number }[]
}

export type DeploymentPhase = DeploymentReport['phase']

export interface DeploymentStatus {
  readonly observedGeneration: number
  readonly epoch: number
  readonly phase: DeploymentPhase
  readonly active?: Digest
  readonly activeVersion?: string
  readonly activeBundle?: Digest
  readonly attempted?: Digest
  readonly run?: string
  readonly stopped: Stopped
  readonly inventory: readonly InventoryEntry[]
  readonly components: readonly ComponentReport[]
  readonly drift: readonly DriftReport[]
  readonly conditions: readonly Condition[]
}

/** A StyrminDeployment, read. */
export interface DeploymentResource {
  readonly key: string
  /** As it is in the cluster, for the next write. */
  readonly object: JsonObject
  readonly generation: number
  readonly uid: string
  /** The intent that its spec holds. */
  readonly intent: Intent
  readonly version: string
  readonly release: string
  readonly status: DeploymentStatus
}

export type RunPhase = 'Running' | 'Succeeded' | 'Failed' | 'Superseded' | 'NeedsAttention'

/** A StyrminRun, read. */
export interface RunResource {
  readonly key: string
  readonly object: JsonObject
  readonly deployment: string
  readonly epoch: number
  readonly class: string
  readonly bundle: Digest
  readonly plan: Digest
  readonly instance?: Digest
  readonly version: string
  readonly seed: string
  readonly startedAt: string
  readonly phase: RunPhase
  readonly message: string
  readonly steps: readonly StepRecord[]
}

export const NOTHING_STOPPED: Stopped = { all: false, components: [], by: '', workloads: [] }

/** Reads a StyrminDeployment; `undefined` when it is none that this version can read. */
export function readDeployment(object: JsonObject): DeploymentResource | undefined {
  const intent = readIntent(object)
  if (intent === undefined) return undefined
  const status = objectAt(object, 'status')
  return {
    key: `${textAt(object, 'metadata', 'namespace') ?? ''}/${textAt(object, 'metadata', 'name') ?? ''}`,
    object,
    generation: numberAt(object, 'metadata', 'generation'),
    uid: textAt(object, 'metadata', 'uid') ?? '',
    intent,
    version: textAt(object, 'spec', 'version') ?? '',
    release: textAt(object, 'spec', 'release') ?? '',
    status: readStatus(status),
  }
}

function readIntent(object: JsonObject): Intent | undefined {
  const spec = objectAt(object, 'spec')
  const [id, plan, bundle] = [plainText(spec, 'id'), digestAt(spec, 'plan'), digestAt(spec, 'bundle')]
  const stableId = parseStableId(id)
  if (stableId === undefined || plan === undefined || bundle === undefined) return undefined
  const deployment: DeploymentRef = {
    environment: plainText(spec, 'environment'),
    name: plainText(spec, 'name'),
    id: stableId,
    namespace: textAt(object, 'metadata', 'namespace') ?? '',
  }
  return {
    version: 1,
    sequence: numberAt(spec, 'sequence'),
    epoch: numberAt(spec, 'epoch'),
    deployment,
    phase: plainText(spec, 'phase') as Intent['phase'],
    commit: plainText(spec, 'commit'),
    class: plainText(spec, 'class'),
    ...optionalDigest(spec, 'from'),
    ...optionalDigest(spec, 'instance'),
    plan,
    bundle,
    signature: plainText(spec, 'signature'),
  }
}

/** Spec of the StyrminDeployment of an intent; the inverse of what `readDeployment` reads. */
export function deploymentSpec(intent: Intent): JsonObject {
  const { deployment, sequence, epoch, phase, commit, plan, bundle, signature } = intent
  const { environment, name, id } = deployment
  const always = { environment, name, id, sequence, epoch, phase, class: intent.class, commit, plan, bundle, signature }
  return {
    ...always,
    ...(intent.from === undefined ? {} : { from: intent.from }),
    ...(intent.instance === undefined ? {} : { instance: intent.instance }),
  }
}

function readStatus(status: JsonObject): DeploymentStatus {
  const stopped = objectAt(status, 'stopped')
  return {
    observedGeneration: numberAt(status, 'observedGeneration'),
    epoch: numberAt(status, 'epoch'),
    phase: (textAt(status, 'phase') ?? 'pending') as DeploymentPhase,
    ...optionalDigest(status, 'active'),
    ...optionalText(status, 'activeVersion'),
    ...optionalDigest(status, 'activeBundle'),
    ...optionalDigest(status, 'attempted'),
    ...optionalText(status, 'run'),
    stopped: {
      all: at(stopped, 'all') === true,
      components: listAt(stopped, 'components').filter((name) => typeof name === 'string'),
      by: plainText(stopped, 'by'),
      workloads: listAt(stopped, 'workloads').map((workload) => ({
        kind: textAt(workload, 'kind') ?? '',
        name: textAt(workload, 'name') ?? '',
        replicas: numberAt(workload, 'replicas'),
      })),
    },
    inventory: readInventory(listAt(status, 'inventory')),
    components: listAt(status, 'components') as readonly unknown[] as readonly ComponentReport[],
    drift: listAt(status, 'drift') as readonly unknown[] as readonly DriftReport[],
    conditions: listAt(status, 'conditions') as readonly unknown[] as readonly Condition[],
  }
}

/** Reads an inventory as it stands in a status or in the result of a step. */
export function readInventory(items: readonly Json[]): readonly InventoryEntry[] {
  return items.map((item) => ({
    apiVersion: textAt(item, 'apiVersion') ?? '',
    kind: textAt(item, 'kind') ?? '',
    namespace: textAt(item, 'namespace') ?? '',
    name: textAt(item, 'name') ?? '',
    uid: textAt(item, 'uid') ?? '',
    fields: textAt(item, 'fields') ?? '',
  }))
}

/** Reads a StyrminRun; `undefined` when it is none that this version can read. */
export function readRun(object: JsonObject): RunResource | undefined {
  const spec = objectAt(object, 'spec')
  const [plan, bundle] = [digestAt(spec, 'plan'), digestAt(spec, 'bundle')]
  if (plan === undefined || bundle === undefined) return undefined
  return {
    key: `${textAt(object, 'metadata', 'namespace') ?? ''}/${textAt(object, 'metadata', 'name') ?? ''}`,
    object,
    deployment: plainText(spec, 'deployment'),
    epoch: numberAt(spec, 'epoch'),
    class: plainText(spec, 'class'),
    bundle,
    plan,
    ...optionalDigest(spec, 'instance'),
    version: plainText(spec, 'version'),
    seed: plainText(spec, 'seed'),
    startedAt: plainText(spec, 'startedAt'),
    phase: (textAt(object, 'status', 'phase') ?? 'Running') as RunPhase,
    message: textAt(object, 'status', 'message') ?? '',
    steps: listAt(object, 'status', 'steps').flatMap((step) => {
      const record = readStep(step)
      return record === undefined ? [] : [record]
    }),
  }
}

function readStep(step: Json): StepRecord | undefined {
  const digest = isObject(step) ? digestAt(step, 'digest') : undefined
  if (!isObject(step) || digest === undefined) return undefined
  return {
    number: numberAt(step, 'number'),
    name: plainText(step, 'name'),
    digest,
    attempt: numberAt(step, 'attempt'),
    state: (textAt(step, 'state') ?? 'running') as StepRecord['state'],
    message: plainText(step, 'message'),
    startedAt: plainText(step, 'startedAt'),
    ...(step['result'] === undefined ? {} : { result: step['result'] }),
    ...optionalText(step, 'finishedAt'),
    ...optionalText(step, 'hint'),
    ...(optionalText(step, 'code') as { readonly code?: `STY${number}` }),
  }
}

/** The object to send for a new status; the rest of it as it was read. */
export function withStatus(object: JsonObject, status: object): JsonObject {
  // Undefined keys vanish in JSON; the API server never sees them.
  return { ...object, apiVersion: API_VERSION, status: status as JsonObject }
}

function numberAt(value: Json, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path)
  return typeof found === 'number' ? found : 0
}

function plainText(value: JsonObject, key: string): string {
  return textAt(value, key) ?? ''
}

function digestAt(value: JsonObject, key: string): Digest | undefined {
  return parseDigest(textAt(value, key) ?? '')
}

function optionalDigest<K extends string>(value: JsonObject, key: K): { readonly [P in K]?: Digest } {
  const digest = digestAt(value, key)
  return digest === undefined ? {} : ({ [key]: digest } as { readonly [P in K]?: Digest })
}

function optionalText<K extends string>(value: JsonObject, key: K): { readonly [P in K]?: string } {
  const text = textAt(value, key)
  return text === undefined ? {} : ({ [key]: text } as { readonly [P in K]?: string })
}
