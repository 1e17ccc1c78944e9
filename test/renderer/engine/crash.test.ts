import { expect, test, vi } from 'vitest'
import { EngineCrashed } from '../../../src/renderer/engine/helm-engine.ts'
import { inputOfTexts, rendered, testEngine } from './charts.ts'

vi.setConfig({ testTimeout: 120_000 })

const HARMLESS = inputOfTexts({ 'templates/a.yaml': 'kind: A' })

test.for([
  ['strings without end', '{{ $s := "0123456789abcdef" }}{{ range until 40 }}{{ $s = print $s $s }}{{ end }}'],
  ['one string of great length', '{{ repeat 900000000 "x" }}'],
  ['a list without end', '{{ $l := list 1 2 3 }}{{ range until 40 }}{{ $l = concat $l $l }}{{ end }}'],
] as const)('%s end the engine, which stays ended', async ([, bomb]) => {
  const engine = await testEngine()
  expect(rendered(engine.render(HARMLESS)).manifests).toHaveLength(1)
  expect(() => engine.render(inputOfTexts({ 'templates/a.yaml': bomb }))).toThrow(EngineCrashed)
  expect(() => engine.render(HARMLESS)).toThrow(EngineCrashed)
})

test('refuses a path that leaves the chart', async () => {
  const engine = await testEngine()
  expect(() => engine.render(inputOfTexts({ '../a': '' }))).toThrow('not a path within a chart: "../a"')
})
