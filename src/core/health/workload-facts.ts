import { at, isObject, type JsonObject, objectAt, textAt } from '../../util/json.ts'

/** What matters of an object that makes pods. */
export interface WorkloadFacts {
  readonly kind: WorkloadKind
  readonly name: string
  /** Labels of its pods. */
  readonly podLabels: Readonly<Record<string, string>>
  /** Pods it should have; 0 for a CronJob. */
  readonly desired: number
  readonly ready: number
  /** Pods it has, also those that are going. */
  readonly pods: number
  /** A CronJob or Job that is suspended. */
  readonly suspended: boolean
}

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job'] as const
export type WorkloadKind = (typeof KINDS)[number]

/** The kind of a workload; `undefined` for everything that makes no pods, and for bare pods and ReplicaSets. */
function workloadKind(object: JsonObject): WorkloadKind | undefined {
  const group = (textAt(object, 'apiVersion') ?? '').split('/')[0]
  if (group !== 'apps' && group !== 'batch') return undefined
  return KINDS.find((kind) => kind === object['kind'])
}

/** The pod template of a workload. */
export function podTemplate(object: JsonObject): JsonObject {
  return object['kind'] === 'CronJob'
    ? objectAt(object, 'spec', 'jobTemplate', 'spec', 'template')
    : objectAt(object, 'spec', 'template')
}

/** Reads a workload, live or rendered; `undefined` for other kinds. */
export function workloadFacts(object: JsonObject): WorkloadFacts | undefined {
  const kind = workloadKind(object)
  if (kind === undefined) return undefined
  const status = (key: string): number => {
    const value = at(object, 'status', key)
    return typeof value === 'number' ? value : 0
  }
  return {
    kind,
    name: textAt(object, 'metadata', 'name') ?? '',
    podLabels: textsOf(objectAt(podTemplate(object), 'metadata', 'labels')),
    desired: desiredPods(object, kind),
    ready: kind === 'DaemonSet' ? status('numberReady') : status('readyReplicas'),
    pods: kind === 'DaemonSet' ? status('currentNumberScheduled') : status('replicas'),
    suspended: at(object, 'spec', 'suspend') === true,
  }
}

/** Whether pods with these labels belong to a component. */
export function belongsTo(
  podLabels: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  const wanted = Object.entries(labels)
  return wanted.length > 0 && wanted.every(([key, value]) => podLabels[key] === value)
}

function desiredPods(object: JsonObject, kind: WorkloadKind): number {
  if (kind === 'CronJob' || kind === 'Job') return 0
  const found = kind === 'DaemonSet' ? at(object, 'status', 'desiredNumberScheduled') : at(object, 'spec', 'replicas')
  if (typeof found === 'number') return found
  return kind === 'DaemonSet' ? 0 : 1
}

function textsOf(value: JsonObject): Readonly<Record<string, string>> {
  if (!isObject(value)) return {}
  return Object.fromEntries(
    Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  )
}
