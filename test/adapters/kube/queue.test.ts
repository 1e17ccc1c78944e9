import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Again, WorkQueue, type Worker } from '../../../src/adapters/kube/queue.ts'

const backOff = { firstMs: 1, maxMs: 4 }

async function run(
  queue: WorkQueue,
  worker: Worker,
  options: { concurrency: number; until: () => boolean },
): Promise<void> {
  const stop = new AbortController()
  const done = queue.run(worker, options.concurrency, stop.signal)
  for (let looks = 0; looks < 2_000 && !options.until(); looks++) await sleep(1)
  stop.abort()
  await done
}

const wait: Again = { kind: 'wait' }

test('a key that was added often is worked on once', async () => {
  const queue = new WorkQueue(backOff)
  const seen: string[] = []
  for (const key of ['a', 'b', 'a', 'a']) queue.add(key)
  await run(queue, (key) => Promise.resolve(seen.push(key)).then(() => wait), {
    concurrency: 2,
    until: () => seen.length > 1,
  })
  expect(seen).toEqual(['a', 'b'])
})

test('a key is never worked on twice at a time, and once more when it was added meanwhile', async () => {
  const queue = new WorkQueue(backOff)
  let [busy, most, passes] = [0, 0, 0]
  queue.add('a')
  const worker: Worker = async () => {
    most = Math.max(most, ++busy)
    passes++
    if (passes === 1) for (let i = 0; i < 5; i++) queue.add('a')
    await sleep(2)
    busy--
    return wait
  }
  await run(queue, worker, { concurrency: 8, until: () => passes === 2 })
  expect({ most, passes }).toEqual({ most: 1, passes: 2 })
})

test('no more keys are worked on at a time than allowed', async () => {
  const queue = new WorkQueue(backOff)
  let [busy, most, passes] = [0, 0, 0]
  for (let i = 0; i < 20; i++) queue.add(`key-${i}`)
  const worker: Worker = async () => {
    most = Math.max(most, ++busy)
    await sleep(1)
    busy--
    passes++
    return wait
  }
  await run(queue, worker, { concurrency: 3, until: () => passes === 20 })
  expect(most).toBe(3)
})

test('what fails or throws comes back, and its failures are counted until it succeeds', async () => {
  const queue = new WorkQueue(backOff)
  const failures: number[] = []
  queue.add('a')
  const worker: Worker = (key) => {
    failures.push(queue.failures(key))
    if (failures.length === 2) throw new Error('broken')
    return Promise.resolve<Again>({ kind: failures.length < 4 ? 'retry' : 'wait' })
  }
  await run(queue, worker, { concurrency: 1, until: () => failures.length === 4 })
  expect(failures).toEqual([0, 1, 2, 3])
  expect(queue.failures('a')).toBe(0)
  expect(queue.figures().retries).toBe(3)
})

test('a key comes back after the time it named, or at once when it is added', async () => {
  const queue = new WorkQueue(backOff)
  let passes = 0
  queue.add('a')
  const worker: Worker = () => {
    passes++
    if (passes === 2) queue.add('a')
    return Promise.resolve<Again>(passes === 1 ? { kind: 'after', ms: 2 } : { kind: 'after', ms: 60_000 })
  }
  await run(queue, worker, { concurrency: 1, until: () => passes === 3 })
  expect(passes).toBe(3)
})

test('work in hand comes to its end before the queue ends', async () => {
  const queue = new WorkQueue(backOff)
  const stop = new AbortController()
  let ended = false
  queue.add('a')
  const worker: Worker = async () => {
    stop.abort()
    await sleep(5)
    ended = true
    return { kind: 'now' }
  }
  await queue.run(worker, 1, stop.signal)
  expect(ended).toBe(true)
})
