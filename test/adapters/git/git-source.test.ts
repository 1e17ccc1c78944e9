import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openGitSource } from '../../../src/adapters/git/git-source.ts'
import { parseCommitSha, type CommitSha } from '../../../src/domain/ids.ts'
import type { GitSource } from '../../../src/ports/git-source.ts'
import { type GitServer, startGitServer } from './backend.ts'
import { commitFiles, git, initRepository, makeScratch, type Scratch } from '../../git/repository.ts'

const signal = new AbortController().signal
const noCredential = (): Promise<undefined> => Promise.resolve(undefined)

let scratch: Scratch
let work: string
beforeEach(() => {
  scratch = makeScratch()
  work = initRepository(join(scratch.folder, 'work'))
})
afterEach(() => scratch.remove())

interface Reached {
  /** Where notes are written in the end. */
  readonly origin: string
  readonly source: GitSource
  /** After commits in `work`: brings them where the source looks. */
  readonly publish: () => void
  readonly close: () => Promise<void>
}

async function reachLocally(path = ''): Promise<Reached> {
  const source = await openGitSource({
    repository: work,
    branch: 'main',
    path,
    folder: join(scratch.folder, 'data'),
    credentialOf: noCredential,
  })
  return { origin: work, source, publish: () => undefined, close: () => source.close() }
}

async function reachOverHttp(path = ''): Promise<Reached> {
  const origin = join(scratch.folder, 'served/app.git')
  if (!existsSync(origin)) initRepository(origin, '--bare')
  const server: GitServer = await startGitServer(join(scratch.folder, 'served'))
  const source = await openGitSource({
    repository: `${server.url}/app.git`,
    branch: 'main',
    path,
    folder: join(scratch.folder, 'data'),
    credentialOf: noCredential,
  })
  return {
    origin,
    source,
    publish: () => void git(work, 'push', '-q', '--force', origin, '--all'),
    close: async () => {
      await source.close()
      await server.close()
    },
  }
}

