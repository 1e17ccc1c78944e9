import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const driver = join(import.meta.dirname, 'kit/evaluate-child.ts')

/** In a process of its own, because modules of `node:vm` need a flag. */
function evaluate(code: string, modules: Readonly<Record<string, string>> = {}): unknown {
  const args = ['--experimental-vm-modules', '--no-warnings', driver]
  return JSON.parse(
    execFileSync(process.execPath, args, { encoding: 'utf8', input: JSON.stringify({ code, modules }) }),
  )
}

const head = `import { action } from 'styrmin/actions'\n`

test('an action calls primitives and reads their answers and the context', () => {
  const code = `${head}import { image } from './lib/image.ts'
    export const go = action(async ({ context, targetVersion, primitives }) => {
      await primitives.stopComponents({ components: [context.app.name] })
      const images = await primitives.getComponentImages({ component: 'server' })
      await primitives.executeCommands([['migrate']], { image: image(images[0], targetVersion) })
      await primitives.waitReady()
    })`
  const lib = `import { join } from './text.ts'\nexport const image = (base, version) => join(base, version)`
  expect(evaluate(code, { 'lib/image.ts': lib, 'lib/text.ts': 'export const join = (a, b) => `${a}:${b}`' })).toEqual({
    calls: [
      ['stopComponents', { components: ['shop'] }],
      ['getComponentImages', { component: 'server' }],
      ['executeCommands', { commands: [['migrate']], image: 'registry/app:1.2.3' }],
      ['waitReady', {}],
    ],
    error: null,
  })
})

test.for([
  { name: 'process', expression: 'typeof process' },
  { name: 'fetch', expression: 'typeof fetch' },
  { name: 'timers', expression: 'typeof setTimeout' },
  { name: 'console', expression: 'typeof console' },
  { name: 'require', expression: 'typeof require' },
])('an action has no $name', ({ expression }) => {
  const code = `${head}export const go = action(({ primitives }) => primitives.log(${expression}))`
  expect(evaluate(code)).toEqual({ calls: [['log', { message: 'undefined' }]], error: null })
})

test.for([
  { name: 'code from text', body: `Function('return 1')()`, error: /Code generation from strings disallowed/ },
  {
    name: 'the constructor of a primitive',
    body: `primitives.log.constructor('return process')()`,
    error: /Code generation from strings disallowed/,
  },
  { name: 'a module of Node', body: `await import('node:fs')`, error: /dynamic import/i },
  { name: 'a change of its context', body: `context.app.name = 'x'`, error: /read only property/ },
  { name: 'a shell string', body: `await primitives.executeCommands(['rm -rf /'], { image: 'a' })`, error: /commands/ },
  { name: 'an unknown option', body: `await primitives.waitReady({ seconds: 1 })`, error: /takes no "seconds"/ },
  { name: 'a thrown text', body: `throw 'no disk'`, error: /^no disk$/ },
])('$name is refused', ({ body, error }) => {
  const code = `${head}export const go = action(async ({ context, primitives }) => { ${body} })`
  expect(evaluate(code)).toEqual({ calls: [], error: expect.stringMatching(error) as string })
})

test('clock and chance are those it is given', () => {
  const code = `${head}export const go = action(({ primitives }) =>
    primitives.log([Date.now(), new Date().toISOString(), new Date(0).getTime(), Math.random()].join(' ')))`
  expect(evaluate(code)).toEqual({ calls: [['log', { message: '1000 1970-01-01T00:00:01.000Z 0 0.5' }]], error: null })
})

test('a function that action() did not make is refused', () => {
  expect(evaluate('export const go = async () => {}')).toMatchObject({ error: 'it is not made by action()' })
})

test('a function that is not there is named', () => {
  expect(evaluate('export const other = 1')).toMatchObject({ error: 'actions.ts exports no "go"' })
})
