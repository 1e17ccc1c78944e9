import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLinkMemory } from '../../../src/core/desired/link-memory.ts'
import { joinReadings } from '../../../src/core/documents/read-documents.ts'
import { readFileDocuments } from '../../../src/core/documents/read-file.ts'
import { linkDocuments } from '../../../src/core/desired/link-documents.ts'
import { isObject, type Json } from '../../../src/util/json.ts'
import { pointerTo } from '../../../src/util/pointer.ts'
import { deployment, document, driver, link, read, told, tree } from './builders.ts'

test('a sound tree gives all deployments with layers merged and defaults filled in', () => {
  const { deployments, blocked, problems } = link(tree())
  expect(problems).toEqual([])
  expect(blocked).toEqual([])
  expect(deployments.map(({ key }) => key)).toEqual(['dev/api', 'dev/shop', 'prod/shop'])
  expect(deployments[1]).toMatchObject({
    appVersion: '1.0.0',
    config: { fqdn_suffix: 'lab.example.com', storage: { class: 'fast', size: 2 } },
    parameters: { title: 'Hi', size: 1, level: 'low', password: { secret: 'web', key: 'password' } },
  })
})

describe('references', () => {
  test.for([
    {
      name: 'an environment that is not there',
      change: { 'dev/shop.yml': deployment('shop', 'dve') },
      want: 'dev/shop.yml:3:38: error STY200: no environment is named "dve"\n  hint: Did you mean "dev"?\n  affects: dve/shop',
      blocked: ['dve/shop'],
    },
    {
      name: 'a cluster that is not there',
      change: { 'dev.yml': document('Environment', '{ name: dev }', '  cluster: lap') },
      want: 'dev.yml:5:12: error STY201: no cluster is named "lap"\n  hint: Did you mean "lab"?\n  affects: dev/api, dev/shop',
      blocked: ['dev/api', 'dev/shop'],
    },
    {
      name: 'a driver that is not there',
      change: { 'dev/shop.yml': deployment('shop', 'dev').replace('driver: web', 'driver: wbe') },
      want: 'dev/shop.yml:5:11: error STY202: no driver is named "wbe"\n  hint: Did you mean "web"?',
      blocked: ['dev/shop'],
    },
    {
      name: 'a driver version that is not there',
      change: {
        'dev/shop.yml': deployment('shop', 'dev').replace('driver: web', 'driver: { name: web, version: "7" }'),
      },
      want: 'STY203: the driver "web" has no version "7"\n  hint: Write one of "1".',
      blocked: ['dev/shop'],
    },
    {
      name: 'a version that is not supported',
      change: { 'dev/shop.yml': deployment('shop', 'dev').replace('1.0.0', '2.1.0') },
      want: 'dev/shop.yml:6:12: error STY207: version 2.1.0 is outside of >=1.0,<2.0, which the driver "web" 1 supports (drivers/web/driver.styrmin.yml:6:23)',
      blocked: ['dev/shop'],
    },
    {
      name: 'no version at all',
      change: { 'dev/shop.yml': deployment('shop', 'dev').replace('  version: 1.0.0\n', '') },
      want: 'dev/shop.yml:4:1: error STY206: no version is given, and the driver "web" has no default',
      blocked: ['dev/shop'],
    },
    {
      name: 'a version that is none',
      change: { 'dev/shop.yml': deployment('shop', 'dev').replace('1.0.0', 'latest') },
      want: 'STY208: "latest" is no version',
      blocked: ['dev/shop'],
    },
    {
      name: 'a component that is not there',
      change: {
        'dev/shop.yml': deployment('shop', 'dev', '  parameters: { title: Hi }\n  components: { servr: { args: [] } }'),
      },
      want: 'dev/shop.yml:8:17: error STY230: the driver "web" has no component "servr"\n  hint: Did you mean "server"?',
      blocked: ['dev/shop'],
    },
    {
      name: 'a dependency that is not there',
      change: { 'dev/shop.yml': deployment('shop', 'dev', '  parameters: { title: Hi }\n  depends_on: [apo]') },
      want: 'STY231: no deployment of dev is named "apo"\n  hint: Did you mean "api"?',
      blocked: ['dev/shop'],
    },
    {
      name: 'dependencies in a circle',
      change: {
        'dev/shop.yml': deployment('shop', 'dev', '  parameters: { title: Hi }\n  depends_on: [api]'),
        'dev/api.yml': deployment('api', 'dev', '  parameters: { title: Hi }\n  depends_on: [shop]'),
      },
      want: 'STY232: depends_on goes in a circle: dev/api -> dev/shop -> dev/api',
      blocked: ['dev/api', 'dev/shop'],
    },
    {
      name: 'a broken environment',
      change: { 'dev.yml': document('Environment', '{ name: dev }', '  cluster: lab\n  protekt: true') },
      want: 'STY120: "spec" has no field "protekt"\n  hint: Did you mean "protect"?\n  affects: dev/api, dev/shop',
      blocked: ['dev/api', 'dev/shop'],
    },
    {
      name: 'a broken driver',
      change: { 'drivers/web/driver.styrmin.yml': driver('1', 'what') },
      want: 'STY133: "what" is no range of versions\n  hint: Write a range such as ">=1.0,<2.0".\n  affects: dev/api, dev/shop, prod/shop',
      blocked: ['dev/api', 'dev/shop', 'prod/shop'],
    },
  ])('$name', ({ change, want, blocked }) => {
    const linked = link(tree(change as Readonly<Record<string, string>>))
    expect(told(linked)).toContain(want)
    expect(linked.blocked).toEqual(blocked)
    expect(linked.deployments.map(({ key }) => key)).toEqual(
      [...linked.declared.keys()].filter((key) => !blocked.includes(key)),
    )
  })
})

