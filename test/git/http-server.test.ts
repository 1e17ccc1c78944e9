import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type GitServer, type GitServerOptions, startGitServer } from './http-server.ts'

const run = promisify(execFile)
const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0' }

let folder = ''
let server: GitServer | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'styrmin-git-'))
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', join(folder, 'served/work.git')], { env })
})

afterEach(async () => {
  await server?.stop()
  server = undefined
  rmSync(folder, { recursive: true, force: true })
})

async function serve(options?: GitServerOptions): Promise<string> {
  server = await startGitServer(join(folder, 'served'), options)
  return server.url
}

async function git(...args: readonly string[]): Promise<string> {
  const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.test']
  return (await run('git', [...who, ...args], { cwd: folder, env, encoding: 'utf8' })).stdout.trim()
}

async function pushTo(remote: string): Promise<string> {
  await git('init', '-q', '-b', 'main', 'source')
  writeFileSync(join(folder, 'source/a.txt'), 'a\n')
  await git('-C', 'source', 'add', '.')
  await git('-C', 'source', 'commit', '-q', '-m', 'first')
  await git('-C', 'source', 'push', '-q', remote, 'main')
  return git('-C', 'source', 'rev-parse', 'HEAD')
}

test('what is pushed can be cloned again', async () => {
  const url = await serve()
  const sha = await pushTo(`${url}/work.git`)
  await git('clone', '-q', `${url}/work.git`, 'copy')
  expect(await git('-C', 'copy', 'rev-parse', 'HEAD')).toBe(sha)
  expect(readFileSync(join(folder, 'copy/a.txt'), 'utf8')).toBe('a\n')
})

test('a push larger than one request buffer arrives whole', async () => {
  const url = await serve()
  const remote = `${url}/work.git`
  await pushTo(remote)
  writeFileSync(join(folder, 'source/big.txt'), Array.from({ length: 400_000 }, (_, at) => `${at * 7919}`).join('\n'))
  await git('-C', 'source', 'add', '.')
  await git('-C', 'source', 'commit', '-q', '-m', 'big')
  await git('-C', 'source', 'push', '-q', remote, 'main')
  await git('clone', '-q', remote, 'copy')
  const big = (name: string): string => readFileSync(join(folder, name, 'big.txt'), 'utf8')
  expect(big('copy')).toBe(big('source'))
})

test('a push that is no fast-forward is refused', async () => {
  const url = await serve()
  await pushTo(`${url}/work.git`)
  await git('-C', 'source', 'commit', '-q', '--amend', '-m', 'other')
  await expect(git('-C', 'source', 'push', '-q', `${url}/work.git`, 'main')).rejects.toThrow(/rejected/)
})

test('with credentials, only who has them may read or push', async () => {
  const url = await serve({ auth: { user: 'me', password: 'secret' } })
  await expect(git('ls-remote', `${url}/work.git`)).rejects.toThrow()
  const wrong = url.replace('://', '://me:wrong@')
  await expect(git('ls-remote', `${wrong}/work.git`)).rejects.toThrow(/Authentication failed/)
  const right = url.replace('://', '://me:secret@')
  const sha = await pushTo(`${right}/work.git`)
  expect(await git('ls-remote', `${right}/work.git`, 'refs/heads/main')).toContain(sha)
})

test('a repository that is not there is 404', async () => {
  const url = await serve()
  expect((await fetch(`${url}/none.git/info/refs?service=git-upload-pack`)).status).toBe(404)
})

test('nothing outside the folder is served', async () => {
  const url = await serve()
  execFileSync('git', ['init', '-q', '--bare', join(folder, 'outside.git')], { env })
  const answer = await fetch(`${url}/%2e%2e%2foutside.git/info/refs?service=git-upload-pack`)
  expect(answer.status).not.toBe(200)
})