describe.for([
  { name: 'a local path', reach: reachLocally },
  { name: 'HTTP', reach: reachOverHttp },
])('a repository by $name', ({ reach }) => {
  test('gives the files of a commit exactly as git lists them', async () => {
    const sha = commitFiles(work, { 'b.yml': 'b', 'a/c/d.yml': 'd', 'a.yml': 'a', 'a-b/x': 'x', 'ü.yml': 'ü' }, 'one')
    git(work, 'update-index', '--add', '--cacheinfo', `160000,${sha},sub`)
    writeFileSync(join(work, 'run.sh'), '#!/bin/sh')
    git(work, 'update-index', '--add', '--chmod=+x', 'run.sh')
    git(work, 'update-index', '--add', '--cacheinfo', `120000,${git(work, 'hash-object', '-w', 'b.yml')},link`)
    git(work, 'commit', '-q', '-m', 'modes')
    const { source, publish, close } = await reach()
    publish()
    await source.fetch(signal)
    const head = await headOf(source)
    const entries = await source.tree(head).list(signal)
    const listed = git(work, '-c', 'core.quotePath=false', 'ls-tree', '-r', head).split('\n')
    expect(entries.map(({ path, mode, oid }) => `${mode} ${oid} ${path}`)).toEqual(
      listed.map((line) => line.replace(/ (blob|commit) /, ' ').replace('\t', ' ')),
    )
    const text = entries.find(({ path }) => path === 'ü.yml')
    expect(text && (await source.tree(head).read(text, 100, signal)).toString()).toBe(
      new TextEncoder().encode('ü').toString(),
    )
    expect(text && (await source.tree(head).read(text, 1, signal))).toBe('too-large')
    await close()
  })

  test('sees commits made later, packed or not', async () => {
    const { source, publish, close } = await reach()
    for (const step of [1, 2, 3]) {
      const sha = commitFiles(work, { 'a.yml': `${step}` }, `step ${step}`)
      if (step === 2) git(work, 'gc', '-q', '--prune=now')
      publish()
      await source.fetch(signal)
      expect(await source.head(signal)).toBe(sha)
      expect(await readFile(source, sha, 'a.yml')).toBe(`${step}`)
    }
    await close()
  })

  test('walks first parents only, oldest first, merges included', async () => {
    const first = commitFiles(work, { a: '1' }, 'first')
    git(work, 'checkout', '-q', '-b', 'side')
    commitFiles(work, { b: '1' }, 'on the side')
    git(work, 'checkout', '-q', 'main')
    const second = commitFiles(work, { a: '2' }, 'second\n\nBody line\n\nStyrmin-Rewind-From: abc')
    git(work, 'merge', '-q', '--no-ff', '-m', 'merge', 'side')
    const merge = git(work, 'rev-parse', 'HEAD')
    const { source, publish, close } = await reach()
    publish()
    await source.fetch(signal)
    const walked = await source.walk({ to: sha(merge) }, signal)
    expect(walked?.map((commit) => commit.sha)).toEqual([first, second, merge])
    expect(walked?.[1]).toMatchObject({
      subject: 'second',
      body: 'Body line\n\nStyrmin-Rewind-From: abc',
      author: 'Ada <ada@example.com>',
      parents: [first],
    })
    expect(walked?.[2]?.parents).toHaveLength(2)
    expect((await source.walk({ from: sha(first), to: sha(merge) }, signal))?.map((c) => c.sha)).toEqual([
      second,
      merge,
    ])
    expect(await source.walk({ from: sha(merge), to: sha(merge) }, signal)).toEqual([])
    await close()
  })

  test('a merge the wrong way round is no rewind', async () => {
    commitFiles(work, { a: '1' }, 'first')
    git(work, 'branch', 'side')
    const applied = commitFiles(work, { a: '2' }, 'second')
    git(work, 'checkout', '-q', 'side')
    const side = commitFiles(work, { b: '1' }, 'on the side')
    git(work, 'merge', '-q', '--no-ff', '-m', 'main into side', 'main')
    const merge = git(work, 'rev-parse', 'HEAD')
    git(work, 'checkout', '-q', 'main')
    git(work, 'merge', '-q', '--ff-only', 'side')
    const { source, publish, close } = await reach()
    publish()
    await source.fetch(signal)
    const walked = await source.walk({ from: sha(applied), to: sha(merge) }, signal)
    expect(walked?.map((commit) => commit.sha)).toEqual([side, merge])
    await close()
  })

  test('a rewound branch has no walk from what was there', async () => {
    commitFiles(work, { a: '1' }, 'first')
    const gone = commitFiles(work, { a: '2' }, 'second')
    const { source, publish, close } = await reach()
    publish()
    await source.fetch(signal)
    git(work, 'reset', '-q', '--hard', 'HEAD~1')
    const other = commitFiles(work, { a: '3' }, 'other')
    publish()
    await source.fetch(signal)
    expect(await source.head(signal)).toBe(other)
    expect(await source.walk({ from: sha(gone), to: sha(other) }, signal)).toBeUndefined()
    await close()
  })

  test('resolves revisions', async () => {
    const first = commitFiles(work, { a: '1' }, 'first')
    const second = commitFiles(work, { a: '2' }, 'second')
    const { source, publish, close } = await reach()
    publish()
    await source.fetch(signal)
    expect(await source.resolve('main', signal)).toBe(second)
    expect(await source.resolve('main~1', signal)).toBe(first)
    expect(await source.resolve('main^', signal)).toBe(first)
    expect(await source.resolve(first.slice(0, 10), signal)).toBe(first)
    expect(await source.resolve('main~2', signal)).toBeUndefined()
    expect(await source.resolve('nowhere', signal)).toBeUndefined()
    await close()
  })

  test('shows only a sub-path, with paths from the root', async () => {
    const head = commitFiles(work, { 'a.yml': '1', 'ops/prod/b.yml': '2', 'ops/c.yml': '3' }, 'first')
    const { source, publish, close } = await reach('ops/prod')
    publish()
    await source.fetch(signal)
    expect((await source.tree(sha(head)).list(signal)).map(({ path }) => path)).toEqual(['ops/prod/b.yml'])
    await close()
  })

  test('writes notes that git shows, once each, and beside notes of others', async () => {
    const first = commitFiles(work, { a: '1' }, 'first')
    const second = commitFiles(work, { a: '2' }, 'second')
    const { source, origin, publish, close } = await reach()
    publish()
    await source.fetch(signal)
    expect(await source.readNote(sha(first), signal)).toBe('')
    await source.appendNotes(new Map([[sha(first), ['{"v":1}', '{"v":2}']]]), signal)
    git(origin, 'notes', '--ref=styrmin', 'append', '-m', 'by hand', second)
    await source.appendNotes(
      new Map([
        [sha(first), ['{"v":2}', '{"v":3}']],
        [sha(second), ['{"v":4}']],
      ]),
      signal,
    )
    expect(git(origin, 'notes', '--ref=styrmin', 'show', first)).toBe('{"v":1}\n{"v":2}\n{"v":3}')
    expect(git(origin, 'notes', '--ref=styrmin', 'show', second)).toBe('by hand\n{"v":4}')
    await source.fetch(signal)
    expect(await source.readNote(sha(second), signal)).toBe('by hand\n{"v":4}\n')
    expect(git(origin, 'fsck', '--strict')).not.toContain('error')
    await close()
  })

  test('two writers at once lose no line', async () => {
    const first = commitFiles(work, { a: '1' }, 'first')
    const one = await reach()
    one.publish()
    await one.source.fetch(signal)
    const two = await openGitSource({
      repository: one.origin,
      branch: 'main',
      path: '',
      folder: join(scratch.folder, 'data-2'),
      credentialOf: noCredential,
    })
    const write = async (source: GitSource, name: string): Promise<void> => {
      for (const n of [1, 2, 3]) await source.appendNotes(new Map([[sha(first), [`${name}-${n}`]]]), signal)
    }
    await Promise.all([write(one.source, 'one'), write(two, 'two')])
    const note = git(one.origin, 'notes', '--ref=styrmin', 'show', first).split('\n').sort()
    expect(note).toEqual(['one-1', 'one-2', 'one-3', 'two-1', 'two-2', 'two-3'])
    await one.close()
  })
})

