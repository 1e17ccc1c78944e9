import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from '../../../src/adapters/store/sqlite-store.ts'
import type { Changes, CommitStatus, DeploymentState, Store } from '../../../src/ports/store.ts'
import { makeScratch, type Scratch } from '../../git/repository.ts'
import { commit, digestOfNumber, intent, KEY, note, plan, resolved, shaOf } from './samples.ts'

let scratch: Scratch
let file: string
let store: Store
beforeEach(async () => {
  scratch = makeScratch()
  file = join(scratch.folder, 'store/styrmin.db')
  store = await openStore(file)
})
afterEach(async () => {
  await store.close()
  scratch.remove()
})

async function reopen(): Promise<void> {
  await store.close()
  store = await openStore(file)
}

const state: DeploymentState = {
  key: KEY,
  environment: 'production',
  name: 'shop',
  blocked: false,
  epoch: 2,
  desired: digestOfNumber(2),
  intended: { intent: intent(1, 2), cluster: 'eu', state: 'waiting' },
}

const everything: Changes = {
  head: { commit: shaOf(2), clusters: [{ name: 'eu', kubernetes: '1.34' }], environments: [], problems: [] },
  commits: [commit(1), commit(2)],
  instances: [{ commit: shaOf(2), resolved: resolved(2) }],
  plans: [{ commit: shaOf(2), atMs: 5, plan: plan(2) }],
  bundles: [{ digest: digestOfNumber(202), text: '{}', commit: shaOf(2), key: KEY }],
  intents: [{ cluster: 'eu', intent: intent(1, 2) }],
  deployments: [state],
  rollouts: [
    { sha: shaOf(2), context: 'styrmin/deploy/eu/production', digest: digestOfNumber(9), parts: { [KEY]: 'started' } },
    {
      sha: shaOf(1),
      context: 'styrmin/deploy/eu/production',
      digest: digestOfNumber(9),
      parts: { [KEY]: 'superseded' },
    },
  ],
  agents: [{ cluster: 'eu', agent: 'a', kubernetes: 'v1.34', lastSeenMs: 7 }],
  drivers: [{ name: 'my-app', version: '1.0.0', digest: digestOfNumber(1), commit: shaOf(1) }],
  notes: [note(2, 0), note(2, 1)],
  statuses: [status('pending', 1)],
}

function status(value: CommitStatus['state'], atMs: number): CommitStatus {
  return { sha: shaOf(2), context: 'styrmin/plan', state: value, description: value, digest: undefined, atMs }
}

test('all that was written is there after a restart', async () => {
  await store.write(everything)
  await reopen()
  expect(await store.load()).toEqual({
    head: everything.head,
    deployments: [state],
    observed: [],
    agents: everything.agents,
    drivers: everything.drivers,
    sequences: new Map([['eu', 1]]),
    rollouts: everything.rollouts?.slice(0, 1),
  })
  expect(await store.instance(digestOfNumber(2))).toEqual(resolved(2))
  expect(await store.bundle(digestOfNumber(202))).toEqual(everything.bundles?.[0])
  expect(await store.plan(plan(2).digest)).toEqual(everything.plans?.[0])
  expect(await store.intent(KEY, 2)).toEqual(intent(1, 2))
  expect(await store.intent(KEY, 1)).toBeUndefined()
  expect(await store.history.commit(shaOf(1))).toEqual(commit(1))
  expect(await store.history.counts()).toEqual({ commits: 2, statuses: 1 })
})

test('an event that cannot be written whole is not written at all', async () => {
  await store.write(everything)
  const again = { ...everything, commits: [commit(3)], notes: [note(3, 0)] } // the intent's sequence is taken
  await expect(store.write(again)).rejects.toMatchObject({ code: 'STY409' })
  expect(await store.history.commit(shaOf(3))).toBeUndefined()
  expect(await store.outbox.unsentNotes(10)).toHaveLength(2)
  await store.write({ commits: [commit(3)] })
  expect(await store.history.counts()).toEqual({ commits: 3, statuses: 1 })
})

test('history is paged, newest first', async () => {
  await store.write({ commits: [1, 2, 3, 4, 5].map(commit) })
  const first = await store.history.commits({ first: 2 })
  const rest = await store.history.commits({ first: 9, after: first.at(-1)?.cursor ?? 0 })
  expect([...first, ...rest].map(({ item }) => item.subject)).toEqual([5, 4, 3, 2, 1].map((n) => `commit ${n}`))
})

