import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Resolution } from '../../src/pipeline/resolution.ts'
import { createResolveCache, type ResolveCache } from '../../src/pipeline/resolve-cache.ts'
import { resolveTree } from '../../src/pipeline/resolve-tree.ts'
import { openRenderers, type Renderers } from '../../src/renderer/open-renderers.ts'
import { exampleCommits } from './example.ts'
import { memoryTree } from './memory-tree.ts'

const signal = new AbortController().signal
let renderers: Renderers
let base: ReadonlyMap<string, string>

beforeAll(async () => {
  renderers = await openRenderers({ size: 1 })
  const example = (await exampleCommits())[0]?.files ?? new Map()
  base = new Map(
    [...example].filter(([path]) => !path.startsWith('deployments/') || /(cache|queue|scratch)/.test(path)),
  )
})

afterAll(() => renderers.close())

type Files = Map<string, string>

function deployment(name: string, more: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ version: '7.4.0', ...more }).map(([key, value]) => `  ${key}: ${value}\n`)
  return `apiVersion: styrmin.io/v1\nkind: Deployment\nmetadata: { name: ${name}, environment: dev }\nspec:\n  driver: { name: redis, version: "1" }\n${lines.join('')}`
}

const name = fc.constantFrom('one', 'two', 'three', 'cache')
const file = fc.constantFrom(
  'deployments/dev/cache.yml',
  'deployments/dev/one.yml',
  'deployments/dev/two.yml',
  'deployments/dev/more/three.yml',
)

/** Every kind of edit that a commit may bring, sound and unsound. */
const edit = fc.oneof(
  fc.tuple(file, name, fc.constantFrom('64', '128', '256')).map(
    ([path, who, memory]) =>
      (files: Files) =>
        void files.set(path, deployment(who, { parameters: `{ max_memory: ${memory}, service_name: ${who} }` })),
  ),
  fc.tuple(file, name, name).map(
    ([path, who, needed]) =>
      (files: Files) =>
        void files.set(path, deployment(who, { depends_on: `[${needed}]`, parameters: `{ service_name: ${who} }` })),
  ),
  fc.tuple(file, name, name).map(
    ([path, who, other]) =>
      (files: Files) =>
        void files.set(path, `${deployment(who)}---\n${deployment(other, { state: 'stopped' })}`),
  ),
  fc.tuple(file, name).map(
    ([path, who]) =>
      (files: Files) =>
        void files.set(path, deployment(who, { parameters: '{ service_name: shared }' })),
  ),
  fc.tuple(file, name, fc.constantFrom('version: "9"', 'parameters: { max_memory: "many" }', 'oops: true')).map(
    ([path, who, wrong]) =>
      (files: Files) =>
        void files.set(path, `${deployment(who)}  ${wrong}\n`),
  ),
  fc.tuple(file, name, fc.constantFrom('aaaaaaaa', 'bbbbbbbb')).map(
    ([path, who, id]) =>
      (files: Files) =>
        void files.set(path, deployment(who).replace(`name: ${who}`, `name: ${who}, id: ${id}`)),
  ),
  file.map((path) => (files: Files) => void files.delete(path)),
  fc
    .constantFrom(': {', 'apiVersion: styrmin.io/V1\nkind: Deployment\n', 'a: 1\n')
    .chain((text) => file.map((path) => (files: Files) => void files.set(path, text))),
  fc
    .constantFrom('report', 'ignore')
    .map(
      (mode) => (files: Files) =>
        void files.set('environments/dev.yml', `${base.get('environments/dev.yml') ?? ''}  drift: { mode: ${mode} }\n`),
    ),
  fc.constant((files: Files) => void files.set('README.md', `${files.size}`)),
  fc.constant((files: Files) => void files.set('deployments/dev/Chart.yaml', 'name: x\nversion: 1.0.0\n')),
  fc.constant((files: Files) => void files.delete('deployments/dev/Chart.yaml')),
)

test('a tree resolved from the one before it is the same as one resolved alone', async () => {
  const renders = createResolveCache().renders
  const fresh = (): ResolveCache => ({ ...createResolveCache(), renders })
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
      const files: Files = new Map(base)
      const warm = fresh()
      await resolve(files, warm)
      for (const change of edits) {
        change(files)
        expect(comparable(await resolve(files, warm))).toEqual(comparable(await resolve(files, fresh())))
      }
    }),
    { numRuns: 40 },
  )
})

test('what changed in deployments alone is resolved from the tree before, and nothing else is looked at', async () => {
  const cache = createResolveCache()
  await resolve(base, cache)
  const [whole] = cache.trees
  const added = new Map([...base, ['deployments/dev/one.yml', deployment('one')]])
  await resolve(added, cache)
  const [patched] = cache.trees
  expect(patched?.resolution.instances.size).toBe((whole?.resolution.instances.size ?? 0) + 1)
  expect(patched?.resolution.environments).toBe(whole?.resolution.environments)
  expect(patched?.shared).toBe(whole?.shared)
})

test('two branches in turn are each resolved from their own tree', async () => {
  const cache = createResolveCache()
  const branch = new Map([...base, ['environments/dev.yml', `${base.get('environments/dev.yml')}  protect: true\n`]])
  await resolve(base, cache)
  await resolve(branch, cache)
  const known = new Set(cache.trees.map(({ shared }) => shared))
  await resolve(new Map([...base, ['deployments/dev/one.yml', deployment('one')]]), cache)
  await resolve(new Map([...branch, ['deployments/dev/one.yml', deployment('one')]]), cache)
  expect(cache.trees.every(({ shared }) => known.has(shared))).toBe(true)
})

function resolve(files: ReadonlyMap<string, string>, cache: ResolveCache): Promise<Resolution> {
  return resolveTree(memoryTree(files), { renderer: renderers.trusted, cache }, signal)
}

function comparable(resolution: Resolution): unknown {
  const { instances, renderRequests, files, deleteData, readFiles, presentFiles, clusters, environments, ...rest } =
    resolution
  return {
    ...rest,
    instances: [...instances].map(([key, { instance, at, origins }]) => [key, instance.digest, at, [...origins]]),
    renderRequests: [...renderRequests.keys()],
    files: [...files],
    deleteData: [...deleteData].sort(),
    readFiles: [...readFiles].sort(),
    presentFiles: [...presentFiles].sort(),
    clusters: clusters.map(({ name: cluster }) => cluster),
    environments: environments.map((environment) => [environment.name, environment.drift, environment.protect]),
  }
}