test('notes that git has fanned out are read and added to where they lie', async () => {
  const first = commitFiles(work, { a: '1' }, 'first')
  const second = commitFiles(work, { a: '2' }, 'second')
  const path = `${first.slice(0, 2)}/${first.slice(2, 4)}/${first.slice(4)}`
  const note = `M 100644 inline ${path}\ndata 4\nold\n\n`
  const stream = `commit refs/notes/styrmin\ncommitter A <a@b> 1 +0000\ndata 1\nx\n${note}`
  execFileSync('git', ['fast-import', '--quiet'], { cwd: work, input: stream })
  const source = await open(work)
  expect(await source.readNote(sha(first), signal)).toBe('old\n')
  await source.appendNotes(new Map([first, second].map((commit) => [sha(commit), ['new']])), signal)
  expect(git(work, 'notes', '--ref=styrmin', 'show', first)).toBe('old\nnew')
  expect(git(work, 'ls-tree', '-r', '--name-only', 'refs/notes/styrmin').split('\n').sort()).toEqual(
    [path, `${second.slice(0, 2)}/${second.slice(2)}`].sort(),
  )
})

test('a lock that git holds is waited for and never broken', async () => {
  const first = commitFiles(work, { a: '1' }, 'first')
  const { source } = await reachLocally()
  await source.appendNotes(new Map([[sha(first), ['x']]]), signal)
  const lock = join(work, '.git/refs/notes/styrmin.lock')
  writeFileSync(lock, '')
  const pending = source.appendNotes(new Map([[sha(first), ['y']]]), signal)
  await new Promise((resolve) => setTimeout(resolve, 120))
  expect(await source.readNote(sha(first), signal)).toBe('x\n')
  rmSync(lock)
  await pending
  expect(await source.readNote(sha(first), signal)).toBe('x\ny\n')
  expect(existsSync(lock)).toBe(false)
})

test('a shallow clone is refused with what to do', async () => {
  commitFiles(work, { a: '1' }, 'first')
  commitFiles(work, { a: '2' }, 'second')
  const shallow = join(scratch.folder, 'shallow')
  git(scratch.folder, 'clone', '-q', '--depth', '1', `file://${work}`, shallow)
  await expect(open(shallow)).rejects.toMatchObject({ code: 'STY404', hint: expect.stringContaining('fetch-depth: 0') })
})

test.for([
  { name: 'a folder that is no repository', code: 'STY403', make: (folder: string) => folder },
  { name: 'a clone that borrows objects', code: 'STY405', make: (folder: string) => shared(folder) },
  {
    name: 'SHA-256 object ids',
    code: 'STY405',
    make: (folder: string) => initRepository(join(folder, 'sha256'), '--object-format=sha256'),
  },
])('$name is refused', async ({ code, make }) => {
  commitFiles(work, { a: '1' }, 'first')
  await expect(open(make(scratch.folder))).rejects.toMatchObject({ code })
})

test('a linked worktree is read', async () => {
  const head = commitFiles(work, { a: '1' }, 'first')
  git(work, 'worktree', 'add', '-q', '-b', 'other', join(scratch.folder, 'linked'))
  const source = await open(join(scratch.folder, 'linked'))
  expect(await source.head(signal)).toBe(head)
})

test('a missing object is an error that names it, not a wrong tree', async () => {
  const head = commitFiles(work, { 'a/b.yml': '1' }, 'first')
  const oid = git(work, 'rev-parse', 'HEAD:a')
  rmSync(join(work, '.git/objects', oid.slice(0, 2), oid.slice(2)))
  const source = await open(work)
  await expect(source.tree(sha(head)).list(signal)).rejects.toMatchObject({ code: 'STY412' })
})

