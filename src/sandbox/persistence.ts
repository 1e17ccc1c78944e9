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

/** Keeps a store in a folder: written as a whole, a moment after a change, under another name first. */
export function keepInFolder(folder: string, store: Store, token: string): { readonly stop: () => Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()
  const write = (): void => {
    timer = undefined
    writing = writing.then(() => save(folder, store, token))
  }
  const forget = store.onChange(() => {
    timer ??= setTimeout(write, WRITE_AFTER_MS)
  })
  return {
    stop: async () => {
      forget()
      clearTimeout(timer)
      write()
      await writing
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
