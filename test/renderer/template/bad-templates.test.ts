import { expect, test } from 'vitest'
import { formatProblem } from '../../../src/domain/problem.ts'
import { render } from './render.ts'

const context = {
  parameters: { replicas: 3, name: 'shop', flag: 'yes', version: '1.10', list: [1, 2], text: 'a\nb: c' },
  services: { web: { primary_fqdn: '' } },
  instance: { config: {} },
}

/** Each as an editor shows it: place, code, message. */
test.for<[string, string, string]>([
  ['syntax', 'a: 1\nb: {{ parameters. }}', '2:19 STY300 expected name as lookup value, got }}'],
  ['an open tag', '{% if parameters.name %}\na: 1\n', '1:1 STY300'],
  ['an unknown tag', '{% macros %}', '1:4 STY300 unknown block tag: macros'],
  [
    'an undefined name',
    'a: 1\nb: 2\n  # {{ parametrs.name }}',
    '3:8 STY301 `parametrs` is undefined; did you mean `parameters`?',
  ],
  [
    'an undefined key',
    'a: {{ parameters.replcas }}',
    '1:7 STY301 `parameters.replcas` is undefined; did you mean `replicas`?',
  ],
  [
    'the first undefined step',
    'a: {{ instance.config.ingress.class_name }}',
    '1:7 STY301 `instance.config.ingress` is undefined',
  ],
  ['an undefined key in quotes', "a: {{ services['api'].primary_fqdn }}", '1:7 STY301 `services.api` is undefined'],
  ['an undefined condition', '{% if parameters.gone %}a: 1{% endif %}', '1:7 STY301 `parameters.gone` is undefined'],
  ['an undefined argument', 'a: {{ [parameters.gone] | tojson }}', '1:8 STY301 `parameters.gone` is undefined'],
  ['include', 'a: 1\n{% include "/etc/passwd" %}', '2:4 STY302 `include` is not allowed in a values template'],
  ['import', '{% import "../x" as x %}', '1:4 STY302 `import` is not allowed'],
  ['from', '{% from "x" import y %}', '1:4 STY302 `from … import` is not allowed'],
  ['extends', '{% extends "x" %}', '1:4 STY302 `extends` is not allowed'],
  ['block', '{% block x %}{% endblock %}', '1:4 STY302 `block` is not allowed'],
  ['macro', '{% macro x() %}{% endmacro %}', '1:4 STY302 `macro` is not allowed'],
  ['call', '{% call x() %}{% endcall %}', '1:4 STY302'],
  ['switch', '{% switch x %}{% case 1 %}{% endswitch %}', '1:4 STY302 `switch` is not allowed'],
  ['asyncAll', '{% asyncAll x in y %}{% endall %}', '1:4 STY302 `asyncAll` is not allowed'],
  ['constructor', 'a: {{ range.constructor("return process")() }}', 'STY302'],
  ['constructor in quotes', "a: {{ parameters['constructor'] }}", 'STY302 the name `constructor` is not allowed'],
  ['a key put together', 'a: {{ parameters["con" + "structor"] }}', 'STY302 a computed key is not allowed'],
  ['a key joined', 'a: {{ parameters["con" ~ "structor"] }}', 'STY302 a computed key is not allowed'],
  [
    'a key from a variable',
    '{% set k = "con" ~ "structor" %}a: {{ parameters[k] }}',
    'STY302 the name `constructor` is not allowed',
  ],
  [
    'a key from a filter',
    'a: {{ [parameters] | map(attribute="constructor") | tojson }}',
    'STY302 the name `constructor` is not allowed',
  ],
  ['__proto__', 'a: {{ parameters.__proto__ }}', 'STY302 the name `__proto__` is not allowed'],
  ['__class__', 'a: {{ "".__class__.__mro__ }}', 'STY302 the name `__mro__` is not allowed'],
  ['prototype', 'a: {{ parameters.prototype }}', 'STY302 the name `prototype` is not allowed'],
  ['calling a result', 'a: {{ range(1)[0]() }}', 'STY302 calling the result of an expression'],
  ['a regular expression', 'a: {{ r/(a+)+$/ }}', 'STY302 a regular expression is not allowed'],
  ['a reserved key written', 'a: {{ {"__proto__": 1} | tojson }}', 'STY302 the name `__proto__` is not allowed'],
  ['a global of JavaScript', 'a: {{ process.env }}', 'STY301 `process` is undefined'],
  ['this', 'a: {{ this }}', 'STY301 `this` is undefined'],
  ['a method of JavaScript', 'a: {{ "x".toString() }}', 'STY309 there is no method named `toString`'],
  ['an inherited key', 'a: {{ parameters.toString }}', 'STY301 `parameters.toString` is undefined'],
  ['an unknown filter', 'a: {{ parameters.name | uper }}', 'STY309 there is no filter named `uper`'],
  ['an inherited filter name', 'a: {{ parameters.name | valueOf }}', 'STY309 there is no filter named `valueOf`'],
  ['an unknown test', 'a: {{ parameters.name is foo }}', 'STY309 there is no test named `foo`'],
  ['an unknown function', 'a: {{ cycler(1) }}', 'STY309 there is no function named `cycler`'],
  ['setting a function', '{% set range = 1 %}', 'STY302 `range` is the name of a function'],
  ['text plus number', 'a: {{ parameters.name + 1 }}', 'STY304 `+` cannot take a text here'],
  ['order of kinds', 'a: {{ parameters.name < 1 }}', 'STY304 a text and a number have no order'],
  ['a loop over text', '{% for c in parameters.name %}{% endfor %}', 'STY304 a text cannot be looped over'],
  ['taking apart', '{% for a, b in parameters.list %}{% endfor %}', 'STY304 a number cannot be taken apart into a, b'],
  ['division by zero', 'a: {{ 1 // 0 }}', 'STY304 division by zero'],
  ['no finite number', 'a: {{ (10 ** 400) | tojson }}', 'STY304 Infinity has no JSON form'],
  ['too many arguments', 'a: {{ "x" | lower(1) }}', 'STY304 `lower` takes at most 0 arguments'],
  ['an unknown argument', 'a: {{ [1] | sort(reversed=true) }}', 'STY309 there is no argument named `reversed`'],
  [
    'a huge range',
    '{% for i in range(100000000) %}x{% endfor %}',
    'STY303 the template makes a list of more than 10000 items',
  ],
  [
    'nested loops',
    '{% for i in range(9999) %}{% for j in range(9999) %}{% set x = j %}{% endfor %}{% endfor %}',
    'STY303 the template makes more than 1000000 steps',
  ],
  [
    'doubling a text',
    `{% set x = "ab" %}${'{% set x = x ~ x %}'.repeat(30)}a: 1`,
    'STY303 the template makes a text longer than',
  ],
  [
    'doubling by replace',
    `{% set x = "a" %}${'{% set x = x | replace("a", "aaaaaaaaaaaaaaaa") %}'.repeat(6)}`,
    'STY303',
  ],
  [
    'doubling a list',
    `{% set x = [1, 2] %}${'{% set x = x + x %}'.repeat(30)}a: 1`,
    'STY303 the template makes a list',
  ],
  [
    'much output',
    '{% for i in range(9999) %}{{ "x" | indent(200, true) }}{% endfor %}',
    'STY303 the template makes more than 1048576 characters of output',
  ],
  ['deep brackets', `a: {{ ${'['.repeat(5000)}1${']'.repeat(5000)} }}`, 'STY303 the'],
  ['deep tags', `${'{% if true %}'.repeat(20_000)}`, 'STY30'],
  ['not YAML', 'a: 1\nb: [1\n', '2:4 STY305'],
  [
    'a duplicate key',
    'a: 1\n{% if true %}\na: 2\n{% endif %}',
    '3:1 STY305 the values are not YAML: the key "a" is there twice',
  ],
  ['two documents', 'a: 1\n---\nb: 1\n', '3:1 STY305 the values are not YAML: there is more than one document'],
  ['a list', '- 1\n', '1:1 STY306'],
  ['a text', 'just words', '1:1 STY306'],
  ['yes', 'a: 1\nenabled: yes\n', '2:10 STY308 `yes` is read differently by YAML 1.1 and 1.2'],
  ['a leading zero', '{% if true %}\nmode: 0644\n{% endif %}', '2:7 STY308 `0644`'],
  [
    'a list without tojson',
    'a: {{ parameters.list }}',
    '1:4 STY307 `parameters.list` is a list, which has no plain text form',
  ],
])('%s', ([, template, want]) => {
  const { problems } = render(template, context)
  expect(problems).toHaveLength(1)
  const [problem] = problems
  const { file, line, col } = problem?.at ?? { file: '', line: 0, col: 0 }
  expect(file).toBe('values.j2.yml')
  expect(`${line}:${col} ${problem?.code} ${problem?.message}`).toContain(want)
  expect(problem === undefined ? '' : formatProblem(problem)).toMatch(/\n {2}hint: [A-Z].*\.$/)
})