test('plans are found by commit and by deployment, instances by deployment', async () => {
  await store.write(everything)
  await store.write({
    plans: [{ commit: shaOf(1), atMs: 6, plan: plan(3) }],
    instances: [{ commit: shaOf(3), resolved: resolved(3) }],
  })
  const page = { first: 10 }
  expect((await store.history.plans({ commit: shaOf(1) }, page)).map(({ item }) => item.plan.digest)).toEqual([
    plan(3).digest,
  ])
  expect(await store.history.plans({ key: KEY }, page)).toHaveLength(2)
  expect((await store.history.instances(KEY, page)).map(({ item }) => item.digest)).toEqual([3, 2].map(digestOfNumber))
})

test('a status that changed while it was sent is sent again', async () => {
  await store.write({ statuses: [status('pending', 1)] })
  const [sending] = await store.outbox.unsentStatuses(10)
  await store.write({ statuses: [status('success', 2)] })
  if (sending !== undefined) await store.outbox.statusSent(sending)
  expect((await store.outbox.unsentStatuses(10)).map((one) => one.state)).toEqual(['success'])
  await store.outbox.statusSent(status('success', 2))
  expect(await store.outbox.unsentStatuses(10)).toEqual([])
  expect(await store.history.statusesOf(shaOf(2))).toEqual([status('success', 2)])
})

test('notes leave the outbox only when they were sent, also over a restart', async () => {
  await store.write({ notes: [note(1, 0), note(1, 1), note(1, 0)] })
  const unsent = await store.outbox.unsentNotes(10)
  expect(unsent.map(({ line }) => line)).toEqual([note(1, 0).line, note(1, 1).line])
  await store.outbox.notesSent([unsent[0]?.id ?? 0])
  await reopen()
  expect((await store.outbox.unsentNotes(10)).map(({ line }) => line)).toEqual([note(1, 1).line])
})

test('what was observed goes when it is no longer there; the epoch stays', async () => {
  const report = {
    deployment: intent(1, 2).deployment,
    epoch: 2,
    phase: 'deleted' as const,
    ready: false,
    reason: '',
    message: '',
    components: [],
    steps: [],
    drift: [],
    problems: [],
    observedAt: '2026-01-01T00:00:00.000Z',
  }
  await store.write({ ...everything, observed: [{ report, receivedAtMs: 3 }] })
  expect((await store.load()).observed).toEqual([{ report, receivedAtMs: 3 }])
  await store.write({ unobserved: [KEY] })
  expect(await store.load()).toMatchObject({ deployments: [{ epoch: 2 }], observed: [] })
})

test('a second opener is refused, in this process or another', async () => {
  await expect(openStore(file)).rejects.toMatchObject({ code: 'STY408' })
  const child = spawn(process.execPath, [join(import.meta.dirname, 'writer.ts'), file])
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).not.toBe(0)
  await store.write(everything)
})

test('a store of a newer version and a file that is no store are refused', async () => {
  await store.close()
  const raw = new DatabaseSync(file)
  raw.exec(`insert into kysely_migration values ('9999-later', '2030-01-01')`)
  raw.close()
  await expect(openStore(file)).rejects.toMatchObject({ code: 'STY409', hint: expect.stringContaining('newer') })
  const other = join(scratch.folder, 'other.db')
  writeFileSync(other, 'this is a text of some length, and no database at all, whatever its name says'.repeat(20))
  await expect(openStore(other)).rejects.toMatchObject({ code: 'STY409' })
})

test('a killed writer leaves every acknowledged event whole and no half one', { timeout: 60_000 }, async () => {
  await store.close()
  let acknowledged = 0
  for (const delayMs of [150, 240, 310, 370]) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'writer.ts'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      acknowledged = Number(line)
    })
    await once(child.stdout, 'data')
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  store = await openStore(file)
  const { commits } = await store.history.counts()
  const notes = await store.outbox.unsentNotes(1_000_000)
  const { head } = await store.load()
  expect(commits).toBeGreaterThanOrEqual(acknowledged)
  expect(acknowledged).toBeGreaterThan(0)
  expect(notes).toHaveLength(commits * 20)
  expect(head?.commit).toBe(shaOf(commits))
})
