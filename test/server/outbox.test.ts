import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ServerConfig } from '../../src/server/config.ts'
import { type RunningServer, startServer } from '../../src/server/main.ts'
import { startGitServer, type GitServer } from '../adapters/git/backend.ts'
import { commitFiles, git, initRepository, makeScratch, type Scratch } from '../git/repository.ts'
import { ask, headIs, until } from './harness.ts'
import { deployment, SHOP } from './shop.ts'

let scratch: Scratch
let work: string
let origin: string
let gitServer: GitServer
let server: RunningServer | undefined
let pushes = true

beforeEach(async () => {
  scratch = makeScratch()
  work = initRepository(join(scratch.folder, 'work'))
  origin = initRepository(join(scratch.folder, 'served/app.git'), '--bare')
  pushes = true
  gitServer = await startGitServer(join(scratch.folder, 'served'), {
    intercept: (request, response) => {
      if (pushes || !request.url?.includes('receive-pack')) return false
      response.writeHead(503).end()
      return true
    },
  })
})
afterEach(async () => {
  await server?.stop()
  server = undefined
  await gitServer.close()
  scratch.remove()
})

async function start(more: Partial<ServerConfig> = {}): Promise<string> {
  server = await startServer(
    {
      repository: `${gitServer.url}/app.git`,
      dataFolder: join(scratch.folder, 'data'),
      listen: { host: '127.0.0.1', port: 0 },
      pollSeconds: 0.1,
      ...more,
    },
    new AbortController().signal,
  )
  return server.url
}

async function push(files: Readonly<Record<string, string | null>>, message = 'change'): Promise<string> {
  const sha = commitFiles(work, files, message)
  git(work, 'push', '-q', origin, 'main')
  return sha
}

function noteOf(sha: string): string | undefined {
  try {
    return git(origin, 'notes', '--ref=styrmin', 'show', sha)
  } catch {
    return undefined
  }
}

test('notes are pushed to the remote, beside those that others push', async () => {
  const first = await push(SHOP, 'first')
  await start({ notes: { push: true, minIntervalMs: 20 } })
  await until('a note', async () => noteOf(first))
  git(origin, 'notes', '--ref=styrmin', 'append', '-m', 'by hand', first)
  const second = await push({ 'production/shop.yml': deployment('shop', 'production', { greeting: 'x' }) })
  await until('the second note', async () => noteOf(second))
  expect(noteOf(first)).toContain('by hand')
  expect(noteOf(first)).toContain('"state":"resolved"')
})

test('notes that cannot be pushed wait, are shown as a problem, and survive a restart', async () => {
  pushes = false
  const first = await push(SHOP, 'first')
  const url = await start({ notes: { push: true, minIntervalMs: 20 } })
  await headIs((query) => ask(url, query), first)
  await until('the problem', async () => {
    const { problems } = await ask<{ problems: { nodes: { code: string }[] } }>(url, '{ problems { nodes { code } } }')
    return problems.nodes.length > 0 ? true : undefined
  })
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  await server?.stop()
  expect(noteOf(first)).toBeUndefined()
  pushes = true
  await start({ notes: { push: true, minIntervalMs: 20 } })
  expect(await until('the note', async () => noteOf(first))).toContain('"state":"planned"')
})

test('an unreachable repository leaves the server ready, says so, and is taken up again', async () => {
  const first = await push(SHOP, 'first')
  const url = await start()
  await headIs((query) => ask(url, query), first)
  const { port } = new URL(gitServer.url)
  await gitServer.close()
  const problem = await until('the problem', async () => {
    const { problems } = await ask<{ problems: { nodes: { code: string; message: string }[] } }>(
      url,
      '{ problems { nodes { code message } } }',
    )
    return problems.nodes[0]
  })
  expect(problem).toMatchObject({ code: 'STY401' })
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  gitServer = await startGitServer(join(scratch.folder, 'served'), { port: Number(port) })
  const second = await push({ note: 'x' })
  await headIs((query) => ask(url, query), second)
})

/** The statuses endpoint of a forge; the real one is tested with the cluster tests. */
interface Forge {
  readonly api: string
  readonly got: {
    readonly path: string
    readonly context: string
    readonly state: string
    readonly description: string
  }[]
  answer: number
  /** The context whose statuses are refused for good. */
  refused: string
  readonly close: () => void
}

async function startForge(): Promise<Forge> {
  const got: Forge['got'] = []
  const forge = { answer: 201, refused: '' }
  const http: Server = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      const status = JSON.parse(text) as Omit<Forge['got'][number], 'path'>
      const answer = status.context === forge.refused ? 422 : forge.answer
      if (answer === 201) got.push({ path: request.url ?? '', ...status })
      response.writeHead(answer, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  return Object.assign(forge, {
    api: `http://127.0.0.1:${port}/api/v1`,
    got,
    close: () => {
      http.closeAllConnections()
      http.close()
    },
  })
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

test('commit statuses reach the forge, once it answers again and also after a restart', async () => {
  const forge = await startForge()
  forge.answer = 500
  mkdirSync(join(scratch.folder, 'secrets'))
  writeFileSync(join(scratch.folder, 'secrets/token'), 'canary-token\n')
  const options = {
    forge: {
      kind: 'gitea',
      api: forge.api,
      owner: 'ops',
      repository: 'apps',
      tokenFile: join(scratch.folder, 'secrets/token'),
    },
  } as const
  const first = await push(SHOP, 'first')
  const url = await start(options)
  await headIs((query) => ask(url, query), first)
  const seen = await until('the problem', async () => {
    const answer = await ask<{ problems: { nodes: { code: string; message: string }[] } }>(
      url,
      '{ problems { nodes { code message } } }',
    )
    return answer.problems.nodes[0]
  })
  expect(seen.code).toBe('STY411')
  expect(JSON.stringify(seen)).not.toContain('canary')
  await server?.stop()
  expect(forge.got).toEqual([])
  forge.answer = 201
  await start(options)
  await until('three statuses', async () => (forge.got.length >= 3 ? true : undefined))
  expect(forge.got.map(({ context, state }) => `${context} ${state}`).sort()).toEqual([
    'styrmin/deploy/eu/production pending',
    'styrmin/deploy/us/staging pending',
    'styrmin/plan success',
  ])
  expect(new Set(forge.got.map(({ path }) => path))).toEqual(new Set([`/api/v1/repos/ops/apps/statuses/${first}`]))
  forge.close()
})

test('a status that the forge refuses holds back no other, and is shown as a problem', async () => {
  const forge = await startForge()
  forge.refused = 'styrmin/plan'
  writeFileSync(join(scratch.folder, 'token'), 'token\n')
  const first = await push(SHOP, 'first')
  const url = await start({
    forge: {
      kind: 'gitea',
      api: forge.api,
      owner: 'ops',
      repository: 'apps',
      tokenFile: join(scratch.folder, 'token'),
    },
  })
  await headIs((query) => ask(url, query), first)
  await until('two statuses', async () => (forge.got.length >= 2 ? true : undefined))
  expect(forge.got.map(({ context }) => context).sort()).toEqual([
    'styrmin/deploy/eu/production',
    'styrmin/deploy/us/staging',
  ])
  const { problems } = await until('the problem', async () => {
    const answer = await ask<{ problems: { nodes: { code: string }[] } }>(url, '{ problems { nodes { code } } }')
    return answer.problems.nodes.length > 0 ? answer : undefined
  })
  expect(problems.nodes).toMatchObject([{ code: 'STY411' }])
  forge.close()
})
