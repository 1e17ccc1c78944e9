import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../..')

const program = (template: string): string => `
import { readArtefact } from '${root}/src/renderer/engine/artefact.ts'
import { openHelmEngine } from '${root}/src/renderer/engine/helm-engine.ts'
const engine = await openHelmEngine(await readArtefact())
const file = (path, text) => ({ path, data: Buffer.from(text) })
const output = engine.render({
  chartDigest: 'x',
  chart: [file('Chart.yaml', 'apiVersion: v2\\nname: x\\nversion: 1.0.0'), file('templates/a.yaml', ${JSON.stringify(template)})],
  values: {},
  release: { name: 'rel', namespace: 'ns' },
  capabilities: { kubernetes: '1.34', apiVersions: [] },
  seed: 'a',
  nowMs: 0,
})
console.log(output.kind, output.fault?.message.slice(-70) ?? '')
`

const LOCKED = ['--permission', `--allow-fs-read=${root}/src`, '--disallow-code-generation-from-strings']

async function answer(template: string, flags: readonly string[] = []): Promise<string> {
  const args = [...LOCKED, ...flags, '--input-type=module', '--eval', program(template)]
  return (await run(process.execPath, args, { env: {} })).stdout.trim()
}

test('runs with permissions for nothing but its own code, and without code from strings', async () => {
  expect(await answer('kind: A')).toBe('rendered')
})

test('with a larger stack, a template that includes itself is an error as in Helm', async () => {
  const endless = '{{ define "d" }}{{ include "d" . }}{{ end }}{{ include "d" . }}'
  const end = 'rendering template has a nested reference name: d: unable to execute template'
  expect(await answer(endless, ['--stack-size=2000'])).toBe(`failed ${end.slice(-70)}`)
})
