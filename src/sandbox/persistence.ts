import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { at, isObject, listAt, textAt } from '../util/json.ts'
import type { Saved, Store } from './store.ts'

/** What a folder holds of an earlier sandbox. */
export interface SavedSandbox {
  readonly state: Saved
  readonly token: string
}

const FILE = 'sandbox.json'
const WRITE_AFTER_MS = 50
/** Writing may take this part of the time and no more. */
const WRITE_SHARE = 0.1

/** Reads what an earlier sandbox kept; `undefined` for a new folder. Errors: of the file, and SyntaxError for a broken one. */
export async function loadSaved(folder: string): Promise<SavedSandbox | undefined> {
  await mkdir(folder, { recursive: true })
  const text = await readFile(join(folder, FILE), 'utf8').catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw cause
  })
  if (text === undefined) return undefined
  const value: unknown = JSON.parse(text)
  if (!isObject(value)) throw new SyntaxError(`${join(folder, FILE)} holds no object`)
  const objects = listAt(value, 'objects').flatMap((entry) => {
    const object = at(entry, 'object')
    if (!isObject(object)) return []
    return [
      {
        place: {
          kind: textAt(entry, 'kind') ?? '',
          namespace: textAt(entry, 'namespace') ?? '',
          name: textAt(entry, 'name') ?? '',
        },
        object,
      },
    ]
  })
  return { token: textAt(value, 'token') ?? '', state: { version: Number(at(value, 'version') ?? 1), objects } }
}

/**
 * Keeps a store in a folder: written as a whole, under another name first, a moment after a change.
 *
 * Errors: a write that fails is tried again with the next change; `stop` rejects when the last one failed.
 */
export function keepInFolder(folder: string, store: Store, token: string): { readonly stop: () => Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()
  let tookMs = 0
  let failure: unknown
  const write = (): void => {
    timer = undefined
    writing = writing.then(async () => {
      const start = performance.now()
      failure = await save(folder, store, token).catch(
        (cause: unknown) => new Error(`${folder} cannot be written`, { cause }),
      )
      tookMs = performance.now() - start
    })
  }
  const forget = store.onChange(() => {
    timer ??= setTimeout(write, Math.max(WRITE_AFTER_MS, tookMs / WRITE_SHARE))
  })
  return {
    stop: async () => {
      forget()
      clearTimeout(timer)
      write()
      await writing
      if (failure !== undefined) throw failure
    },
  }
}

async function save(folder: string, store: Store, token: string): Promise<void> {
  const objects = store.kinds().flatMap((kind) =>
    store.list(kind).map((object) => ({
      kind,
      namespace: textAt(object, 'metadata', 'namespace') ?? '',
      name: textAt(object, 'metadata', 'name') ?? '',
      object,
    })),
  )
  const file = join(folder, FILE)
  await writeFile(`${file}.next`, JSON.stringify({ version: store.version(), token, objects }), { mode: 0o600 })
  await rename(`${file}.next`, file)
}
