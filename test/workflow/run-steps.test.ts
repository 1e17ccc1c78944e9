import { expect, test } from 'vitest'
import { UnreachableError } from '../../src/domain/errors.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Json } from '../../src/util/json.ts'
import type { Journal, StepRecord } from '../../src/workflow/journal.ts'
import { LeaveRun, type Outcome, type RunOptions, runSteps, type Steps } from '../../src/workflow/run-steps.ts'

class Crash extends Error {}

/** The world of a test: what was recorded and what was done survive a crash; the process does not. */
interface World {
  readonly records: Map<number, StepRecord>
  /** Effects by step, each under its own name: doing one twice changes nothing. */
  readonly done: Map<string, number>
  points: number
  crashAt: number
}

function newWorld(): World {
  return { records: new Map(), done: new Map(), points: 0, crashAt: Number.POSITIVE_INFINITY }
}

function point(world: World): void {
  if (++world.points === world.crashAt) throw new Crash(`crashed at point ${world.points}`)
}

function journalOf(world: World): Journal {
  return {
    read: () => Promise.resolve([...world.records.values()].sort((a, b) => a.number - b.number)),
    write: async (record) => {
      point(world) // before the record
      world.records.set(record.number, record)
      point(world) // after it
    },
  }
}

let tick = 0
const clock: Clock = { now: () => 1_700_000_000_000 + 1_000 * tick++, sleep: () => Promise.resolve() }

function optionsFor(world: World, more: Partial<RunOptions> = {}): RunOptions {
  return {
    journal: journalOf(world),
    clock,
    startedAtMs: 1_700_000_000_000,
    seed: 'run-1',
    isTransient: (error) => error instanceof UnreachableError || error instanceof Crash,
    shouldStop: () => false,
    onSay: () => {},
    ...more,
  }
}

const never = new AbortController().signal

async function effect(world: World, name: string, result: Json): Promise<Json> {
  point(world)
  world.done.set(name, (world.done.get(name) ?? 0) + 1)
  point(world)
  return result
}

/** Stops, migrates what the cluster answered, and starts again; the answers decide the arguments. */
function upgrade(world: World): (steps: Steps) => Promise<void> {
  return async (steps) => {
    await steps.step('stop', { components: ['server'] }, () => effect(world, 'stop', null))
    const image = await steps.step('image', {}, () => effect(world, 'image', 'app:1.2'))
    const dice = steps.random()
    await steps.step('migrate', { image, at: steps.now(), dice }, () => effect(world, 'migrate', { rows: 3 }))
    await steps.step('start', { components: ['server'] }, () => effect(world, 'start', null))
  }
}

async function untilDone(world: World): Promise<Outcome> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      return await runSteps(upgrade(world), optionsFor(world), never)
    } catch (error) {
      if (!(error instanceof Crash)) throw error
    }
  }
  throw new Error('it never ended')
}

const POINTS_OF_A_CLEAN_RUN = 4 * 6

test('a run without a crash passes every point once', async () => {
  const world = newWorld()
  expect(await untilDone(world)).toEqual({ kind: 'done' })
  expect(world.points).toBe(POINTS_OF_A_CLEAN_RUN)
})

test.for(Array.from({ length: POINTS_OF_A_CLEAN_RUN }, (_, index) => index + 1))(
  'a crash at point %i ends the same, and no recorded step is done again',
  async (crashAt) => {
    const world = newWorld()
    world.crashAt = crashAt
    expect(await untilDone(world)).toEqual({ kind: 'done' })
    expect([...world.records.values()].map(({ name, state }) => `${name} ${state}`)).toEqual([
      'stop succeeded',
      'image succeeded',
      'migrate succeeded',
      'start succeeded',
    ])
    // Only the step whose end was not recorded when the process died may be done twice.
    const twice = [...world.done.values()].filter((times) => times > 1)
    expect(twice.length).toBeLessThanOrEqual(1)
    const position = (crashAt - 1) % 6
    const betweenEffectAndResult = position === 3 || position === 4
    expect(twice).toEqual(betweenEffectAndResult ? [2] : [])
  },
)

test('a crash counts as one more attempt of the step that was open', async () => {
  const world = newWorld()
  world.crashAt = 9 // inside the second step's effect
  await untilDone(world)
  expect([...world.records.values()].map(({ attempt }) => attempt)).toEqual([1, 2, 1, 1])
})

