import { at, isObject, type Json, type JsonObject, listAt, objectAt, textAt } from '../../util/json.ts'
import type { Place } from '../store.ts'
import { draftAt, same } from '../values.ts'
import type { World } from '../world.ts'
import { remove } from './collect.ts'
import { type Saying, withCondition } from './conditions.ts'
import { create, edit } from './edit.ts'
import { controllerReference, isEnding, type Owners, placeOfObject } from './owners.ts'
import {
  counted,
  counters,
  generationOf,
  hashOf,
  replicasOf,
  startWorkload,
  type Workshop,
  withoutLabel,
} from './workload.ts'

const SETS = 'apps/replicasets'
const HASH = 'pod-template-hash'
const REVISION = 'deployment.kubernetes.io/revision'

/** Rolls Deployments out: a ReplicaSet a template, and never fewer or more pods than the strategy allows. */
export function startDeployments(world: World, owners: Owners): () => void {
  return startWorkload(world, owners, 'apps/deployments', look)
}

interface Rollout {
  readonly world: World
  readonly place: Place
  readonly deployment: JsonObject
  readonly current: JsonObject | undefined
  readonly old: readonly JsonObject[]
}

function look(workshop: Workshop, place: Place, deployment: JsonObject): void {
  const { world, owners } = workshop
  const rollout = readRollout(world, owners, place, deployment)
  if (!isEnding(deployment)) roll(rollout)
  const after = readRollout(world, owners, place, world.store.get(place) ?? deployment)
  writeStatus(workshop, after)
}

function readRollout(world: World, owners: Owners, place: Place, deployment: JsonObject): Rollout {
  const template = objectAt(deployment, 'spec', 'template')
  const sets = owners.controlled(deployment, SETS).filter((set) => !isEnding(set))
  const current = sets.find((set) =>
    same(withoutLabel(objectAt(set, 'spec', 'template'), HASH), withoutLabel(template, HASH)),
  )
  return { world, place, deployment, current, old: sets.filter((set) => set !== current) }
}

function roll(rollout: Rollout): void {
  const { world, place, deployment, current, old } = rollout
  const paused = at(deployment, 'spec', 'paused') === true
  if (current === undefined) {
    if (!paused) makeSet(rollout)
    return
  }
  const newest = Math.max(0, ...old.map(revisionOf))
  const revision = revisionOf(current) > newest ? revisionOf(current) : newest + 1
  setRevision(world, placeOfObject(SETS, current), revision)
  setRevision(world, place, revision)
  if (paused) return scale(world, current, old.length === 0 ? replicasOf(deployment) : replicasOf(current))
  if (textAt(deployment, 'spec', 'strategy', 'type') === 'Recreate') recreate(rollout, current)
  else roundly(rollout, current)
  const kept = Number(at(deployment, 'spec', 'revisionHistoryLimit') ?? 10)
  const spent = old
    .filter((set) => replicasOf(set) === 0 && counted(set, 'replicas') === 0)
    .toSorted((a, b) => revisionOf(b) - revisionOf(a))
  for (const set of spent.slice(kept)) remove(world, placeOfObject(SETS, set), 'Background')
}

