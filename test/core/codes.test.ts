import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DESIRED_CODES } from '../../src/domain/codes/desired.ts'
import { DOCUMENT_CODES } from '../../src/domain/codes/documents.ts'

const src = join(import.meta.dirname, '../../src')

test.for([
  { folder: 'documents', catalogue: DOCUMENT_CODES },
  { folder: 'desired', catalogue: DESIRED_CODES },
])('core/$folder says only what its catalogue explains', ({ folder, catalogue }) => {
  expect([...codesIn(`core/${folder}`)].filter((code) => !Object.hasOwn(catalogue, code))).toEqual([])
})

test('every code of documents and references is said somewhere', () => {
  const said = new Set(['core', 'server', 'pipeline'].flatMap((folder) => [...codesIn(folder)]))
  const explained = Object.keys({ ...DOCUMENT_CODES, ...DESIRED_CODES })
  expect(explained.filter((code) => !said.has(code))).toEqual([])
})

function codesIn(folder: string): ReadonlySet<string> {
  const files = readdirSync(join(src, folder), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  return new Set(files.flatMap((file) => readFileSync(join(src, folder, file), 'utf8').match(/STY\d+/g) ?? []))
}
