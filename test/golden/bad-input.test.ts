import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exitCodeOf } from '../../src/cli/world.ts'
import type { DeploymentKey } from '../../src/domain/ids.ts'
import { formatProblem } from '../../src/domain/problem.ts'
import { findGone } from '../../src/pipeline/find-gone.ts'
import type { Resolution } from '../../src/pipeline/resolution.ts'
import { createResolveCache } from '../../src/pipeline/resolve-cache.ts'
import { resolveTree } from '../../src/pipeline/resolve-tree.ts'
import type { SourceTree } from '../../src/ports/source-tree.ts'
import { openRenderers, type Renderers } from '../../src/renderer/open-renderers.ts'
import { digestOfBytes } from '../../src/util/digest.ts'

/** Each folder: `files/` is laid over the base; `special.json` has what a file system cannot hold; `want.txt` the answer. */
const CASES = join(import.meta.dirname, 'bad-input')
const BASE = join(import.meta.dirname, 'bad-input-base')

/** File modes as git has them, and texts too large to keep. */
interface Special {
  readonly remove?: readonly string[]
  readonly modes?: Readonly<Record<string, string>>
  readonly generate?: Readonly<
    Record<string, { readonly before: string; readonly repeat: string; readonly times: number }>
  >
}

interface Entry {
  readonly mode: string
  readonly bytes: Uint8Array
}

const state: { renderers?: Renderers; base?: Resolution } = {}

beforeAll(async () => {
  state.renderers = await openRenderers()
  state.base = await resolve(filesOf(BASE))
})

afterAll(() => state.renderers?.close())

test('the base has nothing wrong', () => {
  expect(state.base?.problems).toEqual([])
  expect([...(state.base?.instances.keys() ?? [])]).toEqual(['dev/note', 'dev/shop', 'prod/shop'])
})

// A new case is a new folder; then `vitest -u`, and read want.txt.
test.for(readdirSync(CASES).sort())('%s', { timeout: 60_000 }, async (name) => {
  const folder = join(CASES, name)
  const special: Special = existsSync(join(folder, 'special.json'))
    ? (JSON.parse(readFileSync(join(folder, 'special.json'), 'utf8')) as Special)
    : {}
  const files = new Map([...filesOf(BASE), ...filesOf(join(folder, 'files')), ...made(special)])
  for (const path of special.remove ?? []) files.delete(path)
  const resolution = await resolve(files, special)
  await expect(print(resolution)).toMatchFileSnapshot(join(folder, 'want.txt'))
})

function resolve(files: ReadonlyMap<string, Entry>, { modes = {} }: Special = {}): Promise<Resolution> {
  const entries = [...files].map(([path, { mode, bytes }]) => ({
    path,
    mode: modes[path] ?? mode,
    oid: digestOfBytes(bytes),
  }))
  const tree: SourceTree = {
    list: () => Promise.resolve(entries.sort((a, b) => (a.path < b.path ? -1 : 1))),
    read: ({ path }, maxBytes) => {
      const { bytes } = files.get(path) ?? { bytes: new Uint8Array() }
      return Promise.resolve(bytes.length > maxBytes ? 'too-large' : bytes)
    },
  }
  if (state.renderers === undefined) throw new Error('no renderers')
  const tools = { renderer: state.renderers.trusted, cache: createResolveCache() }
  return resolveTree(tree, tools, AbortSignal.timeout(60_000))
}

function filesOf(folder: string): ReadonlyMap<string, Entry> {
  if (!existsSync(folder)) return new Map()
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    paths.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [path.slice(folder.length + 1), { mode: '100644', bytes: readFileSync(path) }]
    }),
  )
}

function made({ generate = {} }: Special): ReadonlyMap<string, Entry> {
  return new Map(
    Object.entries(generate).map(([path, { before, repeat, times }]) => {
      return [path, { mode: '100644', bytes: Buffer.from(before + repeat.repeat(times)) }]
    }),
  )
}

/** Everything that a person or a machine is told, and what stays exactly as it was. */
function print(resolution: Resolution): string {
  const { base } = state
  if (base === undefined) throw new Error('no base')
  const { problems, instances, blocked } = resolution
  const isSame = (key: DeploymentKey): boolean =>
    base.instances.get(key)?.instance.digest === instances.get(key)?.instance.digest
  const { deletions, held } = findGone(base, resolution)
  const list = (keys: readonly string[]): string => keys.join(', ') || 'none'
  return [
    ...problems.map((problem) => `${formatProblem(problem)}\n  affects: ${list(problem.affects ?? [])}`),
    `exit: ${exitCodeOf(problems)}`,
    `unaffected: ${list([...instances.keys()].filter(isSame))}`,
    `changed or new: ${list([...instances.keys()].filter((key) => !isSame(key)))}`,
    `blocked: ${list(blocked)}`,
    `deleted: ${list(deletions.map(({ key }) => key))}`,
    ...held.map(({ key, why }) => `kept: ${key}, because ${why}`),
    '',
  ].join('\n')
}
