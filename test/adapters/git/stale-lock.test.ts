import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openGitSource } from '../../../src/adapters/git/git-source.ts'
import { parseCommitSha } from '../../../src/domain/ids.ts'
import { commitFiles, git, initRepository, makeScratch } from '../../git/repository.ts'

test('a lock that a killed writer left behind is taken over', async () => {
  const scratch = makeScratch()
  const work = initRepository(join(scratch.folder, 'work'))
  const commit = parseCommitSha(commitFiles(work, { a: '1' }, 'first'))
  if (commit === undefined) throw new Error('no commit')
  const lock = join(work, '.git/refs/notes/styrmin.lock')
  mkdirSync(join(work, '.git/refs/notes'), { recursive: true })
  writeFileSync(lock, '')
  const left = Date.now() / 1000 - 120
  utimesSync(lock, left, left)
  const source = await openGitSource({
    repository: work,
    branch: 'main',
    path: '',
    folder: join(scratch.folder, 'data'),
    credentialOf: () => Promise.resolve(undefined),
  })
  await source.appendNotes(new Map([[commit, ['line']]]), new AbortController().signal)
  expect(git(work, 'notes', '--ref=styrmin', 'show', commit)).toBe('line')
  expect(existsSync(lock)).toBe(false)
  await source.close()
  scratch.remove()
})
