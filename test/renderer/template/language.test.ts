import { expect, test } from 'vitest'
import type { Json } from '../../../src/util/json.ts'
import { render } from './render.ts'

const context = {
  parameters: { name: 'shop', replicas: 3, on: true, off: false, nothing: null, list: [3, 1, 2], empty: [], zone: 'b' },
  users: [
    { name: 'Zoe', age: 7, admin: true },
    { name: 'ann', age: 9, admin: false },
  ],
  config: { b: 2, a: 1, items: 'a key with the name of a method' },
}

/** The value of one expression, as JSON. */
function valueOf(expression: string): Json | string {
  const { values, problems } = render(`v: {{ (${expression}) | tojson }}`, context)
  return problems[0] === undefined ? (values['v'] ?? null) : `${problems[0].code} ${problems[0].message}`
}

test.for<[string, Json]>([
  ['parameters.name', 'shop'],
  ["parameters['name']", 'shop'],
  ['parameters.list[0]', 3],
  ['parameters.list[-1]', 2],
  ['config.items', 'a key with the name of a method'],
  [
    'config.items()',
    [
      ['b', 2],
      ['a', 1],
      ['items', 'a key with the name of a method'],
    ],
  ],
  ['config.keys()', ['b', 'a', 'items']],
  ['config.get("a")', 1],
  ['config.get("z", 5)', 5],
  ['config.get("constructor")', null],
  ['parameters.name.startswith("sh")', true],
  ['"a,b".split(",")', ['a', 'b']],
  ['1 + 2 * 3 - 4 / 2', 5],
  ['7 // 2', 3],
  ['-7 % 3', 2],
  ['2 ** 10', 1024],
  ['-parameters.replicas', -3],
  ['"a" ~ 1 ~ true', 'a1true'],
  ['"a" + "b"', 'ab'],
  ['[1] + [2]', [1, 2]],
  ['1 < 2 < 3', true],
  ['3 > 2 > 2', false],
  ['"a" == "a" and 1 != 2', true],
  ['[1, 2] == [1, 2]', true],
  ['"b" in "abc"', true],
  ['"a" in config', true],
  ['"toString" in config', false],
  ['2 not in parameters.list', false],
  ['"yes" if parameters.on else "no"', 'yes'],
  ['parameters.empty or "fallback"', 'fallback'],
  ['parameters.off or parameters.name', 'shop'],
  ['not parameters.empty', true],
  ['True', true],
  ['None', null],
  ['range(3)', [0, 1, 2]],
  ['range(5, 1, -2)', [5, 3]],
  ['dict(a=1)', { a: 1 }],
  ['{"a": [1, {"b": none}]}', { a: [1, { b: null }] }],
  ['parameters.gone is defined', false],
  ['parameters.gone.deeper is defined', false],
  ['gone is undefined', true],
  ['parameters.nothing is none', true],
  ['parameters.name is string', true],
  ['4 is divisibleby(2)', true],
  ['parameters.replicas is not none', true],
  ['parameters.gone | default("x")', 'x'],
  ['parameters.gone.deeper | d(1)', 1],
  ['parameters.empty | default("x", true)', 'x'],
  ['parameters.nothing | default("x")', null],
])('%s', ([expression, want]) => {
  expect(valueOf(expression)).toEqual(want)
})

