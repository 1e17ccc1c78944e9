import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type GitServer, startGitServer } from '../adapters/git/backend.ts'
import { commitFiles, git, initRepository, makeScratch, type Scratch } from '../git/repository.ts'
import { ask, headIs, until } from './harness.ts'
import { deployment, SHOP } from './shop.ts'

const PROCESS = join(import.meta.dirname, '../../src/server/process.ts')

let scratch: Scratch
let gitServer: GitServer
const children: ChildProcess[] = []
/** Called at each request that a server sends to git. */
let onRequest: (path: string) => void = () => undefined

beforeEach(async () => {
  scratch = makeScratch()
  gitServer = await startGitServer(join(scratch.folder, 'served'), {
    intercept: (request) => {
      onRequest(request.url ?? '')
      return false
    },
  })
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await gitServer.close()
  scratch.remove()
})

interface Running {
  readonly url: string
  readonly child: ChildProcess
}

async function startProcess(name: string, repository: string): Promise<Running> {
  const config = join(scratch.folder, `${name}.yaml`)
  writeFileSync(
    config,
    `repository: ${gitServer.url}/${repository}
data_folder: ${name}
listen: { port: 0 }
poll_seconds: 0.1
notes: { push: true, min_interval_ms: 10 }
log_level: error
`,
  )
  const child = spawn(process.execPath, [PROCESS, '--config', config], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const parsed = JSON.parse(line) as { url?: string }
    if (parsed.url !== undefined && Object.keys(parsed).length === 1) return { url: parsed.url, child }
  }
  throw new Error('the server ended before it was up')
}

async function kill({ child }: Running): Promise<void> {
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** Everything that readers can see of a server, without times. */
async function contentOf(url: string): Promise<unknown> {
  return ask(
    url,
    `{ status { head commits statuses }
       commits(first: 100) { nodes { sha subject outcome planDigest problems { code message file line }
         statuses { context state description digest } plans(first: 50) { nodes { digest deployment class from to } } } }
       deployments { nodes { name version blocked desired { digest } plan { digest }
         plans(first: 50) { nodes { digest class commit } } instances(first: 50) { nodes { digest commit } } } }
       problems { nodes { code message } } }`,
  )
}

function notesOf(origin: string): readonly string[] {
  const list = git(origin, 'notes', '--ref=styrmin', 'list').split('\n')
  return list
    .flatMap((line) => git(origin, 'notes', '--ref=styrmin', 'show', line.split(' ')[1] ?? '').split('\n'))
    .map((line) => {
      const { commit, state, deployment: key, digest } = JSON.parse(line) as Record<string, string>
      return [commit, state, key, digest].join(' ')
    })
    .sort()
}

function change(index: number): Readonly<Record<string, string | null>> {
  if (index % 5 === 4) return { 'production/shop.yml': 'apiVersion: styrmin.io/v1\nkind: Deploymint\n' }
  if (index % 5 === 3) return { 'staging/shop.yml': null }
  return {
    'production/shop.yml': deployment('shop', 'production', { greeting: `g${index}` }),
    'staging/shop.yml': deployment('shop', 'staging', { version: `1.${index}.0` }),
  }
}

test('a server that is killed again and again ends with what one has that never was', {
  timeout: 600_000,
}, async () => {
  const work = initRepository(join(scratch.folder, 'work'))
  const killed = initRepository(join(scratch.folder, 'served/killed.git'), '--bare')
  const first = commitFiles(work, SHOP, 'first')
  git(work, 'push', '-q', killed, 'main')
  let server = await startProcess('killed', 'killed.git')
  await headIs((query) => ask(server.url, query), first)

  // Kills at the nth request to git after a push (in the middle of polls, fetches, and pushes of notes), and in between.
  const points = [1, 2, 3, 4, 5, 6, 7, 9].map((request, index) => ({ request, delayMs: (index * 37) % 110 }))
  for (const [index, { request, delayMs }] of points.entries()) {
    let seen = 0
    const reached = new Promise<void>((resolve) => {
      onRequest = () => {
        seen += 1
        if (seen === request) setTimeout(resolve, delayMs)
      }
    })
    commitFiles(work, change(2 * index), `change ${2 * index}`)
    commitFiles(work, change(2 * index + 1), `change ${2 * index + 1}`)
    git(work, 'push', '-q', killed, 'main')
    await reached
    await kill(server)
    server = await startProcess('killed', 'killed.git')
  }
  onRequest = () => undefined
  const head = git(work, 'rev-parse', 'HEAD')
  await headIs((query) => ask(server.url, query), head)

  const calm = initRepository(join(scratch.folder, 'served/calm.git'), '--bare')
  git(work, 'push', '-q', calm, `${first}:refs/heads/main`)
  const other = await startProcess('calm', 'calm.git')
  await headIs((query) => ask(other.url, query), first)
  git(work, 'push', '-q', calm, 'main')
  await headIs((query) => ask(other.url, query), head)

  expect(await contentOf(server.url)).toEqual(await contentOf(other.url))
  const notes = await until('all notes', async () => {
    const [one, two] = [notesOf(killed), notesOf(calm)]
    return one.length > 0 && one.length === two.length ? { one, two } : undefined
  })
  expect(notes.one).toEqual(notes.two)
  expect(new Set(notes.one).size).toBe(notes.one.length)
})

test('SIGTERM ends the server in order', { timeout: 120_000 }, async () => {
  const work = initRepository(join(scratch.folder, 'work'))
  const origin = initRepository(join(scratch.folder, 'served/app.git'), '--bare')
  commitFiles(work, SHOP, 'first')
  git(work, 'push', '-q', origin, 'main')
  const { url, child } = await startProcess('app', 'app.git')
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  expect(code).toBe(0)
})

test('a wrong configuration ends with code 2 and says what to do', async () => {
  const config = join(scratch.folder, 'bad.yaml')
  writeFileSync(config, 'repository: 7\n')
  const child = spawn(process.execPath, [PROCESS, '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stderr.on('data', (part: Buffer) => {
    text += part.toString()
  })
  const [code] = (await once(child, 'close')) as [number]
  expect(code).toBe(2)
  expect(text).toMatch(/error STY400: .*bad.yaml:1:13: repository must be string\n/s)
  expect(text).toContain('hint: ')
})
