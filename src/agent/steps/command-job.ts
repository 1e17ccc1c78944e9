import { createHash } from 'node:crypto'
import { podTemplate, workloadFacts } from '../../core/health/workload-facts.ts'
import { isObject, type Json, type JsonObject, listAt, objectAt, textAt } from '../../util/json.ts'
import { ANNOTATION_RUN, API_VERSION, LABEL_ID, LABEL_MANAGED_BY, NEVER_READY_GATE } from '../names.ts'

/** What a command's Job is made of. */
export interface CommandJob {
  readonly name: string
  readonly namespace: string
  readonly id: string
  readonly run: { readonly name: string; readonly uid: string }
  readonly argv: readonly string[]
  readonly image: string
  readonly timeoutSeconds: number
  /** The workload whose environment is borrowed. */
  readonly envFrom?: JsonObject
  /** The workload whose labels are borrowed. */
  readonly labelsFrom?: JsonObject
  /** Services of the namespace that select pods which are not ready. */
  readonly eagerSelectors: readonly JsonObject[]
}

/** Set by controllers on the pods they own; a copy would make the pod look like one of theirs. */
const CONTROLLER_LABELS = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
])
const BORROWED_FROM_POD = ['imagePullSecrets', 'serviceAccountName', 'securityContext', 'tolerations', 'nodeSelector']
const BORROWED_FROM_CONTAINER = ['env', 'envFrom', 'securityContext', 'imagePullPolicy']
const MAX_LABEL = 63
const MARK_DIGITS = 10

/**
 * The Job that runs one argv exactly once.
 *
 * Its pods carry all labels of the component, because network policies know the component by them. They are in no
 * Service for all that: a readiness gate that nobody sets keeps them unready, and where a Service also takes pods
 * that are not ready, a label it selects by is left out. Controllers adopt no pod that has an owner.
 */
export function commandJob(job: CommandJob): JsonObject {
  const labels = { ...borrowedLabels(job), [LABEL_MANAGED_BY]: 'styrmin' }
  const owner = { apiVersion: API_VERSION, kind: 'StyrminRun', name: job.run.name, uid: job.run.uid }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: job.name,
      namespace: job.namespace,
      labels: { [LABEL_ID]: job.id, [LABEL_MANAGED_BY]: 'styrmin' },
      annotations: { [ANNOTATION_RUN]: job.run.name },
      ownerReferences: [owner],
    },
    spec: {
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      activeDeadlineSeconds: job.timeoutSeconds,
      template: {
        metadata: { labels },
        spec: {
          ...borrowed(objectAt(podTemplate(job.envFrom ?? {}), 'spec'), BORROWED_FROM_POD),
          restartPolicy: 'Never',
          readinessGates: [{ conditionType: NEVER_READY_GATE }],
          containers: [{ ...borrowed(mainContainer(job), BORROWED_FROM_CONTAINER), name: 'command', ...command(job) }],
        },
      },
    },
  }
}

function command({ argv, image }: CommandJob): JsonObject {
  return { image, command: argv }
}

/** The container whose image is of the same repository, else the first. */
function mainContainer({ envFrom, image }: CommandJob): JsonObject {
  const containers = listAt(podTemplate(envFrom ?? {}), 'spec', 'containers').filter(isObject)
  const repository = repositoryOf(image)
  return containers.find((one) => repositoryOf(textAt(one, 'image') ?? '') === repository) ?? containers[0] ?? {}
}

/** An image's name without tag and digest. */
export function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]*$/, '')
}

function borrowed(from: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(
    keys.flatMap((key): [string, Json][] => (from[key] === undefined ? [] : [[key, from[key]]])),
  )
}

function borrowedLabels({ labelsFrom, eagerSelectors }: CommandJob): JsonObject {
  const all = workloadFacts(labelsFrom ?? {})?.podLabels ?? {}
  const labels = new Map(Object.entries(all).filter(([key]) => !CONTROLLER_LABELS.has(key)))
  for (const selector of eagerSelectors) {
    const wanted = Object.entries(selector).sort(([a], [b]) => (a < b ? -1 : 1))
    const selected = wanted.length > 0 && wanted.every(([key, value]) => labels.get(key) === value)
    const last = wanted.at(-1)
    if (selected && last !== undefined) labels.delete(last[0])
  }
  return Object.fromEntries(labels)
}

/** A name that a retry of the same step finds again, and that no other run has: what is cut off is in a mark. */
export function jobName(run: string, step: number, index: number): string {
  const tail = `-s${step}-${index}`
  if (run.length + tail.length <= MAX_LABEL) return `${run}${tail}`
  const mark = `-${createHash('sha256').update(run).digest('hex').slice(0, MARK_DIGITS)}`
  const kept = run.slice(0, MAX_LABEL - mark.length - tail.length).replace(/[^a-z0-9]+$/, '')
  return `${kept}${mark}${tail}`
}