describe('collisions', () => {
  test('a deployment declared twice names both places and blocks only itself', () => {
    const linked = link(tree({ 'z.yml': deployment('shop', 'dev') }))
    expect(told(linked)).toContain(
      'z.yml:1:1: error STY210: the Deployment dev/shop is declared twice: at dev/shop.yml:1:1 and here',
    )
    expect(linked.blocked).toEqual(['dev/shop'])
    expect(linked.declaredTwice).toEqual(['dev/shop'])
  })

  test('an environment declared twice blocks all that is in it', () => {
    const linked = link(tree({ 'z.yml': document('Environment', '{ name: dev }', '  cluster: lab') }))
    expect(linked.blocked).toEqual(['dev/api', 'dev/shop'])
  })

  test('one id for two deployments blocks both', () => {
    const linked = link(
      tree({
        'dev/shop.yml': deployment('shop', 'dev', undefined, ', id: aaaaaaaa'),
        'prod/shop.yml': deployment('shop', 'prod', undefined, ', id: aaaaaaaa'),
      }),
    )
    expect(told(linked)).toContain('STY211: dev/shop (dev/shop.yml:1:1) and prod/shop have one stable id, aaaaaaaa')
    expect(linked.blocked).toEqual(['dev/shop', 'prod/shop'])
  })

  test('two environments in one namespace are both blocked, in two clusters they are not', () => {
    const other = document('Cluster', '{ name: other }', '  config: {}')
    const same = tree({
      'prod.yml': document('Environment', '{ name: prod }', '  cluster: lab\n  namespace: dev'),
      'other.yml': other,
    })
    expect(told(link(same))).toContain('STY212')
    expect(link(same).blocked).toEqual(['dev/api', 'dev/shop', 'prod/shop'])
    const apart = {
      ...same,
      'prod.yml': document('Environment', '{ name: prod }', '  cluster: other\n  namespace: dev'),
    }
    expect(link(apart).problems).toEqual([])
  })

  test.for(['kube-system', 'default', 'styrmin-system'])('the namespace %s is refused', (namespace) => {
    const linked = link(
      tree({ 'prod.yml': document('Environment', '{ name: prod }', `  cluster: lab\n  namespace: ${namespace}`) }),
    )
    expect(linked.problems.map(({ code }) => code)).toEqual(['STY213'])
    expect(linked.blocked).toEqual(['prod/shop'])
  })

  test('a name that becomes too long with its id is refused', () => {
    const name = 'a'.repeat(55)
    expect(link(tree({ 'dev/shop.yml': deployment(name, 'dev') })).problems.map(({ code }) => code)).toEqual(['STY214'])
    expect(link(tree({ 'dev/shop.yml': deployment(name.slice(1), 'dev') })).problems).toEqual([])
  })
})

