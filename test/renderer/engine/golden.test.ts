import { expect, test } from 'vitest'
import type { HelmOutput } from '../../../src/renderer/engine/helm-types.ts'
import { templateText } from '../../../src/renderer/engine/template-text.ts'
import { goldenCases, inputOf, testEngine } from './charts.ts'

const engine = await testEngine()
const cases = goldenCases()

// A new case is a new values file, or a folder with chart/ and values/. Then `vitest -u`, and read want/.
test.for(cases)('renders $title', async (chartCase) => {
  const output = engine.render(inputOf(chartCase))
  await expect(textOf(output)).toMatchFileSnapshot(chartCase.wantFile)
})

test('gives the same bytes whatever was rendered before', () => {
  const forwards = cases.map((chartCase) => JSON.stringify(engine.render(inputOf(chartCase))))
  const backwards = cases.toReversed().map((chartCase) => JSON.stringify(engine.render(inputOf(chartCase))))
  expect(backwards.toReversed()).toEqual(forwards)
})

test('gives the same bytes in another engine', async () => {
  const other = await testEngine()
  const texts = cases.map((chartCase) => JSON.stringify(other.render(inputOf(chartCase))))
  expect(texts).toEqual(cases.map((chartCase) => JSON.stringify(engine.render(inputOf(chartCase)))))
})

test('gives the same bytes for files in another order', () => {
  for (const chartCase of cases) {
    const input = inputOf(chartCase)
    const shuffled = { ...input, chartDigest: `${input.chartDigest} reversed`, chart: input.chart.toReversed() }
    expect(JSON.stringify(engine.render(shuffled))).toBe(JSON.stringify(engine.render(input)))
  }
})

function textOf(output: HelmOutput): string {
  const warnings = output.warnings.map((line) => `warning: ${line}\n`).join('')
  if (output.kind === 'rendered') return `${warnings}${templateText(output)}`
  const { message, file, line } = output.fault
  return `${warnings}error at ${file ?? '-'}:${line ?? '-'}\n${message}\n`
}
