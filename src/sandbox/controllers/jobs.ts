import { at, type JsonObject, listAt, objectAt, textAt } from '../../util/json.ts'
import type { Place } from '../store.ts'
import type { Draft } from '../values.ts'
import { timestamp, type World } from '../world.ts'
import { remove } from './collect.ts'
import { conditionOf, type Saying, withCondition } from './conditions.ts'
import { create, edit } from './edit.ts'
import { controllerReference, isEnding, type Owners, placeOfObject } from './owners.ts'
import { isReady, podOf } from './pods.ts'
import { isLiving } from './replicasets.ts'
import { counters, startWorkload, type Workshop } from './workload.ts'

/** Runs Jobs: pods until enough have succeeded, or too many have failed. */
export function startJobs(world: World, owners: Owners): () => void {
  return startWorkload(world, owners, 'batch/jobs', look)
}

type Outcome =
  | { readonly kind: 'running' }
  | { readonly kind: 'complete' }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string }

function look(workshop: Workshop, place: Place, job: JsonObject): void {
  const { world, owners } = workshop
  if (isEnding(job)) return
  if (isOver(job)) return expire(workshop, place, job)
  const suspended = at(job, 'spec', 'suspend') === true
  const tally = tallyOf(owners, job)
  const outcome = outcomeOf(world, job, tally)
  if (outcome.kind !== 'running' || suspended) stopAll(world, tally.active)
  else start(world, place, job, tally)
  writeStatus(world, place, { tally: tallyOf(owners, job), outcome, suspended })
  const deadline = at(job, 'spec', 'activeDeadlineSeconds')
  if (typeof deadline === 'number' && outcome.kind === 'running') workshop.again(place, deadline * 1000)
}

function isOver(job: JsonObject): boolean {
  return conditionOf(job, 'Complete') === 'True' || conditionOf(job, 'Failed') === 'True'
}

function expire({ world, again }: Workshop, place: Place, job: JsonObject): void {
  const keepSeconds = at(job, 'spec', 'ttlSecondsAfterFinished')
  if (typeof keepSeconds !== 'number') return
  const over = listAt(job, 'status', 'conditions').find((condition) =>
    ['Complete', 'Failed'].includes(textAt(condition, 'type') ?? ''),
  )
  const left = Date.parse(textAt(over, 'lastTransitionTime') ?? '') + keepSeconds * 1000 - world.now().getTime()
  if (left > 0) again(place, left)
  else remove(world, place, 'Foreground')
}

interface Tally {
  readonly active: readonly JsonObject[]
  readonly succeeded: number
  readonly failed: number
}

function tallyOf(owners: Owners, job: JsonObject): Tally {
  const pods = owners.controlled(job, '/pods')
  const inPhase = (phase: string): number => pods.filter((pod) => textAt(pod, 'status', 'phase') === phase).length
  return { active: pods.filter(isLiving), succeeded: inPhase('Succeeded'), failed: inPhase('Failed') }
}

function outcomeOf(world: World, job: JsonObject, { succeeded, failed }: Tally): Outcome {
  const wanted = Number(at(job, 'spec', 'completions') ?? 1)
  if (succeeded >= wanted) return { kind: 'complete' }
  if (failed > Number(at(job, 'spec', 'backoffLimit') ?? 6)) {
    return { kind: 'failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  }
  const deadline = at(job, 'spec', 'activeDeadlineSeconds')
  const started = Date.parse(textAt(job, 'status', 'startTime') ?? '')
  if (typeof deadline === 'number' && world.now().getTime() - started >= deadline * 1000) {
    return { kind: 'failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
  }
  return { kind: 'running' }
}

function stopAll(world: World, pods: readonly JsonObject[]): void {
  for (const pod of pods) remove(world, placeOfObject('/pods', pod), 'Background')
}

function start(world: World, place: Place, job: JsonObject, { active, succeeded }: Tally): void {
  const left = Number(at(job, 'spec', 'completions') ?? 1) - succeeded
  const wanted = Math.min(Number(at(job, 'spec', 'parallelism') ?? 1), left)
  for (let count = active.length; count < wanted; count++) {
    create(
      world,
      '/pods',
      place.namespace,
      podOf(objectAt(job, 'spec', 'template'), {
        generateName: `${place.name}-`,
        ownerReferences: [controllerReference(job)],
      }),
    )
  }
}

interface Seen {
  readonly tally: Tally
  readonly outcome: Outcome
  readonly suspended: boolean
}

function writeStatus(world: World, place: Place, { tally, outcome, suspended }: Seen): void {
  edit(world, place, (draft) => {
    const before = objectAt(draft, 'status')
    const startTime = suspended ? undefined : (textAt(before, 'startTime') ?? timestamp(world.now()))
    const status: Draft = {
      ...(startTime === undefined ? {} : { startTime }),
      ...counters({ active: tally.active.length, succeeded: tally.succeeded, failed: tally.failed }),
      ready: tally.active.filter(isReady).length,
      terminating: 0,
      uncountedTerminatedPods: {},
    }
    const conditions = sayings(outcome, suspended, listAt(before, 'conditions').length > 0).reduce(
      (list, saying) => withCondition(world, list, saying, ['lastProbeTime']),
      listAt(before, 'conditions'),
    )
    if (conditions.length > 0) status['conditions'] = conditions
    if (outcome.kind === 'complete') status['completionTime'] = timestamp(world.now())
    draft['status'] = status
  })
}

function sayings(outcome: Outcome, suspended: boolean, spoken: boolean): readonly Saying[] {
  if (outcome.kind === 'complete') {
    const why = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
    return [
      { type: 'SuccessCriteriaMet', status: 'True', ...why },
      { type: 'Complete', status: 'True', ...why },
    ]
  }
  if (outcome.kind === 'failed') {
    const { reason, message } = outcome
    return [
      { type: 'FailureTarget', status: 'True', reason, message },
      { type: 'Failed', status: 'True', reason, message },
    ]
  }
  if (suspended) return [{ type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' }]
  return spoken ? [{ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' }] : []
}
