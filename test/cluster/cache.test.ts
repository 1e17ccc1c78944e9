import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { appendFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { cachedFolder } from './cache.ts'

let cache = ''

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'styrmin-cache-'))
  vi.stubEnv('STYRMIN_TEST_CACHE', cache)
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(cache, { recursive: true, force: true })
})

/** Makes a folder with one file and leaves a line in `made`. */
function maker(text: string): (folder: string) => Promise<void> {
  return async (folder) => {
    await appendFile(join(cache, 'made'), `${text}\n`)
    await sleep(50)
    await writeFile(join(folder, 'file'), text)
  }
}

function made(): string {
  return readFileSync(join(cache, 'made'), 'utf8')
}

test('a folder is made once for equal inputs', async () => {
  const first = await cachedFolder({ name: 'a', inputs: ['x', 'y'] }, maker('one'))
  const second = await cachedFolder({ name: 'a', inputs: ['x', 'y'] }, maker('two'))
  expect(second).toBe(first)
  expect(readFileSync(join(first, 'file'), 'utf8')).toBe('one')
  expect(made()).toBe('one\n')
})

test('other inputs give another folder, also when their texts run together', async () => {
  const first = await cachedFolder({ name: 'a', inputs: ['xy', ''] }, maker('one'))
  const second = await cachedFolder({ name: 'a', inputs: ['x', 'y'] }, maker('two'))
  expect(second).not.toBe(first)
})

test('of two that ask at once, one makes the folder', async () => {
  const key = { name: 'a', inputs: ['x'] }
  const both = await Promise.all([cachedFolder(key, maker('one')), cachedFolder(key, maker('one'))])
  expect(both[0]).toBe(both[1])
  expect(made()).toBe('one\n')
})

test('a folder that could not be made is not there, and the next one tries again', async () => {
  const key = { name: 'a', inputs: ['x'] }
  await expect(cachedFolder(key, () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck')
  const folder = await cachedFolder(key, maker('two'))
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('two')
})

test('the lock of a process that is gone does not hold', async () => {
  const key = { name: 'a', inputs: ['x'] }
  const folder = await cachedFolder(key, maker('one'))
  rmSync(folder, { recursive: true })
  // No system gives out a process id this large.
  writeFileSync(`${folder}.lock`, '999999999')
  await cachedFolder(key, maker('two'))
  expect(made()).toBe('one\ntwo\n')
  expect(readdirSync(cache).filter((name) => name.endsWith('.lock'))).toEqual([])
})
