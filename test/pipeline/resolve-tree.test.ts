import { afterAll, beforeAll, expect, test } from 'vitest'
import { deploymentKey } from '../../src/domain/ids.ts'
import { fillValues } from '../../src/pipeline/fill-values.ts'
import { planChanges } from '../../src/pipeline/plan-changes.ts'
import type { PipelineTools, Resolution } from '../../src/pipeline/resolution.ts'
import { createResolveCache } from '../../src/pipeline/resolve-cache.ts'
import { resolveTree } from '../../src/pipeline/resolve-tree.ts'
import type { Renderer } from '../../src/ports/renderer.ts'
import { openRenderers, type Renderers } from '../../src/renderer/open-renderers.ts'
import { refKey } from '../../src/domain/object-ref.ts'
import { exampleCommits } from './example.ts'
import { memoryTree } from './memory-tree.ts'

const signal = AbortSignal.timeout(120_000)
let renderers: Renderers
let example: ReadonlyMap<string, string>

beforeAll(async () => {
  renderers = await openRenderers({ size: 1 })
  example = (await exampleCommits())[0]?.files ?? new Map()
})

afterAll(() => renderers.close())

/** The real renderer, counting what it is asked for. */
function counted(): { readonly renderer: Renderer; readonly renders: () => number } {
  let renders = 0
  const real = renderers.trusted
  const renderer: Renderer = {
    engineVersion: real.engineVersion,
    render: (request, abort) => {
      renders += 1
      return real.render(request, abort)
    },
    fill: (request, key, abort) => real.fill(request, key, abort),
    rehearse: (request, abort) => real.rehearse(request, abort),
    close: () => real.close(),
  }
  return { renderer, renders: () => renders }
}

function tools(): PipelineTools {
  return { renderer: renderers.trusted, cache: createResolveCache() }
}

function resolve(files: ReadonlyMap<string, string>, with_: PipelineTools = tools()): Promise<Resolution> {
  return resolveTree(memoryTree(files), with_, signal)
}

function edited(path: string, edit: (text: string) => string): ReadonlyMap<string, string> {
  const text = example.get(path)
  if (text === undefined || edit(text) === text) throw new Error(`nothing to edit in ${path}`)
  return new Map([...example, [path, edit(text)]])
}

const DRIVER = 'drivers/my-app'

test('a commit to one file reads one blob and renders one deployment', async () => {
  const { renderer, renders } = counted()
  const warm = { renderer, cache: createResolveCache() }
  await resolve(example, warm)
  const before = renders()
  const tree = memoryTree(edited('deployments/dev/cache.yml', (text) => text.replace('7.4.0', '7.4.1')))
  await resolveTree(tree, warm, signal)
  expect(tree.reads()).toBe(1)
  expect(renders() - before).toBe(1)
})

test('a comment changes nothing and renders nothing', async () => {
  const { renderer, renders } = counted()
  const warm = { renderer, cache: createResolveCache() }
  const one = await resolve(example, warm)
  const before = renders()
  const two = await resolve(
    edited('environments/production.yml', (text) => `# a remark\n${text}`),
    warm,
  )
  expect(renders() - before).toBe(0)
  expect(digests(two)).toEqual(digests(one))
})

test('the order in which files come changes nothing', async () => {
  const shuffled = new Map([...example].reverse())
  expect(digests(await resolve(shuffled))).toEqual(digests(await resolve(example)))
})

