import { describe, expect, test } from 'vitest'
import { type FoundDeletions, findDeletions } from '../../../src/core/desired/find-deletions.ts'
import { linkDocuments } from '../../../src/core/desired/link-documents.ts'
import { deployment, document, read, tree } from './builders.ts'

interface Now {
  readonly change: Readonly<Record<string, string>>
  /** Paths that are in the tree but are not read for documents. */
  readonly unread?: readonly string[]
  readonly before?: Readonly<Record<string, string>>
}

function find({ change, unread = [], before = {} }: Now): FoundDeletions {
  const then = linkDocuments(read(tree(before)))
  const files = tree({ ...before, ...change })
  const reading = read(files)
  const now = linkDocuments(reading)
  const previous = new Map([...then.declared].map(([key, file]) => [key, { file }]))
  return findDeletions(previous, {
    ...now,
    unsureFiles: reading.unsureFiles,
    readFiles: new Set(Object.keys(files)),
    presentFiles: new Set([...Object.keys(files), ...unread]),
    environmentsBefore: then.environments,
  })
}

describe('a deployment is deleted', () => {
  test.for<{ readonly name: string } & Now>([
    { name: 'when its file is gone', change: { 'dev/api.yml': '' } },
    { name: 'when its file is read without it', change: { 'dev/api.yml': '# nothing any more\n' } },
    {
      name: 'although another document has an error that cannot hide it',
      change: { 'dev/api.yml': '', 'prod.yml': document('Environment', '{ name: prod }', '  cluster: 3') },
    },
    {
      name: 'although a deployment that was there before is broken',
      change: { 'dev/api.yml': '', 'dev/shop.yml': deployment('shop', 'dev', '  parameters: {}') },
    },
  ])('$name', (now) => {
    expect(find(now)).toEqual({ deleted: ['dev/api'], held: [] })
  })

  test('when its protected environment lifts the protection in the same commit', () => {
    const guarded = document('Environment', '{ name: dev }', '  cluster: lab\n  protect: true')
    const lifted = document('Environment', '{ name: dev }', '  cluster: lab\n  protect: false')
    expect(find({ before: { 'dev.yml': guarded }, change: { 'dev.yml': lifted, 'dev/api.yml': '' } }).deleted).toEqual([
      'dev/api',
    ])
  })
})

describe('a deletion is held', () => {
  const guarded = { 'dev.yml': document('Environment', '{ name: dev }', '  cluster: lab\n  protect: true') }
  test.for<{ readonly name: string; readonly why: RegExp } & Now>([
    {
      name: 'when another file cannot be read',
      change: { 'dev/api.yml': '', 'x.yml': 'apiVersion: styrmin.io/v1\nkind: {\n' },
      why: /x\.yml cannot be read/,
    },
    {
      name: 'when its own file has no readable identity',
      change: { 'dev/api.yml': document('Deployment', '{ name: API, environment: dev }', '  driver: web') },
      why: /dev\/api\.yml cannot be read/,
    },
    {
      name: 'when a new deployment has an error',
      change: { 'dev/api.yml': deployment('api', 'dve') },
      why: /dve\/api is new and has an error/,
    },
    {
      name: 'when another is declared twice',
      change: { 'dev/api.yml': deployment('shop', 'dev') },
      why: /dev\/shop is declared twice/,
    },
    {
      name: 'when its environment is protected',
      before: guarded,
      change: { 'dev/api.yml': '' },
      why: /protect: false/,
    },
    {
      name: 'when its protected environment goes with it',
      before: guarded,
      change: { 'dev/api.yml': '', 'dev.yml': '', 'dev/shop.yml': '' },
      why: /protected/,
    },
    {
      name: 'when its file has become part of a chart',
      change: { 'dev/api.yml': '' },
      unread: ['dev/api.yml'],
      why: /part of a chart/,
    },
    {
      name: 'when its folder has become a link',
      change: { 'dev/api.yml': '', 'dev/shop.yml': '' },
      unread: ['dev'],
      why: /the folder dev has become a link/,
    },
    {
      name: 'when nothing is declared any more',
      change: { 'dev/api.yml': '', 'dev/shop.yml': '', 'prod/shop.yml': '' },
      why: /nothing at all/,
    },
  ])('$name', ({ why, ...now }) => {
    const { deleted, held } = find(now)
    expect(deleted).toEqual([])
    expect(held.find(({ key }) => key === 'dev/api')?.why).toMatch(why)
  })
})
