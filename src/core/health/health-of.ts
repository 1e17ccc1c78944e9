// Comes in: one live object. Goes out: whether it is what its spec asks for, as kstatus reads it.
// Never: another object, a clock; a time-out is the business of who waits.
import { at, type Json, type JsonObject, listAt, textAt } from '../../util/json.ts'

/** What an object says of itself. */
export interface Health {
  readonly state: 'current' | 'progressing' | 'failed' | 'terminating'
  /** What is missing; `''` when it is current. */
  readonly message: string
}

const CURRENT: Health = { state: 'current', message: '' }

/**
 * Reads the health of an object of any kind.
 *
 * Source: kstatus' rules by kind; but a claim that waits for its first consumer counts as current,
 *         because a stopped workload would never bind it and the workload that mounts it shows the rest.
 */
export function healthOf(object: JsonObject): Health {
  if (textAt(object, 'metadata', 'deletionTimestamp') !== undefined) {
    return { state: 'terminating', message: 'it is being deleted' }
  }
  const generation = numberAt(object, 'metadata', 'generation')
  const observed = at(object, 'status', 'observedGeneration')
  if (typeof observed === 'number' && observed < generation) {
    return progressing('its controller has not seen the change yet')
  }
  const key = `${groupOf(object)}/${textAt(object, 'kind') ?? ''}`
  return (RULES[key] ?? byConditions)(object)
}

type Rule = (object: JsonObject) => Health

const RULES: Readonly<Record<string, Rule>> = {
  'apps/Deployment': deployment,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'apps/ReplicaSet': replicaSet,
  'batch/Job': job,
  'batch/CronJob': () => CURRENT,
  '/Pod': pod,
  '/PersistentVolumeClaim': claim,
  '/Service': service,
  'apiextensions.k8s.io/CustomResourceDefinition': definition,
}

function deployment(object: JsonObject): Health {
  if (condition(object, 'Progressing')?.reason === 'ProgressDeadlineExceeded') {
    return failed(condition(object, 'Progressing')?.message ?? 'the rollout passed its deadline')
  }
  const want = replicasOf(object)
  const status = (name: string): number => numberAt(object, 'status', name)
  if (at(object, 'status', 'observedGeneration') === undefined) return progressing('its controller has not seen it yet')
  if (status('updatedReplicas') < want) return progressing(`${status('updatedReplicas')} of ${want} pods are updated`)
  if (status('replicas') > status('updatedReplicas')) {
    return progressing(`${status('replicas') - status('updatedReplicas')} old pods are still there`)
  }
  if (status('availableReplicas') < want)
    return progressing(`${status('availableReplicas')} of ${want} pods are available`)
  return CURRENT
}