describe('circles of depends_on', () => {
  const on = (...names: readonly string[]): string => `  parameters: { title: Hi }\n  depends_on: [${names.join(', ')}]`

  test.for<{
    readonly name: string
    readonly edges: Readonly<Record<string, readonly string[]>>
    readonly blocked: readonly string[]
  }>([
    { name: 'a chain is none', edges: { a: ['b'], b: ['c'], c: [] }, blocked: [] },
    { name: 'two ways to one are none', edges: { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, blocked: [] },
    { name: 'one on itself', edges: { a: ['a'] }, blocked: ['dev/a'] },
    {
      name: 'three, with a user that is not in it',
      edges: { a: ['b'], b: ['c'], c: ['a'], u: ['a'] },
      blocked: ['dev/a', 'dev/b', 'dev/c'],
    },
    {
      name: 'two apart',
      edges: { a: ['b'], b: ['a'], x: ['y'], y: ['x'] },
      blocked: ['dev/a', 'dev/b', 'dev/x', 'dev/y'],
    },
    { name: 'two that share one', edges: { a: ['b', 'c'], b: ['a'], c: ['a'] }, blocked: ['dev/a', 'dev/b', 'dev/c'] },
  ])('$name', ({ edges, blocked }) => {
    const files = Object.entries(edges).map(([name, needs]) => [`x/${name}.yml`, deployment(name, 'dev', on(...needs))])
    const linked = link(tree(Object.fromEntries(files) as Readonly<Record<string, string>>))
    expect(linked.blocked).toEqual(blocked)
  })
})

describe('parameters', () => {
  test.for([
    [
      '{ title: Hi, sise: 2 }',
      'dev/shop.yml:7:28: error STY220: the driver "web" has no parameter "sise"\n  hint: Did you mean "size"?',
    ],
    [
      '{ title: 1.10 }',
      'dev/shop.yml:7:24: error STY221: the parameter "title" is a text, not a number: 1.10\n  hint: Quote it: "1.10".',
    ],
    [
      '{ title: Hi, size: "2" }',
      'STY221: the parameter "size" is a whole number, not a text: "2"\n  hint: Remove the quotes: 2.',
    ],
    ['{ title: Hi, level: hihg }', 'STY222: the parameter "level" takes no "hihg"\n  hint: Did you mean high?'],
    ['{ title: "1" }', 'STY223'],
    ['{ title: Hi, size: 10 }', 'STY224: the parameter "size" must be at most 9, not 10'],
    ['{ size: 2 }', 'dev/shop.yml:7:3: error STY225: the driver "web" needs the parameter "title"'],
    [
      '{ title: Hi, password: hunter2 }',
      'STY221: the parameter "password" is a secret and takes a reference, never a value',
    ],
  ] as const)('%s', ([parameters, want]) => {
    const linked = link(tree({ 'dev/shop.yml': deployment('shop', 'dev', `  parameters: ${parameters}`) }))
    expect(told(linked)).toContain(want)
    expect(told(linked)).not.toContain('hunter2')
    expect(linked.blocked).toEqual(['dev/shop'])
  })

  test('null counts as unset', () => {
    const linked = link(tree({ 'dev/shop.yml': deployment('shop', 'dev', '  parameters: { title: Hi, size: null }') }))
    expect(linked.deployments.find(({ key }) => key === 'dev/shop')?.parameters['size']).toBe(1)
  })
})

describe('driver versions', () => {
  const two = tree({ 'drivers/web2/driver.styrmin.yml': driver('10'), 'drivers/web9/driver.styrmin.yml': driver('9') })

  test('the newest is taken with a warning that pins it', () => {
    const linked = link(two)
    expect(linked.deployments.map(({ driver: { spec } }) => spec.version)).toEqual(['10', '10', '10'])
    expect(told(linked)).toContain('warning STY204')
    expect(told(linked)).toContain('hint: Pin it: driver: { name: web, version: "10" }.')
  })

  test('the lock decides before the newest, and a pin before the lock', () => {
    const pinned = {
      ...two,
      'dev/shop.yml': deployment('shop', 'dev').replace('driver: web', 'driver: { name: web, version: "1" }'),
    }
    const linked = linkDocuments({ ...read(pinned), lock: new Map([['web', '9']]) })
    expect(linked.deployments.map(({ driver: { spec } }) => spec.version)).toEqual(['9', '1', '9'])
    expect(linked.problems).toEqual([])
  })

  test('a version that only history holds is found, and one of the tree comes before it', () => {
    const older = read({ 'old/driver.styrmin.yml': driver('0') }).documents.filter(
      (one) => one.kind === 'ApplicationDriver',
    )
    const pinned = tree({
      'dev/shop.yml': deployment('shop', 'dev').replace('driver: web', 'driver: { name: web, version: "0" }'),
    })
    const linked = linkDocuments({ ...read(pinned), olderDrivers: older })
    expect(linked.deployments.find(({ key }) => key === 'dev/shop')?.driver.spec.version).toBe('0')
  })

  test('a broken version blocks only those that would take it', () => {
    const linked = link({
      ...two,
      'drivers/web9/driver.styrmin.yml': driver('9', 'what'),
      'dev/shop.yml': deployment('shop', 'dev').replace('driver: web', 'driver: { name: web, version: "1" }'),
    })
    expect(linked.deployments.map(({ key }) => key)).toEqual(['dev/shop'])
  })
})

describe('laws', () => {
  const layer = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<Json>(null, 1, 'x', true),
      fc.array(fc.constantFrom<Json>(1, 'y', null), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd/e'), tie('value'), { maxKeys: 3 }),
    ),
  })).value
  const config = fc.dictionary(fc.constantFrom('a', 'b', 'c'), layer, { maxKeys: 3 })

  test('every leaf of config, parameters and components says who set it', () => {
    fc.assert(
      fc.property(config, config, config, (cluster, environment, own) => {
        const { deployments } = link(
          tree({
            'cluster.yml': document('Cluster', '{ name: lab }', `  config: ${JSON.stringify(cluster)}`),
            'dev.yml': document(
              'Environment',
              '{ name: dev }',
              `  cluster: lab\n  config: ${JSON.stringify(environment)}`,
            ),
            'dev/shop.yml': deployment(
              'shop',
              'dev',
              `  parameters: { title: Hi }\n  components: { server: { env: { A: b }, args: [x, y] } }\n  config: ${JSON.stringify(own)}`,
            ),
          }),
        )
        const shop = deployments.find(({ key }) => key === 'dev/shop')
        const components = JSON.parse(JSON.stringify(shop?.document.components)) as Json
        const leaves = [
          ...leavesOf(shop?.config ?? null, '/config'),
          ...leavesOf(shop?.parameters ?? null, '/parameters'),
          ...leavesOf(components, '/components'),
        ]
        expect(leaves.length).toBeGreaterThan(5)
        expect(leaves.filter((leaf) => leaf !== '/config' && shop?.origins.get(leaf)?.at === undefined)).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  test('the order of files changes nothing', () => {
    const files = tree({
      'z.yml': deployment('shop', 'dev'),
      'y.yml': deployment('bad', 'nowhere'),
      'drivers/w/driver.styrmin.yml': driver('2'),
    })
    const want = JSON.stringify(link(files))
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.keys(files), { minLength: Object.keys(files).length }), (order) => {
        expect(JSON.stringify(linkDocuments(read(files, order)))).toBe(want)
      }),
      { numRuns: 50 },
    )
  })

  test('what is blocked is named by an error, and what is not blocked is by none', () => {
    const linked = link(
      tree({
        'z.yml': deployment('shop', 'dev'),
        'y.yml': deployment('bad', 'nowhere'),
        'prod.yml': document('Environment', '{ name: prod }', '  cluster: 3'),
      }),
    )
    const named = new Set(
      linked.problems.filter(({ severity }) => severity === 'error').flatMap(({ affects }) => affects ?? []),
    )
    expect([...named].sort()).toEqual(linked.blocked)
  })
})

