import fc from 'fast-check'
import { expect, test } from 'vitest'
import { at, type JsonObject } from '../../../src/util/json.ts'
import { render } from './render.ts'

const context = {
  n: 3,
  yes: 'yes',
  version: '1.10',
  half: '10',
  name: 'shop',
  empty: '',
  lines: 'a\nb: c',
  inject: 'x"\nadmin: true\ny: "',
  comment: 'a # b',
  colon: 'a: b',
  flow: 'a, b',
  list: ['a', "it's"],
  object: { a: 1, 'b c': ['"', ':'] },
  big: 'x\n  y: z',
}

test.for<[string, JsonObject]>([
  ['a: {{ n }}', { a: 3 }],
  ['a: "{{ n }}"', { a: '3' }],
  ['a: {{ name }}', { a: 'shop' }],
  ['a: "{{ version }}"', { a: '1.10' }],
  ['a: v{{ version }}', { a: 'v1.10' }],
  ['a: {{ n }}Gi', { a: '3Gi' }],
  ['a: {{ n }}0', { a: 30 }],
  ['a: {{ n > 2 }}', { a: true }],
  ['a: {{ none }}', { a: null }],
  ['a: {{ version | tojson }}', { a: '1.10' }],
  ['a: {{ inject | tojson }}', { a: 'x"\nadmin: true\ny: "' }],
  ['a: {{ lines | tojson }}', { a: 'a\nb: c' }],
  ['a: {{ object | tojson }}', { a: { a: 1, 'b c': ['"', ':'] } }],
  ['a: {{ object | tojson(2) | indent(4) }}', { a: { a: 1, 'b c': ['"', ':'] } }],
  ['a: [{{ name }}, {{ n }}, {{ flow | tojson }}]', { a: ['shop', 3, 'a, b'] }],
  ['{{ name }}: 1', { shop: 1 }],
  ['{{ colon | tojson }}: 1', { 'a: b': 1 }],
  ['a: "{{ comment }}"', { a: 'a # b' }],
  ["a: '{{ colon }}'", { a: 'a: b' }],
  ['a: |\n  {{ lines | indent(2) }}', { a: 'a\nb: c\n' }],
  ['a: |\n  x={{ name }}', { a: 'x=shop\n' }],
  ['a: >-\n  {{ name }}\n  {{ n }}', { a: 'shop 3' }],
  ['a: 1 # {{ inject | replace("\\n", " ") }}', { a: 1 }],
  ["a: '{{ n | tojson }}'", { a: '3' }],
  ['a: "{{ empty }}"', { a: '' }],
  ['a: x{{ empty }}', { a: 'x' }],
])('%s', ([template, want]) => {
  expect(render(template, context)).toEqual({ values: want, problems: [] })
})

test.for<[string, string]>([
  ['a: "{{ inject }}"', 'inject'],
  ['a: {{ lines }}', 'lines'],
  ['a: {{ colon }}', 'colon'],
  ['a: {{ comment }}', 'comment'],
  ['a: [{{ flow }}]', 'flow'],
  ['a: {{ yes }}', 'yes'],
  ['a: {{ version }}', 'version'],
  ['a: 1.{{ half }}', 'half'],
  ['a: {{ empty }}', 'empty'],
  ['# {{ lines }}', 'lines'],
  ['{{ colon }}: 1', 'colon'],
  ['{{ colon }}', 'colon'],
  ['a: |\n  {{ lines }}', 'lines'],
  ['a: |\n  {{ big }}', 'big'],
  ['a: "{{ list | tojson }}"', 'list | tojson'],
  ["a: '{{ list | tojson }}'", 'list | tojson'],
])('%s is an error that names the value', ([template, source]) => {
  const { problems, values } = render(template, context)
  expect(values).toEqual({})
  expect(problems.map(({ code }) => code)).toEqual(['STY307'])
  expect(problems[0]?.message).toContain(`\`${source}\``)
  expect(problems[0]?.hint).toMatch(/tojson|quotes/)
})

test('every value that breaks out is named, the others are not', () => {
  const { problems } = render('a: "{{ name }}"\nb: "{{ inject }}"\nc: {{ n }}\nd: {{ yes }}\n', context)
  expect(problems.map(({ at: place, message }) => `${place?.line} ${message.split(' ')[0]}`)).toEqual([
    '2 `inject`',
    '4 `yes`',
  ])
})

/** Where a value may stand, how it is read back from there, and what stands beside it. */
const places: readonly { readonly template: string; readonly path: readonly (string | number)[] }[] = [
  { template: 'a: {{ x }}', path: ['a'] },
  { template: 'a: "{{ x }}"', path: ['a'] },
  { template: "a: '{{ x }}'", path: ['a'] },
  { template: 'a: [1, {{ x }}]', path: ['a', 1] },
  { template: 'a: {b: {{ x }}}', path: ['a', 'b'] },
  { template: 'a:\n  - {{ x }}\n  - c', path: ['a', 0] },
  { template: 'a: {{ x | tojson }}', path: ['a'] },
  { template: 'a:\n  b:\n    - {{ x | tojson }}', path: ['a', 'b', 0] },
]

const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\n',
        '\r',
        '\t',
        ' ',
        '  ',
        '"',
        "'",
        '#',
        ' #',
        ': ',
        ':',
        '- ',
        '-',
        '{{',
        '}}',
        '{%',
        '[',
        ']',
        '{',
        '}',
      ),
      fc.constantFrom(
        '&a',
        '*a',
        '!!str',
        '|',
        '>',
        '%',
        '@',
        '`',
        '\\',
        '\\n',
        '---',
        '...',
        '?',
        ',',
        '<<',
        '~',
        'null',
        'yes',
        '0x1',
      ),
      fc.constantFrom(
        'splice0z',
        'é',
        '\u{1f600}',
        '\u2028',
        '\u0085',
        '\ufeff',
        '\u0000',
        '\u001b',
        '\ud800',
        '1',
        '.5',
        'a',
        'b: 1',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))

test.for(places)(
  '$template: any text arrives unchanged or is an error, and nothing else changes',
  ({ template, path }) => {
    const text = `before: 1\n${template}\nafter: 2\n`
    const shape = render(text, { x: 'word' }).values
    fc.assert(
      fc.property(nasty, (x) => {
        const { values, problems } = render(text, { x })
        if (problems.length > 0) return problems.every(({ code }) => code === 'STY307')
        expect(at(values, ...path)).toBe(x)
        expect(JSON.stringify(replaceAt(values, path))).toBe(JSON.stringify(replaceAt(shape, path)))
        return true
      }),
      { numRuns: 1500 },
    )
  },
)

test('tojson takes every text', () => {
  fc.assert(
    fc.property(nasty, (x) => {
      expect(render('a: {{ x | tojson }}', { x })).toEqual({ values: { a: x }, problems: [] })
    }),
    { numRuns: 1500 },
  )
})

function replaceAt(values: JsonObject, path: readonly (string | number)[]): unknown {
  const copy: unknown = structuredClone(values)
  let here = copy as Record<string | number, unknown>
  for (const step of path.slice(0, -1)) here = here[step] as Record<string | number, unknown>
  here[path.at(-1) ?? ''] = '*'
  return copy
}
