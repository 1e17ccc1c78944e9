import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pages } from '../../docs/generate.ts'

const folder = join(import.meta.dirname, '../../docs/reference')

test('the reference pages are what the code says', async () => {
  for (const [name, text] of await pages()) {
    const written = await readFile(join(folder, name), 'utf8').catch(() => '')
    expect(written, `run "npm run docs": docs/reference/${name} is out of date`).toBe(text)
  }
})
