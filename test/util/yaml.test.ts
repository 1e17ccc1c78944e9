import { expect, test } from 'vitest'
import { parseYaml } from '../../src/util/yaml.ts'

test.for([
  { name: 'a tab as indentation', text: 'a:\n\tb: 1\n', kind: 'syntax', line: 2 },
  { name: 'an unclosed quote', text: 'b: 1\na: "b\n\n', kind: 'syntax', line: 2 },
  { name: 'an unclosed flow map', text: 'b: 1\na: {b: 1\n\n', kind: 'syntax', line: 2 },
  { name: 'a key there twice', text: 'a: 1\nb: 2\na: 3\n', kind: 'duplicate-key', line: 3 },
  { name: 'a key there twice after normalisation', text: '\u00e9: 1\ne\u0301: 2\n', kind: 'duplicate-key', line: 2 },
  { name: 'an anchor in itself', text: 'a: &x\n  b: *x\n', kind: 'cycle', line: 1 },
  { name: '20,000 nested lists', text: `a: ${'['.repeat(20_000)}\n`, kind: 'depth', line: 1 },
  { name: '20,000 nested block lists', text: `${'- '.repeat(20_000)}a\n`, kind: 'depth', line: 1 },
  { name: 'a function tag', text: 'a: !!js/function "x"\n', kind: 'tag', line: 1 },
  { name: 'a binary', text: 'a: !!binary aGk=\n', kind: 'tag', line: 1 },
  { name: 'a custom tag', text: 'a: !secret x\n', kind: 'tag', line: 1 },
  { name: 'a key named __proto__', text: 'a:\n  __proto__: {b: 1}\n', kind: 'reserved-key', line: 2 },
  { name: 'a key named constructor', text: 'constructor: 1\n', kind: 'reserved-key', line: 1 },
  { name: 'a merge key', text: 'x: &x {a: 1}\ny:\n  <<: *x\n', kind: 'merge', line: 3 },
  { name: 'an infinite number', text: 'a: .inf\n', kind: 'number', line: 1 },
  { name: 'a number that loses digits', text: 'a: 9007199254740993\n', kind: 'number', line: 1 },
  { name: 'a list as a key', text: '? [a]\n: 1\n', kind: 'key', line: 1 },
])('finds $name', ({ text, kind, line }) => {
  const faults = parseYaml(text).flatMap((document) => document.faults)
  expect(faults.map((fault) => ({ kind: fault.kind, line: fault.line }))).toContainEqual({ kind, line })
})

test('an alias bomb is refused before it expands', () => {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `l${level + 1}: &l${level + 1} [${Array(10).fill(`*l${level}`).join(', ')}]`,
  )
  const faults = parseYaml(`l0: &l0 [a]\n${levels.join('\n')}\n`).flatMap((document) => document.faults)
  expect(faults.map(({ kind }) => kind)).toContain('alias-limit')
})

test('a document with a fault leaves its neighbours readable', () => {
  const values = parseYaml('a: 1\n---\nb: "x\n---\nc: 3\n').map(({ value }) => value)
  expect([values[0], values.at(-1)]).toEqual([{ a: 1 }, { c: 3 }])
})

test('places name the key and the value, and the nearest ancestor of what is not written', () => {
  const [document] = parseYaml('a:\n  b/c: [1, 2]\n')
  expect(document?.placeOf('/a/b~1c', 'key')).toEqual({ line: 2, col: 3 })
  expect(document?.placeOf('/a/b~1c/1')).toEqual({ line: 2, col: 12 })
  expect(document?.placeOf('/a/x/y')).toEqual({ line: 2, col: 3 })
})

test('numbers keep how they are written', () => {
  const [document] = parseYaml('a: 1.10\nb: "1.10"\n')
  expect([document?.sourceOf('/a'), document?.sourceOf('/b')]).toEqual(['1.10', undefined])
})

test.for([
  ['no', true],
  ['"no"', false],
  ['0123', true],
  ['0o7', true],
  ['1:30', true],
  ['1e3', false],
  ['note', false],
  ['true', false],
  ['12', false],
] as const)('%s is taken differently by readers: %s', ([text, want]) => {
  expect(parseYaml(`a: ${text}\n`)[0]?.ambiguous.length === 1).toBe(want)
})
