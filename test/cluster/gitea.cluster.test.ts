import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Gitea, giteaMissing, startGitea } from './gitea.ts'

const missing = process.env['STYRMIN_REQUIRE_CLUSTER'] === '1' ? undefined : await giteaMissing()

describe.skipIf(missing !== undefined)('a real Gitea', () => {
  let gitea: Gitea | undefined
  const folder = mkdtempSync(join(tmpdir(), 'styrmin-gitea-test-'))
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.test', ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0' },
    }).trim()

  beforeAll(async () => {
    gitea = await startGitea()
  })

  afterAll(async () => {
    await gitea?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('takes a pushed commit and notes, and shows the statuses set on it', async () => {
    if (gitea === undefined) throw new Error('Gitea is not up')
    const { url, user, token } = gitea
    await gitea.createRepository('work')
    const address = gitea.cloneUrl('work')
    const remote = address.replace('://', `://${user}:${token}@`)
    git('init', '-q', '-b', 'main')
    writeFileSync(join(folder, 'a.txt'), 'a\n')
    git('add', '.')
    git('commit', '-q', '-m', 'first')
    git('notes', '--ref=styrmin', 'add', '-m', '{"result":"applied"}')
    git('push', '-q', remote, 'main', 'refs/notes/styrmin')
    const sha = git('rev-parse', 'HEAD')
    expect(git('ls-remote', address, 'refs/heads/main')).toContain(sha)
    expect(git('ls-remote', address, 'refs/notes/styrmin')).not.toBe('')

    const api = `${url}/api/v1/repos/${user}/work`
    const headers = { authorization: `token ${token}`, 'content-type': 'application/json' }
    for (const state of ['pending', 'success']) {
      const status = { context: 'styrmin/plan', state, description: `it is ${state}` }
      const body = JSON.stringify(status)
      const made = await fetch(`${api}/statuses/${sha}`, { method: 'POST', headers, body })
      expect(made.status).toBe(201)
      expect(await made.json()).toMatchObject({ context: 'styrmin/plan', status: state })
    }
    const combined = await (await fetch(`${api}/commits/${sha}/status`, { headers })).json()
    expect(combined).toMatchObject({
      sha,
      state: 'success',
      statuses: [{ context: 'styrmin/plan', status: 'success' }],
    })
    const anonymous = await fetch(`${api}/statuses/${sha}`, { method: 'POST', body: '{}' })
    expect(anonymous.status).toBe(401)
  })
})
