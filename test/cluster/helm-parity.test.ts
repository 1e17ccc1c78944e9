import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { readRecord } from '../../src/renderer/engine/artefact.ts'
import type { HelmInput, HelmOutput } from '../../src/renderer/engine/helm-types.ts'
import { templateText } from '../../src/renderer/engine/template-text.ts'
import { type ChartCase, driverCases, goldenCases, inputOf, testEngine } from '../renderer/engine/charts.ts'
import { goVersion } from './binaries.ts'
import { helmProgram } from './helm.ts'

const run = promisify(execFile)
const BUILD_MS = 15 * 60_000

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
    const output = engine.render(input)
    for (const includeCrds of [true, false]) {
      for (const hooks of [true, false]) {
        const flags = [...(includeCrds ? ['--include-crds'] : []), ...(hooks ? [] : ['--no-hooks'])]
        expect(textOf(output, { includeCrds, hooks })).toBe(await helmText(helm, chartCase, input, flags))
      }
    }
  })
})

function textOf(output: HelmOutput, options: { readonly includeCrds: boolean; readonly hooks: boolean }): string {
  return output.kind === 'rendered' ? templateText(output, options) : `Error: ${output.fault.message}`
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
      error.stderr.trimEnd().replace(/\n\nUse --debug flag to render out invalid YAML$/, ''),
  )
}
