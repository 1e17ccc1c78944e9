import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openDaemons } from './daemons.ts'
import { isAlive } from './life.ts'
import { eventually } from './wait.ts'

let cache = ''

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'styrmin-cache-'))
  vi.stubEnv('STYRMIN_TEST_CACHE', cache)
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(cache, { recursive: true, force: true })
})

/** A process of its own that starts one daemon, prints its id and folder, and then ends as told. */
function testProcess(end: string): ReturnType<typeof spawn> {
  const code = `
    const { openDaemons } = await import(${JSON.stringify(join(import.meta.dirname, 'daemons.ts'))})
    const daemons = openDaemons('test')
    const { pid } = daemons.start('sleeper', { command: 'sleep', args: ['600'] })
    console.log(JSON.stringify({ pid, folder: daemons.folder }))
    ${end}`
  return spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** What the process printed, once it has ended. */
async function started(child: ReturnType<typeof spawn>): Promise<{ readonly pid: number; readonly folder: string }> {
  if (child.stdout === null) throw new Error('no output')
  const closed = once(child, 'close')
  const printed = await text(child.stdout)
  await closed
  return JSON.parse(printed) as { readonly pid: number; readonly folder: string }
}

async function ended(pid: number): Promise<void> {
  await eventually({ what: `process ${pid} has ended` }, () => Promise.resolve(isAlive(pid) ? undefined : true))
}

test('stopped daemons are gone with their folder and record', async () => {
  const daemons = openDaemons('test')
  const { pid } = daemons.start('sleeper', { command: 'sleep', args: ['600'] })
  expect(isAlive(pid)).toBe(true)
  await daemons.stop()
  expect(isAlive(pid)).toBe(false)
  expect(existsSync(daemons.folder)).toBe(false)
  expect(readdirSync(join(cache, 'running'))).toEqual([])
})

test('a daemon ends with the process that started it', async () => {
  const { pid } = await started(testProcess('process.exit(0)'))
  await ended(pid)
})

test('a daemon ends when the process that started it is told to stop', async () => {
  const { pid } = await started(testProcess("process.kill(process.pid, 'SIGTERM')\nsetInterval(() => {}, 1000)"))
  await ended(pid)
})

describe.skipIf(process.platform !== 'linux')('left behind by a killed process', () => {
  test('a daemon is ended by the next one that opens', async () => {
    const { pid, folder } = await started(testProcess("process.kill(process.pid, 'SIGKILL')"))
    expect(isAlive(pid)).toBe(true)
    await openDaemons('next').stop()
    await ended(pid)
    expect(existsSync(folder)).toBe(false)
  })

  test('a daemon of a process that still runs is left alone', async () => {
    const first = openDaemons('first')
    const { pid } = first.start('sleeper', { command: 'sleep', args: ['600'] })
    await openDaemons('second').stop()
    expect(isAlive(pid)).toBe(true)
    await first.stop()
  })
})
