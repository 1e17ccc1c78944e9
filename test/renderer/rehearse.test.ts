import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRenderers, type Renderers } from '../../src/renderer/open-renderers.ts'
import { actionWith, rehearsalOf } from './cases.ts'

let renderers: Renderers
beforeAll(async () => {
  renderers = await openRenderers({ size: 1 })
})
afterAll(() => renderers.close())

const signal = new AbortController().signal

test('an action gives its calls in order, with arguments from context, version and images', async () => {
  const code = actionWith(`
  await primitives.stopComponents({ components: ['server'] })
  await primitives.upgradeDeploymentVersion({ targetVersion })
  const images = await primitives.getComponentImages({ component: 'server' })
  const image = images.find((name) => name.includes('my-app'))
  await primitives.executeCommands([[context.parameters.migrate, '--yes']], {
    image: image.slice(0, image.lastIndexOf(':')) + ':' + targetVersion,
    envFromComponent: 'server',
  })
  await primitives.log('migrated')
  await primitives.startComponents({ components: ['server'] })
  await primitives.waitReady()`)
  const request = rehearsalOf(code, {
    images: { server: ['registry.test/my-app:1.6.0'] },
    context: { parameters: { migrate: 'my-app-upgrade' } },
  })
  expect(await renderers.trusted.rehearse(request, signal)).toEqual({
    problems: [],
    calls: [
      { primitive: 'stopComponents', args: { components: ['server'] }, live: false },
      { primitive: 'upgradeDeploymentVersion', args: { targetVersion: '1.7.0' }, live: false },
      { primitive: 'getComponentImages', args: { component: 'server' }, live: false },
      {
        primitive: 'executeCommands',
        args: {
          commands: [['my-app-upgrade', '--yes']],
          image: 'registry.test/my-app:1.7.0',
          envFromComponent: 'server',
        },
        live: false,
      },
      { primitive: 'log', args: { message: 'migrated' }, live: false },
      { primitive: 'startComponents', args: { components: ['server'] }, live: false },
      { primitive: 'waitReady', args: {}, live: false },
    ],
  })
})

test('what follows an answer that only the cluster can give is marked', async () => {
  const code = actionWith(`
  const [image] = await primitives.getComponentImages({ component: 'other' })
  await primitives.executeCommands([['x']], { image })
  await primitives.log('done')`)
  const { calls } = await renderers.trusted.rehearse(rehearsalOf(code), signal)
  expect(calls.map(({ primitive, live }) => [primitive, live])).toEqual([
    ['getComponentImages', false],
    ['executeCommands', true],
    ['log', false],
  ])
})

test('files beside the action are linked', async () => {
  const code = `import { action } from 'styrmin/actions'
import { words } from './lib/words.ts'
export const upgrade = action(async ({ primitives }) => primitives.log(words))`
  const others = { 'lib/words.ts': "export { words } from '../more.ts'", 'more.ts': "export const words = 'linked'" }
  expect(await renderers.trusted.rehearse(rehearsalOf(code, { others }), signal)).toEqual({
    problems: [],
    calls: [{ primitive: 'log', args: { message: 'linked' }, live: false }],
  })
})

test('clock and chance are the same in every rehearsal', async () => {
  const code = actionWith("await primitives.log([Date.now(), new Date().toISOString(), Math.random()].join(' '))")
  const first = await renderers.trusted.rehearse(rehearsalOf(code), signal)
  expect(first.problems).toEqual([])
  expect(await renderers.trusted.rehearse(rehearsalOf(code), signal)).toEqual(first)
})

test('calls before an error are kept', async () => {
  const code = actionWith("await primitives.log('a')\n  throw new Error('no such thing')")
  const { calls, problems } = await renderers.trusted.rehearse(rehearsalOf(code), signal)
  expect(calls).toHaveLength(1)
  expect(problems).toEqual([
    expect.objectContaining({ code: 'STY316', message: 'no such thing', at: { file: 'actions.ts', line: 4, col: 9 } }),
  ])
})

test.for<[string, string, string]>([
  ['a syntax error', 'export const upgrade = (', 'STY315'],
  ['an error while loading', "throw new Error('early')", 'STY315'],
  ['no such export', 'export const other = 1', 'STY315'],
  ['an export that is no action', 'export const upgrade = async () => {}', 'STY315'],
  ['an import of Node', "import 'node:fs'\nexport const upgrade = 1", 'STY315'],
  ['an import of a package', "import 'yaml'\nexport const upgrade = 1", 'STY315'],
  ['an import out of the folder', "import '../../x.ts'\nexport const upgrade = 1", 'STY315'],
  ['an import that is not there', "import './x.ts'\nexport const upgrade = 1", 'STY315'],
  ['import()', actionWith("await import('node:fs')"), 'STY315'],
  ['process', actionWith('process.kill(process.ppid)'), 'STY316'],
  ['globalThis.process', actionWith("globalThis.process.kill(globalThis.process.ppid, 'SIGKILL')"), 'STY316'],
  ['environment', actionWith('await primitives.log(JSON.stringify(process.env))'), 'STY316'],
  ['require', actionWith("require('fs').readFileSync('/etc/passwd')"), 'STY316'],
  ['fetch', actionWith("await fetch('http://127.0.0.1:1/')"), 'STY316'],
  ['timers', actionWith('await new Promise((done) => setTimeout(done, 10))'), 'STY316'],
  ['eval', actionWith("eval('1')"), 'STY316'],
  ['the constructor of functions', actionWith("(() => {}).constructor('return process')()"), 'STY316'],
  ['the constructor of a primitive', actionWith("primitives.log.constructor('return process')()"), 'STY316'],
  ['the constructor behind the global', actionWith("globalThis.constructor.constructor('return process')()"), 'STY316'],
  [
    'the constructor of an error',
    actionWith("try { null.x } catch (e) { e.constructor.constructor('return process')() }"),
    'STY316',
  ],
  [
    'the constructor behind import()',
    actionWith("try { await import('x') } catch (e) { e.constructor.constructor('return process')() }"),
    'STY315',
  ],
  ['WebAssembly', actionWith('new WebAssembly.Memory({ initial: 60000 })'), 'STY316'],
  ['two primitives at once', actionWith("await Promise.all([primitives.log('a'), primitives.log('b')])"), 'STY316'],
  ['a primitive that is not awaited', actionWith("primitives.log('a')"), 'STY316'],
  ['an unknown primitive', actionWith('await primitives.deleteEverything()'), 'STY316'],
  ['a frozen context', actionWith('context.parameters = 1'), 'STY316'],
  ['an endless loop', actionWith('for (;;) {}'), 'STY310'],
  ['an endless loop while loading', 'for (;;) {}', 'STY310'],
  ['an endless chain of promises', actionWith('for (;;) await undefined'), 'STY310'],
  ['a catastrophic regular expression', actionWith("/^(a+)+$/.test('a'.repeat(60) + 'b')"), 'STY310'],
  ['waiting for nothing', actionWith('await new Promise(() => {})'), 'STY319'],
])('%s ends as an ordinary problem', async ([, code, want]) => {
  const { problems } = await renderers.trusted.rehearse(rehearsalOf(code), signal)
  expect(problems.map((problem) => problem.code)).toEqual([want])
  expect(problems[0]?.at?.file).toBe('actions.ts')
  expect(problems[0]?.message).not.toContain('cannot be loaded')
})
