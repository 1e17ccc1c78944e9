import { at, isObject, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../../util/json.ts'
import type { Place } from '../store.ts'
import { type Draft, draftAt, textOf } from '../values.ts'
import { timestamp, type World } from '../world.ts'
import { remove } from './collect.ts'
import { withCondition } from './conditions.ts'
import { edit } from './edit.ts'
import { isEnding, placeOfObject } from './owners.ts'
import { makeQueue } from './queue.ts'

/** The one node of the sandbox. */
export const NODE = 'sandbox'

const KIND = '/pods'
/** A pod that says so runs and never becomes ready. */
const NEVER_READY = 'sandbox.styrmin.io/never-ready'
/** A pod that says so fails. */
const FAIL = 'sandbox.styrmin.io/fail'
/** How long a pod that ends runs, in milliseconds. */
const RUN_MS = 'sandbox.styrmin.io/run-ms'

/** Plays scheduler and kubelet: pods get the node, run, become ready or end, and go when they are deleted. */
export function startPods(world: World, readyDelayMs: number): () => void {
  const queue = makeQueue((place) =>
    look(world, place, { delayMs: readyDelayMs, again: (afterMs) => queue.add(place, afterMs) }),
  )
  const forget = world.store.onChange(({ kind, namespace, name, object, type }) => {
    if (kind !== KIND || type === 'DELETED') return
    const ending = isEnding(object)
    const phase = textAt(object, 'status', 'phase')
    if (ending || phase === 'Pending')
      queue.add(
        { kind, namespace, name },
        ending || textAt(object, 'spec', 'nodeName') !== undefined ? readyDelayMs : 0,
      )
    else if (phase === 'Running' && ends(object)) queue.add({ kind, namespace, name }, runMs(object, readyDelayMs))
  })
  for (const pod of world.store.list(KIND)) queue.add(placeOfObject(KIND, pod))
  return () => {
    forget()
    queue.stop()
  }
}

interface Pace {
  readonly delayMs: number
  readonly again: (afterMs: number) => void
}

function look(world: World, place: Place, pace: Pace): void {
  const pod = world.store.get(place)
  if (pod === undefined) return
  if (isEnding(pod)) return remove(world, place, 'Background', 0)
  const phase = textAt(pod, 'status', 'phase')
  if (phase === 'Pending' && textAt(pod, 'spec', 'nodeName') === undefined) return bind(world, place)
  if (phase === 'Pending') return run(world, place)
  if (phase === 'Running' && ends(pod)) finish(world, place, pod, pace)
}

function annotation(pod: JsonObject, key: string): string | undefined {
  return textAt(pod, 'metadata', 'annotations', key)
}

/** Whether a pod is done after a while: it fails, or is not to be started again. */
function ends(pod: JsonObject): boolean {
  return textAt(pod, 'spec', 'restartPolicy') !== 'Always' && annotation(pod, NEVER_READY) !== 'true'
}

function runMs(pod: JsonObject, usual: number): number {
  return Number(annotation(pod, RUN_MS) ?? usual)
}

function bind(world: World, place: Place): void {
  edit(
    world,
    place,
    (draft) => {
      draftAt(draft, 'spec')['nodeName'] = NODE
      const status = draftAt(draft, 'status')
      status['conditions'] = withCondition(world, listAt(status, 'conditions'), {
        type: 'PodScheduled',
        status: 'True',
      })
    },
    '',
  )
}

const CONDITIONS = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled']

function run(world: World, place: Place): void {
  const now = timestamp(world.now())
  edit(world, place, (draft) => {
    const ready = annotation(draft, NEVER_READY) !== 'true' && annotation(draft, FAIL) !== 'true'
    const status = draftAt(draft, 'status')
    status['phase'] = 'Running'
    status['startTime'] = now
    status['hostIP'] = '127.0.0.1'
    status['hostIPs'] = [{ ip: '127.0.0.1' }]
    status['podIP'] = world.addresses.podIp()
    status['podIPs'] = [{ ip: status['podIP'] }]
    status['qosClass'] = 'BestEffort'
    setConditions(world, status, (type) => ready || (type !== 'Ready' && type !== 'ContainersReady'))
    status['containerStatuses'] = containerStatuses(draft, 'containers', {
      ready,
      state: { running: { startedAt: now } },
    })
    const inits = listAt(draft, 'spec', 'initContainers')
    if (inits.length > 0)
      status['initContainerStatuses'] = containerStatuses(draft, 'initContainers', {
        ready: true,
        state: ended(0, now, now),
      })
  })
}

function setConditions(world: World, status: Draft, holds: (type: string) => boolean): void {
  for (const type of CONDITIONS) {
    const held = holds(type)
    const why = held ? {} : { reason: 'ContainersNotReady', message: 'the sandbox was told that this pod is not ready' }
    status['conditions'] = withCondition(world, listAt(status, 'conditions'), {
      type,
      status: held ? 'True' : 'False',
      ...why,
    })
  }
}

function containerStatuses(
  pod: JsonObject,
  field: 'containers' | 'initContainers',
  { ready, state }: { readonly ready: boolean; readonly state: JsonObject },
): readonly Json[] {
  return listAt(pod, 'spec', field)
    .filter(isObject)
    .map((container) => {
      const image = own(container, 'image') ?? ''
      const name = own(container, 'name') ?? ''
      return {
        name,
        image,
        imageID: image,
        containerID: `sandbox://${textOf(name)}`,
        ready,
        started: 'running' in state,
        restartCount: 0,
        state,
        lastState: {},
      }
    })
}

function ended(exitCode: number, startedAt: string, finishedAt: string): JsonObject {
  return { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt } }
}

/** Ends a pod; one that still has time to run is looked at later. */
function finish(world: World, place: Place, pod: JsonObject, { delayMs, again }: Pace): void {
  const started = Date.parse(textAt(pod, 'status', 'startTime') ?? '')
  const left = annotation(pod, RUN_MS) === undefined ? 0 : started + runMs(pod, delayMs) - world.now().getTime()
  if (left > 0) return again(left)
  const failed = annotation(pod, FAIL) === 'true'
  const now = timestamp(world.now())
  edit(world, place, (draft) => {
    const status = draftAt(draft, 'status')
    status['phase'] = failed ? 'Failed' : 'Succeeded'
    setConditions(world, status, (type) => type !== 'Ready' && type !== 'ContainersReady')
    status['containerStatuses'] = containerStatuses(draft, 'containers', {
      ready: false,
      state: ended(failed ? 1 : 0, textAt(status, 'startTime') ?? now, now),
    })
  })
}

/** Whether a pod counts as ready. */
export function isReady(pod: JsonObject): boolean {
  return listAt(pod, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True',
  )
}

/** A pod of a template, as a controller makes it. */
export function podOf(template: JsonObject, metadata: JsonObject): JsonObject {
  const given = objectAt(template, 'metadata')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      labels: { ...objectAt(given, 'labels'), ...objectAt(metadata, 'labels') },
      annotations: { ...objectAt(given, 'annotations'), ...objectAt(metadata, 'annotations') },
    },
    spec: at(template, 'spec') ?? {},
  }
}