test.for<[string, Json]>([
  ['"Ab" | lower', 'ab'],
  ['"Ab" | upper', 'AB'],
  ['"hello big-world" | title', 'Hello Big-World'],
  ['"hELLO" | capitalize', 'Hello'],
  ['"  x " | trim', 'x'],
  ['"aaa" | replace("a", "b", 2)', 'bba'],
  ['"a.b" | replace(".", "-")', 'a-b'],
  ['[1, 2] | join(",")', '1,2'],
  ['users | join("+", attribute="name")', 'Zoe+ann'],
  ['"héllo" | length', 5],
  ['config | count', 3],
  ['parameters.list | first', 3],
  ['parameters.list | last', 2],
  ['"12" | int', 12],
  ['"x" | int(5)', 5],
  ['"1.5" | float', 1.5],
  ['3 | string', '3'],
  ['"ab" | list', ['a', 'b']],
  ['parameters.list | sort', [1, 2, 3]],
  ['parameters.list | sort(reverse=true)', [3, 2, 1]],
  ['users | sort(attribute="name") | map(attribute="name")', ['ann', 'Zoe']],
  ['[1, 2, 1] | unique', [1, 2]],
  ['["a"] | map("upper")', ['A']],
  ['users | map(attribute="age")', [7, 9]],
  ['users | map(attribute="gone", default=0)', [0, 0]],
  ['[1, 2, 3] | select("odd")', [1, 3]],
  ['[1, 2, 3] | reject("gt", 1)', [1]],
  ['users | selectattr("admin") | map(attribute="name") | list', ['Zoe']],
  ['users | rejectattr("age", "gt", 8) | map(attribute="name")', ['Zoe']],
  ['config | dictsort | first', ['a', 1]],
  ['config | items | first', ['b', 2]],
  ['2.567 | round(1)', 2.6],
  ['-2.5 | abs', 2.5],
  ['parameters.list | min', 1],
  ['parameters.list | max', 3],
  ['parameters.list | sum', 6],
  ['"hi" | b64encode', 'aGk='],
  ['"aGk=" | b64decode', 'hi'],
  ['"a\\nb" | indent(2) ~ ""', 'a\n  b'],
  ['[1, "a"] | reverse', ['a', 1]],
])('%s', ([expression, want]) => {
  expect(valueOf(expression)).toEqual(want)
})

test.for<[string, string, Json]>([
  ['a loop over a list', '{% for n in parameters.list %}- {{ n }}\n{% endfor %}', [3, 1, 2]],
  ['a loop over keys', '{% for k in config %}- {{ k }}\n{% endfor %}', ['b', 'a', 'items']],
  [
    'a loop over pairs',
    '{% for k, v in config.items() %}- "{{ k }}={{ v }}"\n{% endfor %}',
    ['b=2', 'a=1', 'items=a key with the name of a method'],
  ],
  [
    'the loop variable',
    '{% for n in parameters.list %}- {{ loop.index }}{% if loop.last %}00{% endif %}\n{% endfor %}',
    [1, 2, 300],
  ],
  ['else of an empty loop', '{% for n in parameters.empty %}- 1{% else %}- none\n{% endfor %}', ['none']],
  ['set', '{% set x = 4 %}- {{ x }}', [4]],
  ['set does not leave its loop', '{% set x = 1 %}{% for n in [2] %}{% set x = n %}{% endfor %}- {{ x }}', [1]],
  ['a captured block', '{% set x %}a{{ parameters.replicas }}{% endset %}- {{ x }}', ['a3']],
  ['a comment', '- 1 {# {{ gone }} #}', [1]],
  ['raw', '{% raw %}- "{{ x }}"{% endraw %}', ['{{ x }}']],
  ['white space control', '[\n{%- for n in parameters.list -%}\n  {{ n }},\n{%- endfor -%}\n]', [3, 1, 2]],
  ['elif', '- {% if parameters.off %}1{% elif parameters.on %}2{% else %}3{% endif %}', [2]],
  ['a choice without else writes nothing', '- 1\n{{ "x" if parameters.off }}\n', [1]],
  ['line ends of Windows', '- 1\r\n{% if parameters.on %}\r\n- 2\r\n{% endif %}\r\n', [1, 2]],
])('%s', ([, template, want]) => {
  const indented = template.replaceAll('\n', '\n ')
  expect(render(`v:\n ${indented}`, context)).toEqual({ values: { v: want }, problems: [] })
})

test.for([
  { name: 'an empty template', template: '' },
  { name: 'a template of comments', template: '# {{ parameters.name }}\n{# x #}\n' },
])('$name gives no values and no problem', ({ template }) => {
  expect(render(template, context)).toEqual({ values: {}, problems: [] })
})
