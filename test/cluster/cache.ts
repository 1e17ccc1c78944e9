import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from './life.ts'

const LOOK_AGAIN_MS = 250

/** The folder outside the repository that keeps slow builds between runs. */
export function cacheFolder(): string {
  return process.env['STYRMIN_TEST_CACHE'] ?? join(homedir(), '.cache', 'styrmin-test')
}

/** What a cached folder is made from; equal `inputs` mean an equal folder. */
export interface CacheKey {
  readonly name: string
  readonly inputs: readonly string[]
}

/**
 * The folder `<cache>/<name>-<digest of inputs>`, made by `make` if it is not there.
 *
 * Order: of several processes that ask at once, one makes it and the others wait;
 *        a folder appears whole or not at all.
 */
export async function cachedFolder(key: CacheKey, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), `${key.name}-${digestOf(key.inputs)}`)
  if (existsSync(folder)) return folder
  await mkdir(cacheFolder(), { recursive: true })
  const unlock = await lock(`${folder}.lock`)
  try {
    if (existsSync(folder)) return folder
    const half = `${folder}.half-${process.pid}`
    await rm(half, { recursive: true, force: true })
    await mkdir(half, { recursive: true })
    await make(half)
    await settle(half, folder)
    return folder
  } finally {
    await unlock()
  }
}

/** Two waiters that find the same stale lock may both make the folder: the first to finish wins. */
async function settle(half: string, folder: string): Promise<void> {
  try {
    await rename(half, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
    await rm(half, { recursive: true, force: true })
  }
}

function digestOf(inputs: readonly string[]): string {
  const hash = createHash('sha256')
  for (const input of inputs) hash.update(`${Buffer.byteLength(input)}:`).update(input)
  return hash.digest('hex').slice(0, 16)
}

async function lock(path: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      const file = await open(path, 'wx')
      await file.writeFile(String(process.pid))
      await file.close()
      return () => rm(path, { force: true })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    if (await isStale(path)) await rm(path, { force: true })
    else await sleep(LOOK_AGAIN_MS)
  }
}

/** A lock is stale when the process that wrote it is gone; an empty one is still being written. */
async function isStale(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text !== '' && !isAlive(Number(text))
}