test.for([
  {
    name: 'another name',
    body: (steps: Steps) => steps.step('halt', { components: ['server'] }, () => Promise.resolve(null)),
    message: 'step 1 is recorded as "stop", but "halt" came',
  },
  {
    name: 'other arguments',
    body: (steps: Steps) => steps.step('stop', { components: ['worker'] }, () => Promise.resolve(null)),
    message: 'step 1 is recorded as "stop" with other arguments',
  },
  {
    name: 'fewer steps',
    body: () => Promise.resolve(null),
    message: 'step 1 is recorded as "stop", but the run ended before it',
  },
])('a replay with $name stops the run before any effect', async ({ body, message }) => {
  const world = newWorld()
  await untilDone(world)
  const points = world.points
  const replay = async (steps: Steps): Promise<void> => void (await body(steps))
  expect(await runSteps(replay, optionsFor(world), never)).toEqual({ kind: 'differs', message })
  expect(world.points).toBe(points)
})

test('two steps in flight at once fail the run, and the first is still recorded', async () => {
  const world = newWorld()
  const body = async (steps: Steps): Promise<void> => {
    await Promise.all([
      steps.step('one', {}, () => effect(world, 'one', null)),
      steps.step('two', {}, () => effect(world, 'two', null)),
    ])
  }
  const outcome = await runSteps(body, optionsFor(world), never)
  expect(outcome).toMatchObject({ kind: 'failed', error: { message: '"two" was called before "one" had answered' } })
  expect([...world.done.keys()]).toEqual(['one'])
  expect(world.records.get(1)?.state).toBe('succeeded')
})

test('a body that ends before its step has answered fails the run', async () => {
  const world = newWorld()
  const body = (steps: Steps): Promise<void> => {
    void steps.step('one', {}, () => effect(world, 'one', null))
    return Promise.resolve()
  }
  expect(await runSteps(body, optionsFor(world), never)).toMatchObject({ kind: 'failed' })
})

test('a transient error leaves the step open, and no code of the body can catch it', async () => {
  const world = newWorld()
  let caught = false
  let failing = true
  const body = async (steps: Steps): Promise<void> => {
    try {
      await steps.step('apply', {}, () => {
        if (failing) throw new UnreachableError('STY500', 'gone', { hint: 'wait' })
        return Promise.resolve('applied')
      })
    } catch {
      caught = true
    }
  }
  await expect(runSteps(body, optionsFor(world), never)).rejects.toThrow('gone')
  expect(world.records.get(1)).toMatchObject({ state: 'running', attempt: 1 })
  failing = false
  expect(await runSteps(body, optionsFor(world), never)).toEqual({ kind: 'done' })
  expect(world.records.get(1)).toMatchObject({ state: 'succeeded', attempt: 2, result: 'applied' })
  expect(caught).toBe(false)
})

test('a failure is recorded, and a body that catches it sees the same one in each replay', async () => {
  const world = newWorld()
  const seen: string[] = []
  const body = async (steps: Steps): Promise<void> => {
    await steps
      .step('check', {}, () => Promise.reject(new Error('disk is full')))
      .catch((error: unknown) => seen.push(String(error)))
    await steps.step('note', {}, () => effect(world, 'note', null))
  }
  await runSteps(body, optionsFor(world), never)
  await runSteps(body, optionsFor(world), never)
  expect(seen).toEqual(['RecordedFailure: disk is full', 'RecordedFailure: disk is full'])
  expect(world.done.get('note')).toBe(1)
})

test('a run that is asked to stop ends between two steps', async () => {
  const world = newWorld()
  const shouldStop = (): boolean => world.done.has('image')
  const options = optionsFor(world, { shouldStop })
  expect(await runSteps(upgrade(world), options, never)).toEqual({ kind: 'stopped' })
  expect([...world.done.keys()]).toEqual(['stop', 'image'])
})

test('an effect that only waits can leave the run, which no code of the body can catch', async () => {
  const world = newWorld()
  const body = async (steps: Steps): Promise<void> => {
    await steps.step('wait', {}, () => Promise.reject(new LeaveRun())).catch(() => null)
    await steps.step('after', {}, () => effect(world, 'after', null))
  }
  expect(await runSteps(body, optionsFor(world), never)).toEqual({ kind: 'stopped' })
  expect(world.records.get(1)?.state).toBe('running')
  expect(world.done.size).toBe(0)
})
