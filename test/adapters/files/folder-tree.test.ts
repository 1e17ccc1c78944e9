import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderTree } from '../../../src/adapters/files/folder-tree.ts'
import { watchRefs } from '../../../src/adapters/files/watch-refs.ts'
import { commitFiles, git, initRepository, makeScratch, type Scratch } from '../../git/repository.ts'

const signal = new AbortController().signal

let scratch: Scratch
let work: string
beforeEach(() => {
  scratch = makeScratch()
  work = initRepository(join(scratch.folder, 'work'))
})
afterEach(() => scratch.remove())

test('a folder lists what git lists of it, ids and modes included', async () => {
  commitFiles(work, { 'b/c.yml': 'c', 'b.yml': 'b', 'b-a/x': '', 'ü.yml': 'ü\n' }, 'one')
  writeFileSync(join(work, 'run.sh'), '#!/bin/sh')
  chmodSync(join(work, 'run.sh'), 0o755)
  symlinkSync('b.yml', join(work, 'link'))
  symlinkSync('/nowhere', join(work, 'dangling'))
  git(work, 'add', '-A')
  git(work, 'commit', '-q', '-m', 'two')
  const listed = git(work, '-c', 'core.quotePath=false', 'ls-tree', '-r', 'HEAD').split('\n')
  const entries = await folderTree(work).list(signal)
  expect(entries.map(({ path, mode, oid }) => `${mode} ${oid} ${path}`)).toEqual(
    listed.map((line) => line.replace(' blob ', ' ').replace('\t', ' ')),
  )
})

test('a symbolic link reads as its target, never as the file behind it', async () => {
  writeFileSync(join(work, 'secret'), 'not to be read')
  symlinkSync('secret', join(work, 'link'))
  const tree = folderTree(work)
  const link = (await tree.list(signal)).find(({ path }) => path === 'link')
  const bytes = link === undefined ? '' : await tree.read(link, 100, signal)
  expect(typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)).toBe('secret')
})

test('a file above the limit is too large', async () => {
  writeFileSync(join(work, 'big'), 'x'.repeat(101))
  const [big] = await folderTree(work).list(signal)
  expect(big && (await folderTree(work).read(big, 100, signal))).toBe('too-large')
  expect(big && (await folderTree(work).read(big, 101, signal))).toHaveLength(101)
})

test('a folder that is not there is the caller’s mistake', async () => {
  await expect(folderTree(join(work, 'nowhere')).list(signal)).rejects.toMatchObject({
    code: 'STY419',
    actor: 'author',
  })
})

test.for([
  { name: 'a commit', act: (folder: string) => void commitFiles(folder, { a: '2' }, 'two') },
  {
    name: 'a branch moved by hand',
    act: (folder: string) => void git(folder, 'update-ref', 'refs/heads/main', 'HEAD~1'),
  },
])('$name wakes the watcher', async ({ act }) => {
  commitFiles(work, { a: '0' }, 'zero')
  commitFiles(work, { a: '1' }, 'one')
  let wake = (): void => undefined
  const woken = new Promise<void>((resolve) => {
    wake = resolve
  })
  const watch = await watchRefs(join(work, '.git'), () => wake(), 20)
  act(work)
  await woken
  await watch.close()
})
