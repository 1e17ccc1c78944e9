import { at, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import { recordUpdate } from './managed-fields.ts'
import { validate } from './normalize.ts'
import {
  checkPreconditions,
  nextGeneration,
  putObject,
  readObject,
  sameState,
  type Target,
  writerAt,
} from './objects.ts'
import { jsonPatch, mergePatch } from './patches.ts'
import { badRequest, invalid, invalidValue } from './status.ts'
import { copy, type Draft, draftAt, textOf } from './values.ts'
import { type PatchKind, unsupportedPatch, type WriteOptions } from './writes.ts'
import type { World } from './world.ts'

/** The scale of a workload. Errors: ApiError 404. */
export function readScale(world: World, target: Target): JsonObject {
  return scaleOf(target, readObject(world, target))
}

function scaleOf(target: Target, object: JsonObject): JsonObject {
  const { spec, status, selector } = pathsOf(target)
  const metadata = objectAt(object, 'metadata')
  const kept = ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp'].flatMap((key) => {
    const value = own(metadata, key)
    return value === undefined ? [] : [[key, value] as const]
  })
  const text = printSelector(at(object, ...selector))
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: Object.fromEntries(kept),
    spec: { replicas: at(object, ...spec) ?? 0 },
    status: { replicas: at(object, ...status) ?? 0, ...(text === '' ? {} : { selector: text }) },
  }
}

interface ScalePaths {
  readonly spec: readonly string[]
  readonly status: readonly string[]
  readonly selector: readonly string[]
}

function pathsOf({ resource }: Target): ScalePaths {
  const scale = resource.custom?.scale
  if (scale === undefined)
    return { spec: ['spec', 'replicas'], status: ['status', 'replicas'], selector: ['spec', 'selector'] }
  const steps = (path: string): readonly string[] => path.split('.').filter((step) => step !== '')
  return { spec: steps(scale.spec), status: steps(scale.status), selector: steps(scale.selector) }
}

function printSelector(selector: Json | undefined): string {
  if (typeof selector === 'string') return selector
  const labels = objectAt(selector, 'matchLabels')
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${textOf(value)}`)
    .sort()
    .join(',')
}

/** Sets the replicas of a workload; the writer comes to own only them. Errors: ApiError 400, 404, 409, 415, 422. */
export function writeScale(
  world: World,
  target: Target,
  sent: { readonly kind: PatchKind | 'put'; readonly body: Json },
  options: WriteOptions,
): JsonObject {
  const live = readObject(world, target)
  const scale = scaleOf(target, live)
  const body = nextScale(target, scale, sent)
  checkPreconditions(target, live, objectAt(body, 'metadata'))
  const replicas = at(body, 'spec', 'replicas') ?? 0
  if (typeof replicas !== 'number' || !Number.isInteger(replicas))
    throw badRequest('Scale in version "v1" cannot be handled as a Scale: spec.replicas is no whole number')
  if (replicas < 0) {
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, target.name, [
      invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ])
  }
  const next = withReplicas(live, pathsOf(target).spec, replicas)
  nextGeneration(target.resource, live, next)
  const recorded = recordUpdate(target.resource.schema, live, next, writerAt(world, target, options.manager))
  const faults = validate(target.resource, recorded, live)
  if (faults.length > 0) throw invalid(target.resource, target.name, faults)
  if (sameState(live, recorded)) return scale
  return scaleOf(target, options.dryRun ? recorded : putObject(world, target, recorded))
}

function nextScale(
  { resource }: Target,
  scale: JsonObject,
  { kind, body }: { readonly kind: PatchKind | 'put'; readonly body: Json },
): Json {
  if (kind === 'put') return body
  if (kind === 'json') return jsonPatch(scale, body)
  if (kind === 'apply') throw unsupportedPatch(resource)
  return mergePatch(scale, body)
}

function withReplicas(live: JsonObject, path: readonly string[], replicas: number): Draft {
  const next = copy(live)
  draftAt(next, ...path.slice(0, -1))[path.at(-1) ?? ''] = replicas
  return next
}

/** Sets the finalizers of a namespace's spec; the last one gone ends it. */
export function finalizeNamespace(world: World, target: Target, body: JsonObject): JsonObject {
  const live = readObject(world, target)
  checkPreconditions(target, live, objectAt(body, 'metadata'))
  const finalizers = listAt(body, 'spec', 'finalizers')
  const next = copy(live)
  draftAt(next, 'spec')['finalizers'] = finalizers
  return putObject(world, target, next)
}

/** The lines that a pod's containers have written; what the sandbox's pods say is what happened to them. */
export function podLog(world: World, target: Target, query: URLSearchParams): string {
  const pod = readObject(world, target)
  const containers = [...listAt(pod, 'spec', 'initContainers'), ...listAt(pod, 'spec', 'containers')]
  const names = containers.map((container) => textAt(container, 'name') ?? '')
  const asked = query.get('container') ?? ''
  if (asked === '' && names.length > 1)
    throw badRequest(`a container name must be specified for pod ${target.name}, choose one of: [${names.join(' ')}]`)
  const container = containers.find((item) => asked === '' || textAt(item, 'name') === asked)
  if (container === undefined) throw badRequest(`container ${asked} is not valid for pod ${target.name}`)
  const phase = textAt(pod, 'status', 'phase') ?? 'Pending'
  const argv = [...listAt(container, 'command'), ...listAt(container, 'args')].map(String)
  const lines = [
    `image ${textAt(container, 'image') ?? ''}`,
    ...(argv.length > 0 ? [`argv ${JSON.stringify(argv)}`] : []),
    `phase ${phase}`,
  ]
  const tail = Number(query.get('tailLines') ?? lines.length)
  return lines
    .slice(Math.max(0, lines.length - tail))
    .map((line) => `${line}\n`)
    .join('')
}

/** The answer to a question about rights: the sandbox has one user, who may do everything. */
export function reviewAccess(kind: string, body: JsonObject): JsonObject {
  if (kind === 'SelfSubjectReview')
    return {
      ...body,
      status: { userInfo: { username: 'sandbox', groups: ['system:masters', 'system:authenticated'] } },
    }
  if (kind !== 'SelfSubjectRulesReview')
    return { ...body, status: { allowed: true, reason: 'the sandbox has one user' } }
  const resourceRules = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]
  return {
    ...body,
    status: { incomplete: false, nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }], resourceRules },
  }
}
