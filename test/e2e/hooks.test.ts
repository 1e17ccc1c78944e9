import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { settled } from '../../examples/overview.ts'
import { startUp, type UpHandle } from '../../src/cli/up.ts'
import type { CliWorld } from '../../src/cli/world.ts'
import { gitIn } from './work-copy.ts'

const root = join(import.meta.dirname, '../..')
const signal = new AbortController().signal
const SETTLE_MS = 60_000

const ACTIONS = `import { action } from 'styrmin/actions'
const says = (word: string) =>
  action(async ({ primitives }) => {
    await primitives.executeCommands([['say', word]], { image: 'registry.local/say:1' })
  })
export const before = says('before')
export const instead = says('instead')
export const after = says('after')
`

const DECLARED = `  actions:
    - { name: setup-after, hook: setup, mode: post, location: "actions.ts::after" }
    - { name: setup-instead, hook: setup, mode: core, location: "actions.ts::instead" }
    - { name: setup-before, hook: setup, mode: pre, location: "actions.ts::before" }
    - { name: upgrade-after, hook: upgrade, mode: post, location: "actions.ts::after" }
    - { name: upgrade-before, hook: upgrade, mode: pre, location: "actions.ts::before" }
`

const DOCUMENTS = `apiVersion: styrmin.io/v1
kind: Cluster
metadata: { name: lab }
spec: {}
---
apiVersion: styrmin.io/v1
kind: Environment
metadata: { name: dev }
spec: { cluster: lab }
---
apiVersion: styrmin.io/v1
kind: Deployment
metadata: { name: cache, environment: dev }
spec: { driver: redis, version: 7.4.0 }
`

const world: CliWorld = {
  out: () => undefined,
  err: () => undefined,
  color: false,
  now: () => Date.now(),
  cwd: root,
  env: {},
}

let folder: string
let git: ReturnType<typeof gitIn>
let up: UpHandle

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'styrmin-hooks-'))
  git = gitIn(folder)
  await git('init', '--quiet', '--initial-branch=main')
  await cp(join(root, 'drivers/redis'), join(folder, 'drivers/redis'), { recursive: true })
  const spec = join(folder, 'drivers/redis/driver.styrmin.yml')
  await writeFile(spec, `${await readFile(spec, 'utf8')}${DECLARED}`)
  await writeFile(join(folder, 'drivers/redis/actions.ts'), ACTIONS)
  up = await startUp(folder, { branch: 'main', port: 0 }, world, signal)
})

afterAll(async () => {
  await up.stop()
  await rm(folder, { recursive: true, force: true })
})

test('setup and upgrade run their actions as pre, core and post, around the apply', { timeout: 150_000 }, async () => {
  expect(await stepsAfter(DOCUMENTS)).toEqual([
    'namespace',
    'setup-before/executeCommands#1',
    'setup-instead/executeCommands#1',
    'apply',
    'wait-ready',
    'setup-after/executeCommands#1',
  ])
  expect(await stepsAfter(DOCUMENTS.replace('7.4.0', '7.4.1'))).toEqual([
    'upgrade-before/executeCommands#1',
    'apply',
    'wait-ready',
    'upgrade-after/executeCommands#1',
  ])
})

/** Commits the documents and tells the steps of the newest run, all of which have succeeded. */
async function stepsAfter(documents: string): Promise<readonly string[]> {
  await writeFile(join(folder, 'documents.yml'), documents)
  await git('add', '--all')
  await git('commit', '--quiet', '-m', 'change')
  await settled(up.client, { sha: await git('rev-parse', 'HEAD'), timeoutMs: SETTLE_MS }, signal)
  const { runs } = await up.client.query<{
    runs: { nodes: readonly { steps: readonly { name: string; state: string }[] }[] }
  }>('{ runs(first: 1) { nodes { steps { name state } } } }', {}, signal)
  const steps = runs.nodes[0]?.steps ?? []
  expect(steps.filter(({ state }) => state !== 'succeeded')).toEqual([])
  return steps.map(({ name }) => name)
}
