import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../..')

const PROGRAM = `
import { readArtefact } from '${root}/src/renderer/engine/artefact.ts'
import { openHelmEngine } from '${root}/src/renderer/engine/helm-engine.ts'
const engine = await openHelmEngine(await readArtefact())
const file = (path, text) => ({ path, data: Buffer.from(text) })
const output = engine.render({
  chartDigest: 'x',
  chart: [file('Chart.yaml', 'apiVersion: v2\\nname: x\\nversion: 1.0.0'), file('templates/a.yaml', 'kind: A')],
  values: {},
  release: { name: 'rel', namespace: 'ns' },
  capabilities: { kubernetes: '1.34', apiVersions: [] },
  seed: 'a',
  nowMs: 0,
})
console.log(output.kind)
`

test('runs with permissions for nothing but its own code, and without code from strings', async () => {
  const locked = ['--permission', `--allow-fs-read=${root}/src`, '--disallow-code-generation-from-strings']
  const { stdout } = await run(process.execPath, [...locked, '--input-type=module', '--eval', PROGRAM], { env: {} })
  expect(stdout).toBe('rendered\n')
})