function statefulSet(object: JsonObject): Health {
  if (textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete') return CURRENT
  const want = replicasOf(object)
  const partition = numberAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition')
  const status = (name: string): number => numberAt(object, 'status', name)
  if (at(object, 'status', 'observedGeneration') === undefined) return progressing('its controller has not seen it yet')
  if (status('replicas') > want) return progressing(`${status('replicas') - want} pods too many`)
  if (status('readyReplicas') < want) return progressing(`${status('readyReplicas')} of ${want} pods are ready`)
  const revisions = [textAt(object, 'status', 'currentRevision'), textAt(object, 'status', 'updateRevision')]
  if (want > 0 && partition === 0 && revisions[0] !== revisions[1]) {
    return progressing(`${status('updatedReplicas')} of ${want} pods are updated`)
  }
  return CURRENT
}

function daemonSet(object: JsonObject): Health {
  if (at(object, 'status', 'observedGeneration') === undefined) return progressing('its controller has not seen it yet')
  const status = (name: string): number => numberAt(object, 'status', name)
  const want = status('desiredNumberScheduled')
  if (textAt(object, 'spec', 'updateStrategy', 'type') !== 'OnDelete' && status('updatedNumberScheduled') < want) {
    return progressing(`${status('updatedNumberScheduled')} of ${want} pods are updated`)
  }
  if (status('numberAvailable') < want) return progressing(`${status('numberAvailable')} of ${want} pods are available`)
  return CURRENT
}

function replicaSet(object: JsonObject): Health {
  const want = replicasOf(object)
  const available = numberAt(object, 'status', 'availableReplicas')
  return available < want ? progressing(`${available} of ${want} pods are available`) : CURRENT
}

/** A Job is current when it has ended well; kstatus is content when it runs, but who waits for a Job waits for its end. */
function job(object: JsonObject): Health {
  const fault = condition(object, 'Failed')
  if (fault?.status === 'True') return failed(fault.message === '' ? 'the Job failed' : fault.message)
  if (condition(object, 'Complete')?.status === 'True') return CURRENT
  if (at(object, 'spec', 'suspend') === true) return CURRENT
  return progressing('the Job runs')
}

function pod(object: JsonObject): Health {
  const phase = textAt(object, 'status', 'phase') ?? ''
  if (phase === 'Succeeded') return CURRENT
  if (phase === 'Failed') return failed(textAt(object, 'status', 'message') ?? 'the pod failed')
  if (condition(object, 'Ready')?.status === 'True') return CURRENT
  return progressing(waitingReason(object) ?? `the pod is ${phase === '' ? 'new' : phase.toLowerCase()}`)
}

function waitingReason(object: JsonObject): string | undefined {
  for (const container of listAt(object, 'status', 'containerStatuses')) {
    const reason = textAt(container, 'state', 'waiting', 'reason')
    if (reason !== undefined) return `container ${textAt(container, 'name') ?? ''}: ${reason}`
  }
  return undefined
}

function claim(object: JsonObject): Health {
  return textAt(object, 'status', 'phase') === 'Lost' ? failed('its volume is lost') : CURRENT
}

function service(object: JsonObject): Health {
  if (textAt(object, 'spec', 'type') !== 'LoadBalancer') return CURRENT
  return listAt(object, 'status', 'loadBalancer', 'ingress').length > 0 ? CURRENT : progressing('it has no address yet')
}

function definition(object: JsonObject): Health {
  const names = condition(object, 'NamesAccepted')
  if (names?.status === 'False') return failed(names.message)
  return condition(object, 'Established')?.status === 'True' ? CURRENT : progressing('it is not established yet')
}

/** Kinds we do not know: the conditions that kstatus gives a meaning to. */
function byConditions(object: JsonObject): Health {
  const stalled = condition(object, 'Stalled')
  if (stalled?.status === 'True') return failed(stalled.message)
  const reconciling = condition(object, 'Reconciling')
  if (reconciling?.status === 'True') return progressing(reconciling.message)
  const ready = condition(object, 'Ready')
  return ready === undefined || ready.status === 'True' ? CURRENT : progressing(ready.message)
}

interface Condition {
  readonly status: string
  readonly reason: string
  readonly message: string
}

function condition(object: JsonObject, type: string): Condition | undefined {
  const found = listAt(object, 'status', 'conditions').find((item: Json) => textAt(item, 'type') === type)
  if (found === undefined) return undefined
  const text = (key: string): string => textAt(found, key) ?? ''
  return { status: text('status'), reason: text('reason'), message: text('message') }
}

function groupOf(object: JsonObject): string {
  const apiVersion = textAt(object, 'apiVersion') ?? ''
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}

function numberAt(object: JsonObject, ...path: readonly string[]): number {
  const found = at(object, ...path)
  return typeof found === 'number' ? found : 0
}

/** What the API server fills in when nothing is said. */
function replicasOf(object: JsonObject): number {
  const replicas = at(object, 'spec', 'replicas')
  return typeof replicas === 'number' ? replicas : 1
}

function progressing(message: string): Health {
  return { state: 'progressing', message }
}

function failed(message: string): Health {
  return { state: 'failed', message }
}