describe('over HTTP', () => {
  let server: GitServer
  afterEach(() => server.close())

  test.for([
    { name: 'no credential', credential: undefined, code: 'STY402' },
    { name: 'a wrong one', credential: { kind: 'bearer', token: 'x' } as const, code: 'STY402' },
  ])('$name is refused', async ({ credential, code }) => {
    serveOnce()
    server = await startGitServer(scratch.folder, { login: { username: 'bot', password: 's3cret' } })
    const source = await open(`${server.url}/work/.git`, () => Promise.resolve(credential))
    await expect(source.fetch(signal)).rejects.toMatchObject({ code })
  })

  test.for([
    { kind: 'bearer', token: 's3cret' } as const,
    { kind: 'basic', username: 'bot', password: 's3cret' } as const,
  ])('a $kind credential opens the door and goes to its host only', async (credential) => {
    const head = serveOnce()
    server = await startGitServer(scratch.folder, { login: { username: 'bot', password: 's3cret' } })
    const host = new URL(server.url).host
    const asked: string[] = []
    const source = await open(`${server.url}/work/.git`, (wanted) => {
      asked.push(wanted)
      return Promise.resolve(wanted === host ? credential : undefined)
    })
    await source.fetch(signal)
    expect(await source.head(signal)).toBe(head)
    expect(new Set(asked)).toEqual(new Set([host]))
  })

  test('a redirect to another host is not followed', async () => {
    const seen: string[] = []
    server = await startGitServer(scratch.folder, {
      intercept: (request, response) => {
        seen.push(request.headers.host ?? '')
        response.writeHead(302, { location: `http://localhost.localdomain:1${request.url}` }).end()
        return true
      },
    })
    const source = await open(`${server.url}/work/.git`)
    await expect(source.fetch(signal)).rejects.toMatchObject({ code: 'STY402' })
    expect(seen).toHaveLength(1)
  })

  test('no such branch and no such repository say so', async () => {
    serveOnce()
    server = await startGitServer(scratch.folder)
    await expect((await open(`${server.url}/nowhere.git`)).fetch(signal)).rejects.toMatchObject({ code: 'STY403' })
    git(work, 'branch', '-m', 'main', 'trunk')
    await expect((await open(`${server.url}/work/.git`)).fetch(signal)).rejects.toMatchObject({ code: 'STY403' })
  })

  test('nothing new costs one request', async () => {
    serveOnce()
    server = await startGitServer(scratch.folder)
    const source = await open(`${server.url}/work/.git`)
    await source.fetch(signal)
    const before = server.requests.length
    await source.fetch(signal)
    expect(server.requests.slice(before)).toEqual(['GET /work/.git/info/refs'])
  })

  test('a fetch cut in the middle leaves a mirror that the next one mends', async () => {
    const head = serveOnce()
    let cut = true
    server = await startGitServer(scratch.folder, {
      intercept: (request, response) => {
        if (!cut || request.method !== 'POST') return false
        response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
        response.write('0008NAK\n')
        setTimeout(() => response.destroy(), 20)
        return true
      },
    })
    const source = await open(`${server.url}/work/.git`)
    await expect(source.fetch(signal)).rejects.toMatchObject({ code: 'STY401' })
    cut = false
    await source.fetch(signal)
    expect(await readFile(source, head, 'a')).toBe('1')
    const [mirror = ''] = readdirSync(join(scratch.folder, 'data'))
    expect(git(join(scratch.folder, 'data', mirror), 'fsck', '--strict', '--full')).toBe('')
  })
})

function serveOnce(): string {
  return commitFiles(work, { a: '1' }, 'first')
}

function shared(folder: string): string {
  git(folder, 'clone', '-q', '--shared', work, 'shared')
  return join(folder, 'shared')
}

function open(
  repository: string,
  credentialOf: Parameters<typeof openGitSource>[0]['credentialOf'] = noCredential,
): Promise<GitSource> {
  return openGitSource({ repository, branch: 'main', path: '', folder: join(scratch.folder, 'data'), credentialOf })
}

async function headOf(source: GitSource): Promise<CommitSha> {
  const head = await source.head(signal)
  if (head === undefined) throw new Error('no head')
  return head
}

async function readFile(source: GitSource, commit: string, path: string): Promise<string> {
  const tree = source.tree(sha(commit))
  const entry = (await tree.list(signal)).find((one) => one.path === path)
  if (entry === undefined) throw new Error(`no ${path}`)
  const bytes = await tree.read(entry, 1_000, signal)
  return typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)
}

function sha(text: string): CommitSha {
  const parsed = parseCommitSha(text)
  if (parsed === undefined) throw new Error(`not a commit: ${text}`)
  return parsed
}
