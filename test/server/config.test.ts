import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseConfig } from '../../src/server/config.ts'
import { loadSigningKey } from '../../src/server/keys.ts'
import { makeScratch, type Scratch } from '../git/repository.ts'

let scratch: Scratch
beforeEach(() => {
  scratch = makeScratch()
})
afterEach(() => scratch.remove())

test('a whole configuration is read, with paths from its own folder', () => {
  const config = parseConfig(
    `repository: https://git.example.com/ops/apps.git
branch: trunk
path: ops
data_folder: data
listen: { host: 0.0.0.0, port: 8080 }
poll_seconds: 5
credentials:
  git.example.com: { token_file: /run/token, username: bot }
notes: { push: true, min_interval_ms: 1000 }
forge: { kind: gitea, api: "https://git.example.com/api/v1", owner: ops, repository: apps, token_file: forge-token }
auth: { tokens: [{ name: ada, hash: "sha256:${'a'.repeat(64)}" }] }
log_level: warn
`,
    '/etc/styrmin/styrmin.config.yaml',
  )
  expect(config).toEqual({
    repository: 'https://git.example.com/ops/apps.git',
    branch: 'trunk',
    path: 'ops',
    dataFolder: '/etc/styrmin/data',
    listen: { host: '0.0.0.0', port: 8080 },
    pollSeconds: 5,
    credentials: { 'git.example.com': { tokenFile: '/run/token', username: 'bot' } },
    notes: { push: true, minIntervalMs: 1000 },
    forge: {
      kind: 'gitea',
      api: 'https://git.example.com/api/v1',
      owner: 'ops',
      repository: 'apps',
      tokenFile: '/etc/styrmin/forge-token',
    },
    auth: { tokens: [{ name: 'ada', hash: `sha256:${'a'.repeat(64)}` }] },
    logLevel: 'warn',
  })
})

test('two lines are enough', () => {
  expect(parseConfig('repository: .\ndata_folder: /data\n', '/srv/c.yaml')).toEqual({
    repository: '/srv',
    dataFolder: '/data',
    listen: { host: '127.0.0.1', port: 7070 },
    credentials: {},
  })
})

test('everything that is wrong is said at once, each with its place', () => {
  const text = `repositry: x
data_folder: 7
listen:
  port: 99999
notes: { pull: true }
`
  expect(() => parseConfig(text, 'c.yaml')).toThrow(
    expect.objectContaining({
      code: 'STY400',
      message: [
        `c.yaml:1:1: the configuration must have required property 'repository'`,
        'c.yaml:1:1: the configuration has no key "repositry"; "repository" was meant?',
        'c.yaml:2:14: data_folder must be string',
        'c.yaml:4:9: listen.port must be <= 65535',
        'c.yaml:5:8: notes has no key "pull"',
      ].join('\n'),
    }),
  )
})

test.for(['', '- a', 'a: b: c', 'null', '{'])('%j is no configuration', (text) => {
  expect(() => parseConfig(text, 'c.yaml')).toThrow(expect.objectContaining({ code: 'STY400' }))
})

test('the key is made once, and only its owner may read it', async () => {
  const file = join(scratch.folder, 'deep/key.pem')
  const first = await loadSigningKey(file)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect((await loadSigningKey(file)).publicKeyPem).toBe(first.publicKeyPem)
  expect(first.publicKeyPem).not.toContain(readFileSync(file, 'utf8').split('\n')[1])
})
