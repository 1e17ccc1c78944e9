import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { at, type Json, listAt, textAt } from '../../src/util/json.ts'

const root = join(import.meta.dirname, '../..')

test('the demo carries out seven commits and says so in one line of JSON', { timeout: 180_000 }, async () => {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, 'examples/demo.ts', '--once'], {
    cwd: root,
  })
  const outcome = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Json
  expect(at(outcome, 'commits')).toBe(7)
  expect(Number(at(outcome, 'statuses'))).toBeGreaterThanOrEqual(7)
  expect(at(outcome, 'problems')).toEqual([])
  const deployments = listAt(outcome, 'deployments')
  expect(
    deployments.map((one) => `${textAt(one, 'environment')}/${textAt(one, 'name')} ${textAt(one, 'version')}`),
  ).toEqual([
    'dev/cache 7.4.0',
    'dev/queue 7.4.0',
    'dev/shop 0.1.0',
    'production/cache 7.4.0',
    'production/sessions 7.4.0',
    'production/shop 0.2.0',
    'staging/cache 7.4.0',
    'staging/shop 0.1.0',
  ])
  for (const one of deployments) {
    expect(at(one, 'ready'), JSON.stringify(one)).toBe(true)
    expect(textAt(one, 'active')).toMatch(/^sha256:[0-9a-f]{64}$/)
  }
})
