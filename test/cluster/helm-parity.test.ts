import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { readRecord } from '../../src/renderer/engine/artefact.ts'
import type { HelmInput, HelmOutput } from '../../src/renderer/engine/helm-types.ts'
import { type TextOptions, templateText } from '../../src/renderer/engine/template-text.ts'
import { type ChartCase, driverCases, goldenCases, inputOf, testEngine } from '../renderer/engine/charts.ts'
import { goVersion } from './binaries.ts'
import { helmProgram } from './helm.ts'

const run = promisify(execFile)
const BUILD_MS = 15 * 60_000

/** Helm's own log, on stderr too. */
const LOG_LINES = /^level=.*\n/gm

const required = process.env['STYRMIN_REQUIRE_CLUSTER'] === '1'
const present = required || (await goVersion()) !== undefined
if (!present) process.stderr.write('not run: comparison with `helm template` (no Go compiler)\n')

describe.skipIf(!present)('prints what `helm template` of the same version prints', async () => {
  const engine = await testEngine()
  const cases = [...goldenCases(), ...driverCases()]
  let helm = ''

  beforeAll(async () => {
    helm = await helmProgram((await readRecord()).helmVersion)
  }, BUILD_MS)

  test.for(cases)('$title', async (chartCase) => {
    const input = inputOf(chartCase)
    const [output, other] = [engine.render(input), engine.render({ ...input, seed: 'b', nowMs: 0 })]
    for (const includeCrds of [true, false]) {
      for (const hooks of [true, false]) {
        const flags = [...(includeCrds ? ['--include-crds'] : []), ...(hooks ? [] : ['--no-hooks'])]
        const ours = textOf(output, { includeCrds, hooks })
        const chance = chanceLines(ours, textOf(other, { includeCrds, hooks }))
        const theirs = await helmText(helm, chartCase, input, flags)
        expect(withoutChance(ours, chance)).toBe(withoutChance(theirs, chance))
      }
    }
  })
})

/** Helm itself lists violations of a schema in another order each time, so the lines of an error are sorted. */
function textOf(output: HelmOutput, options: TextOptions): string {
  return output.kind === 'rendered' ? templateText(output, options) : sortedLines(`Error: ${output.fault.message}`)
}

/** Numbers of the lines in which chance or the clock shows: there Helm too prints something else each time. */
function chanceLines(first: string, second: string): ReadonlySet<number> {
  const [left, right] = [first.split('\n'), second.split('\n')]
  return new Set(left.keys().filter((index) => left[index] !== right[index]))
}

/** Keeps the key and the length of what chance made. */
function withoutChance(text: string, lines: ReadonlySet<number>): string {
  const mask = (line: string): string => line.replace(/(?<=: ).*/, (value) => `<${value.length} by chance>`)
  return text
    .split('\n')
    .map((line, index) => (lines.has(index) ? mask(line) : line))
    .join('\n')
}

function sortedLines(text: string): string {
  return text.split('\n').toSorted().join('\n')
}

/** Its stdout, or what it says is wrong without its hint about a flag. */
async function helmText(
  helm: string,
  { chartFolder, valuesFile }: ChartCase,
  { release, capabilities }: HelmInput,
  flags: readonly string[],
): Promise<string> {
  const values = valuesFile === undefined ? [] : ['-f', valuesFile]
  const versions = ['--kube-version', capabilities.kubernetes, '--api-versions', capabilities.apiVersions.join(',')]
  const args = ['template', release.name, chartFolder, '-n', release.namespace, ...values, ...versions, ...flags]
  const env = { HOME: '/nonexistent', TZ: 'UTC', HELM_NO_PLUGINS: '1' }
  return await run(helm, args, { env, maxBuffer: 16 << 20 }).then(
    ({ stdout }) => stdout,
    (error: { readonly stderr: string }) =>
      sortedLines(
        error.stderr
          .replace(LOG_LINES, '')
          .trimEnd()
          .replace(/\n\nUse --debug flag to render out invalid YAML$/, ''),
      ),
  )
}
