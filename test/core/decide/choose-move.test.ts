import { expect, test } from 'vitest'
import { type Asked, chooseMove, type Move, type Seen } from '../../../src/core/decide/choose-move.ts'

const asked: Asked = { epoch: 2, signed: true, waitsFor: [] }
const seen: Seen = { epoch: 2, settled: true, deleted: false, reported: false, drifted: false }
const ended = { epoch: 2, ended: true }
const running = { epoch: 2, ended: false }

test.for<{ name: string; asked?: Partial<Asked>; seen?: Partial<Seen>; want: Move['kind'] }>([
  { name: 'refuses what is not signed', asked: { signed: false }, want: 'refuse' },
  { name: 'refuses an older epoch', asked: { epoch: 1 }, want: 'refuse' },
  { name: 'begins the first plan', asked: { epoch: 1 }, seen: { epoch: 0 }, want: 'begin-run' },
  { name: 'begins a newer plan', asked: { epoch: 3 }, seen: { run: ended }, want: 'begin-run' },
  { name: 'waits for others first', asked: { epoch: 3, waitsFor: ['db'] }, seen: { run: ended }, want: 'wait-for' },
  {
    name: 'ends what it began before anything newer',
    asked: { epoch: 3 },
    seen: { run: running },
    want: 'continue-run',
  },
  { name: 'goes on with its run', seen: { run: running, settled: false }, want: 'continue-run' },
  { name: 'settles a run that ended', seen: { run: ended, settled: false }, want: 'settle-run' },
  { name: 'makes a run that was said but not made', seen: { settled: false }, want: 'begin-run' },
  { name: 'does not repeat a settled run that was removed by hand', want: 'observe' },
  { name: 'repairs what drifted', seen: { run: ended, drifted: true }, want: 'repair' },
  { name: 'repairs nothing while a run is on', seen: { run: running, drifted: true }, want: 'continue-run' },
  { name: 'keeps a deletion until the server knows', seen: { run: ended, deleted: true }, want: 'observe' },
  { name: 'forgets it then', seen: { run: ended, deleted: true, reported: true }, want: 'forget' },
  { name: 'observes what is as it should be', seen: { run: ended }, want: 'observe' },
])('$name', ({ asked: more = {}, seen: found = {}, want }) => {
  expect(chooseMove({ ...asked, ...more }, { ...seen, ...found }).kind).toBe(want)
})
