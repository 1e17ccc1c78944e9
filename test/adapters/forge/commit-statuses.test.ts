import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { openForge } from '../../../src/adapters/forge/commit-statuses.ts'
import type { CommitSha } from '../../../src/domain/ids.ts'
import type { CommitStatus } from '../../../src/ports/store.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const status: CommitStatus = {
  sha: 'a'.repeat(40) as CommitSha,
  context: 'styrmin/plan',
  state: 'success',
  description: `upgrade 0.1.0 to 0.2.0 ${'x'.repeat(200)}`,
  digest: undefined,
  atMs: 0,
}

interface Seen {
  readonly url: string
  readonly authorization: string
  readonly body: { readonly description: string; readonly context: string; readonly state: string }
}

async function listen(code: number, headers: Record<string, string> = {}) {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      seen.push({
        url: request.url ?? '',
        authorization: request.headers.authorization ?? '',
        body: JSON.parse(body) as Seen['body'],
      })
      response.writeHead(code, headers).end('{"message":"told"}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  return { seen, api: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1` }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

test('sends one status to the address of its commit, cut to what forges take', async () => {
  const { api, seen } = await listen(201)
  const forge = openForge({ kind: 'gitea', api, owner: 'shop', repository: 'gitops', token: 'secret' })
  await forge.setStatus(status, AbortSignal.timeout(5_000))
  expect(seen).toHaveLength(1)
  expect(seen[0]?.url).toBe(`/api/v1/repos/shop/gitops/statuses/${status.sha}`)
  expect(seen[0]?.authorization).toBe('token secret')
  expect(seen[0]?.body.context).toBe('styrmin/plan')
  expect(seen[0]?.body.description.length).toBe(140)
})

test.for([
  { name: 'a broken forge is tried again', code: 502, headers: {}, actor: 'nobody' },
  { name: 'a rate limit is tried again', code: 429, headers: {}, actor: 'nobody' },
  {
    name: 'the secondary limit of GitHub is tried again',
    code: 403,
    headers: { 'retry-after': '60' },
    actor: 'nobody',
  },
  { name: 'a wrong token needs a person', code: 401, headers: {}, actor: 'operator' },
  { name: 'a missing repository needs a person', code: 404, headers: {}, actor: 'operator' },
])('$name', async ({ code, headers, actor }) => {
  const { api } = await listen(code, headers as Record<string, string>)
  const forge = openForge({ kind: 'github', api, owner: 'shop', repository: 'gitops', token: 'secret' })
  await expect(forge.setStatus(status, AbortSignal.timeout(5_000))).rejects.toMatchObject({ code: 'STY411', actor })
})

test('a redirect is not followed, so the token stays with its host', async () => {
  const { api: elsewhere, seen } = await listen(201)
  const { api } = await listen(307, { location: `${elsewhere}/x` })
  const forge = openForge({ kind: 'gitea', api, owner: 'shop', repository: 'gitops', token: 'secret' })
  await expect(forge.setStatus(status, AbortSignal.timeout(5_000))).rejects.toMatchObject({ code: 'STY411' })
  expect(seen).toHaveLength(0)
})