test.for<{
  readonly name: string
  readonly path: string
  readonly edit: (text: string) => string
  readonly code: string
  readonly at: string
}>([
  {
    name: 'a template error',
    path: `${DRIVER}/values.j2.yml`,
    edit: (text) => `${text}\nx: {{ nothing.here }}\n`,
    code: 'STY301',
    at: `${DRIVER}/values.j2.yml`,
  },
  {
    name: 'a chart that Helm refuses',
    path: `${DRIVER}/chart/templates/services.yaml`,
    edit: (text) => `${text}\n{{ fail "no" }}\n`,
    code: 'STY314',
    at: `${DRIVER}/chart/templates/services.yaml`,
  },
  {
    name: 'an object in another namespace',
    path: `${DRIVER}/chart/templates/configmap.yaml`,
    edit: (text) => text.replace('metadata:\n', 'metadata:\n  namespace: kube-system\n'),
    code: 'STY332',
    at: `${DRIVER}/chart/templates/configmap.yaml`,
  },
  {
    name: 'an action with an enum',
    path: `${DRIVER}/actions.ts`,
    edit: (text) => `${text}\nexport enum X { A }\n`,
    code: 'STY256',
    at: `${DRIVER}/actions.ts`,
  },
  {
    name: 'an action that imports a library',
    path: `${DRIVER}/actions.ts`,
    edit: (text) => `import fs from 'node:fs'\n${text}`,
    code: 'STY257',
    at: `${DRIVER}/actions.ts`,
  },
  {
    name: 'an action under another name',
    path: `${DRIVER}/actions.ts`,
    edit: (text) => text.replace('const upgrade', 'const upgraded'),
    code: 'STY258',
    at: `${DRIVER}/actions.ts`,
  },
])('$name blocks the deployments of that driver alone, with its place', async ({ path, edit, code, at }) => {
  const { problems, blocked, instances } = await resolve(edited(path, edit))
  const shops = ['dev/shop', 'production/shop', 'staging/shop']
  expect([...new Set(problems.map((problem) => problem.code))]).toEqual([code])
  expect([...new Set(problems.flatMap(({ affects = [] }) => affects))].sort()).toEqual(shops)
  expect([...new Set(problems.map((problem) => problem.at?.file))]).toEqual([at])
  expect(blocked).toEqual(shops)
  expect([...instances.keys()].filter((key) => shops.includes(key))).toEqual([])
  expect(instances.size).toBe(6)
})

test('two deployments that make one Service are both blocked and named', async () => {
  const { problems, blocked } = await resolve(
    edited('deployments/dev/queue.yml', (text) => text.replace('service_name: queue', 'service_name: cache')),
  )
  expect(blocked).toEqual(['dev/cache', 'dev/queue'])
  expect(problems.map(({ code, affects }) => ({ code, affects }))).toEqual([
    { code: 'STY340', affects: ['dev/cache', 'dev/queue'] },
  ])
})

test.for<{ readonly name: string; readonly edit: (text: string) => string; readonly message: RegExp }>([
  { name: 'a downgrade', edit: (text) => text.replace('version: 7.4.0', 'version: 7.2.0'), message: /older version/ },
])('$name is refused, and has no plan', async ({ edit, message }) => {
  const before = await resolve(example)
  const after = await resolve(edited('deployments/dev/cache.yml', edit))
  const changes = { before: before.instances, after, deletions: [] }
  const { plans, problems } = await planChanges(changes, tools(), signal)
  expect(plans).toEqual([])
  expect(problems).toMatchObject([{ code: 'STY260', affects: ['dev/cache'] }])
  expect(problems[0]?.message).toMatch(message)
})

test('a change of namespace is refused', async () => {
  const before = await resolve(example)
  const after = await resolve(
    edited('environments/dev.yml', (text) => text.replace('spec:\n', 'spec:\n  namespace: elsewhere\n')),
  )
  const { plans, problems } = await planChanges({ before: before.instances, after, deletions: [] }, tools(), signal)
  expect(plans).toEqual([])
  expect(problems.every(({ code }) => code === 'STY260')).toBe(true)
  expect(problems.flatMap(({ affects = [] }) => affects)).toContain('dev/shop')
})

test('generated values are filled under the names of the objects as they are applied', async () => {
  const { instances, renderRequests } = await resolve(example)
  const key = deploymentKey('production', 'shop')
  const [resolved, request] = [instances.get(key), renderRequests.get(key)]
  if (resolved === undefined || request === undefined) throw new Error('the example has no production shop')
  const values = await fillValues({ resolved, request, key: new Uint8Array(32) }, renderers.trusted, signal)
  const [[name, leaves] = ['', {}]] = Object.entries(values)
  const ref = { apiVersion: 'v1', kind: 'Secret', namespace: 'production', name: 'shop-39391611-database' }
  expect(name).toBe(refKey(ref))
  expect(leaves['/stringData/password']).toMatch(/^[A-Za-z0-9]{8,}$/)
  expect(JSON.stringify(resolved)).not.toContain(leaves['/stringData/password'])
})

test('an aborted resolution ends with the reason', async () => {
  const aborted = AbortSignal.abort(new Error('enough'))
  await expect(resolveTree(memoryTree(example), tools(), aborted)).rejects.toThrow('enough')
})

function digests({ instances }: Resolution): readonly (readonly [string, string])[] {
  return [...instances].map(([key, { instance }]) => [key, instance.digest] as const)
}
