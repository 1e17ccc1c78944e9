import { describe, expect, test } from 'vitest'
import { readFault } from '../../../src/renderer/engine/helm-fault.ts'
import { faultOf, inputOfTexts, rendered, testEngine } from './charts.ts'

const engine = await testEngine()

test.for([
  {
    name: 'a broken template',
    files: { 'templates/a.yaml': 'kind: A\n{{ if }}' },
    want: {
      file: 'x/templates/a.yaml',
      line: 2,
      message: 'parse error at (x/templates/a.yaml:2): missing value for if',
    },
  },
  {
    name: 'a function that does not exist',
    files: { 'templates/a.yaml': '{{ nope }}' },
    want: { file: 'x/templates/a.yaml', line: 1 },
  },
  {
    name: 'fail',
    files: { 'templates/a.yaml': 'kind: A\n\n{{ fail "not like this" }}' },
    want: {
      file: 'x/templates/a.yaml',
      line: 3,
      message: 'execution error at (x/templates/a.yaml:3:3): not like this',
    },
  },
  {
    name: 'a fault in a partial',
    files: {
      'templates/a.yaml': '{{ include "p" . }}',
      'templates/_p.tpl': '{{ define "p" }}\n\n{{ .Values.a.b.c }}{{ end }}',
    },
    want: { file: 'x/templates/_p.tpl', line: 3 },
  },
  { name: 'broken YAML', files: { 'templates/a.yaml': 'a: b: c' }, want: { file: 'x/templates/a.yaml' } },
  {
    name: 'a missing dependency',
    files: { 'Chart.yaml': 'apiVersion: v2\nname: x\nversion: 1.0.0\ndependencies: [{ name: gone, version: 1 }]' },
    want: { message: expect.stringContaining('missing in charts/ directory: gone') },
  },
  {
    name: 'a library chart',
    files: { 'Chart.yaml': 'apiVersion: v2\nname: x\nversion: 1.0.0\ntype: library' },
    want: { message: 'library charts are not installable' },
  },
  {
    name: 'a Kubernetes version that the chart excludes',
    files: { 'Chart.yaml': 'apiVersion: v2\nname: x\nversion: 1.0.0\nkubeVersion: ">=1.99"' },
    want: { message: 'chart requires kubeVersion: >=1.99 which is incompatible with Kubernetes v1.34.2' },
  },
  {
    name: 'a schema elsewhere',
    files: { 'values.schema.json': '{"$ref": "https://127.0.0.1:1/schema.json"}' },
    want: { message: expect.stringContaining('https://127.0.0.1:1/schema.json') },
  },
  {
    name: 'a schema in a file',
    files: { 'values.schema.json': '{"$ref": "file:///etc/passwd"}' },
    want: { message: expect.stringContaining('open /etc/passwd') },
  },
])('says what and where: $name', ({ files, want }) => {
  expect(faultOf(engine.render(inputOfTexts(files)))).toMatchObject(want)
})

test.for(['', 'Upper', 'a'.repeat(54)])('refuses the release name "%s"', (name) => {
  const output = engine.render(inputOfTexts({}, { release: { name, namespace: 'ns' } }))
  expect(faultOf(output).message).toContain('release name check failed')
})

test('says each time what loading a chart said', () => {
  const input = inputOfTexts({
    'Chart.yaml': 'apiVersion: v2\nname: x\nversion: 1.0.0',
    'requirements.yaml': 'dependencies: []',
  })
  const first = rendered(engine.render(input)).warnings
  expect(first).toEqual([expect.stringContaining('Dependencies are handled in Chart.yaml')])
  expect(rendered(engine.render(input)).warnings).toEqual(first)
})

test('goes on after two hundred nested includes', () => {
  const deep =
    '{{ define "d" }}{{ if gt . 0 }}{{ include "d" (sub . 1) }}{{ end }}{{ end }}kind: A{{ include "d" 200 }}'
  expect(rendered(engine.render(inputOfTexts({ 'templates/a.yaml': deep }))).manifests).toHaveLength(1)
})

describe('reading a message', () => {
  test.for([
    { message: 'found in Chart.yaml, but missing', want: {} },
    { message: 'YAML parse error on x/templates/a.yaml: yaml: line 9: oops', want: { file: 'x/templates/a.yaml' } },
    { message: 'execution error in (x/templates/a.yaml): oops', want: { file: 'x/templates/a.yaml' } },
    { message: 'template: x/templates/a.yaml:7:17: executing "y"', want: { file: 'x/templates/a.yaml', line: 7 } },
    {
      message:
        'x/templates/a.yaml:1:3\n  executing "x" at <include "p" .>:\n    error calling include:\nx/templates/_p.tpl:4:5\n  oops',
      want: { file: 'x/templates/_p.tpl', line: 4 },
    },
  ])('$message', ({ message, want }) => {
    expect(readFault(message)).toEqual({ message, ...want })
  })
})