function makeSet({ world, place, deployment, old }: Rollout): void {
  const template = objectAt(deployment, 'spec', 'template')
  const hash = hashOf(template)
  const metadata = objectAt(template, 'metadata')
  const labels = { ...objectAt(metadata, 'labels'), [HASH]: hash }
  const selector = objectAt(deployment, 'spec', 'selector')
  create(world, SETS, place.namespace, {
    metadata: {
      name: `${place.name}-${hash}`,
      labels,
      annotations: { [REVISION]: String(Math.max(0, ...old.map(revisionOf)) + 1) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: old.some((set) => replicasOf(set) > 0) ? 0 : replicasOf(deployment),
      selector: { ...selector, matchLabels: { ...objectAt(selector, 'matchLabels'), [HASH]: hash } },
      template: { ...template, metadata: { ...metadata, labels } },
    },
  })
}

function revisionOf(set: JsonObject): number {
  return Number(textAt(set, 'metadata', 'annotations', REVISION) ?? 0)
}

/** Goes through the status endpoint, as in the real controller: the generation does not count this. */
function setRevision(world: World, place: Place, revision: number): void {
  edit(world, place, (draft) => void (draftAt(draft, 'metadata', 'annotations')[REVISION] = String(revision)))
}

function scale(world: World, set: JsonObject, replicas: number): void {
  if (replicasOf(set) === replicas) return
  edit(world, placeOfObject(SETS, set), (draft) => void (draftAt(draft, 'spec')['replicas'] = replicas), '')
}

function recreate({ world, deployment, old }: Rollout, current: JsonObject): void {
  for (const set of old) scale(world, set, 0)
  if (old.every((set) => counted(set, 'replicas') === 0)) scale(world, current, replicasOf(deployment))
}

/** Source: the deployment controller's rolling update, pkg/controller/deployment/rolling.go. */
function roundly({ world, deployment, old }: Rollout, current: JsonObject): void {
  const desired = replicasOf(deployment)
  const { surge, unavailable } = limits(deployment, desired)
  const running = [current, ...old].reduce((sum, set) => sum + replicasOf(set), 0)
  const room = desired + surge - running
  const next = replicasOf(current) > desired ? desired : Math.min(desired, replicasOf(current) + Math.max(0, room))
  scale(world, current, next)
  const missing = next - counted(current, 'availableReplicas')
  let spare = running - replicasOf(current) + next - (desired - unavailable) - Math.max(0, missing)
  for (const set of old) {
    const unready = replicasOf(set) - counted(set, 'availableReplicas')
    const fewer = Math.min(replicasOf(set), Math.max(0, spare))
    if (fewer > 0) scale(world, set, replicasOf(set) - fewer)
    else if (unready > 0) scale(world, set, replicasOf(set) - unready)
    spare -= fewer
  }
}

function limits(deployment: JsonObject, desired: number): { readonly surge: number; readonly unavailable: number } {
  const rolling = objectAt(deployment, 'spec', 'strategy', 'rollingUpdate')
  const surge = portion(rolling['maxSurge'], desired, Math.ceil)
  const unavailable = portion(rolling['maxUnavailable'], desired, Math.floor)
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}

function portion(value: Json | undefined, of: number, round: (value: number) => number): number {
  return typeof value === 'string' ? round((Number.parseFloat(value) / 100) * of) : Number(value ?? 0)
}

function writeStatus({ world, again }: Workshop, { place, deployment, current, old }: Rollout): void {
  const sets = [...(current === undefined ? [] : [current]), ...old]
  const sum = (key: string): number => sets.reduce((total, set) => total + counted(set, key), 0)
  const desired = replicasOf(deployment)
  const [replicas, available, updated] = [
    sum('replicas'),
    sum('availableReplicas'),
    current === undefined ? 0 : counted(current, 'replicas'),
  ]
  const done = updated === desired && replicas === desired && available === desired
  const enough = available >= desired - limits(deployment, desired).unavailable
  const name = current === undefined ? '' : (textAt(current, 'metadata', 'name') ?? '')
  const late = !done && isLate(world, deployment)
  edit(world, place, (draft) => {
    const times = ['lastUpdateTime']
    const before = listAt(draft, 'status', 'conditions')
    const withAvailable = withCondition(world, before, availability(enough), times)
    const moved = counted(draft, 'updatedReplicas') !== updated || counted(draft, 'availableReplicas') !== available
    const conditions = withCondition(
      world,
      moved ? touched(withAvailable) : withAvailable,
      progress({ done, late, name }),
      times,
    )
    draft['status'] = {
      observedGeneration: generationOf(draft),
      ...counters({
        replicas,
        updatedReplicas: updated,
        readyReplicas: sum('readyReplicas'),
        availableReplicas: available,
        unavailableReplicas: Math.max(0, Math.max(desired, replicas) - available),
      }),
      conditions,
      ...counters({ collisionCount: counted(draft, 'collisionCount') }),
    }
  })
  if (!done && !late) again(place, deadlineMs(deployment))
}

/** Forgets the words of Progressing, so that its time of update is set anew. */
function touched(conditions: readonly Json[]): readonly Json[] {
  const isProgress = (condition: Json): boolean => textAt(condition, 'type') === 'Progressing'
  return conditions.map((condition) =>
    isObject(condition) && isProgress(condition) ? { ...condition, reason: '' } : condition,
  )
}

function availability(enough: boolean): Saying {
  return enough
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      }
}

function progress({
  done,
  late,
  name,
}: {
  readonly done: boolean
  readonly late: boolean
  readonly name: string
}): Saying {
  if (done)
    return {
      type: 'Progressing',
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: `ReplicaSet "${name}" has successfully progressed.`,
    }
  if (late)
    return {
      type: 'Progressing',
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: `ReplicaSet "${name}" has timed out progressing.`,
    }
  return {
    type: 'Progressing',
    status: 'True',
    reason: 'ReplicaSetUpdated',
    message: `ReplicaSet "${name}" is progressing.`,
  }
}

function deadlineMs(deployment: JsonObject): number {
  return Number(at(deployment, 'spec', 'progressDeadlineSeconds') ?? 600) * 1000
}

function isLate(world: World, deployment: JsonObject): boolean {
  const condition = listAt(deployment, 'status', 'conditions').find((item) => textAt(item, 'type') === 'Progressing')
  const since = Date.parse(textAt(condition, 'lastUpdateTime') ?? '')
  if (at(deployment, 'status', 'observedGeneration') !== generationOf(deployment)) return false
  return (
    textAt(condition, 'reason') === 'ProgressDeadlineExceeded' ||
    world.now().getTime() - since >= deadlineMs(deployment)
  )
}