function leavesOf(value: Json, pointer: string): readonly string[] {
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item, index) => leavesOf(item, pointerTo(pointer, index)))
  if (!isObject(value) || Object.keys(value).length === 0) return [pointer]
  return Object.keys(value).flatMap((key) => leavesOf(value[key] ?? null, pointerTo(pointer, key)))
}

describe('what is remembered', () => {
  const states = [
    tree(),
    tree({ 'dev.yml': document('Environment', '{ name: dev }', '  cluster: lab\n  config: { storage: { size: 3 } }') }),
    tree({ 'cluster.yml': document('Cluster', '{ name: lab }', '  config: {}') }),
    tree({ 'drivers/web/driver.styrmin.yml': driver('1', '>=1.0,<9') }),
    tree({ 'drivers/w/driver.styrmin.yml': driver('2') }),
    tree({ 'drivers/w/driver.styrmin.yml': driver('2', 'what') }),
    tree({ 'dev/shop.yml': deployment('shop', 'dev', '  parameters: { title: Hi }\n  depends_on: [api]') }),
    tree({
      'dev/shop.yml': deployment('shop', 'dev', '  parameters: { title: Hi }\n  depends_on: [api]'),
      'dev/api.yml': '',
    }),
    tree({ 'prod.yml': '' }),
    tree({ 'z.yml': deployment('shop', 'dev') }),
  ]

  test('changes no answer, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...states), { minLength: 2, maxLength: 8 }), (history) => {
        const memory = createLinkMemory()
        for (const files of history) {
          const readings = Object.entries(files).map(([path, text]) => readOnce(path, text))
          const reading = joinReadings(readings)
          expect(JSON.stringify(linkDocuments({ ...reading, memory }))).toBe(JSON.stringify(linkDocuments(reading)))
        }
      }),
      { numRuns: 100 },
    )
  })

  test('an unchanged deployment is the same object again', () => {
    const memory = createLinkMemory()
    const link = (files: Readonly<Record<string, string>>) =>
      linkDocuments({ ...joinReadings(Object.entries(files).map(([path, text]) => readOnce(path, text))), memory })
    const before = link(tree()).deployments
    const after = link(tree({ 'dev/api.yml': deployment('api', 'dev', '  parameters: { title: Ho }') })).deployments
    expect(after.map((desired, index) => desired === before[index])).toEqual([false, true, true])
  })
})

const readings = new Map<string, ReturnType<typeof readFileDocuments>>()

/** A file that did not change gives the same documents again. */
function readOnce(
  path: string,
  text: string,
): { readonly path: string; readonly reading: ReturnType<typeof readFileDocuments> } {
  const key = `${path}\0${text}`
  const reading =
    readings.get(key) ?? readFileDocuments({ path, mode: '100644', bytes: new TextEncoder().encode(text) })
  readings.set(key, reading)
  return { path, reading }
}
