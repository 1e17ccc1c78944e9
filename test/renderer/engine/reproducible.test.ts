import { expect, test } from 'vitest'
import { readArtefact, readRecord } from '../../../src/renderer/engine/artefact.ts'
import { buildEngine, installedGo } from '../../../src/renderer/engine/build.ts'

const BUILD_MS = 15 * 60_000

test('the committed engine is the recorded one, and its memory has a maximum', async () => {
  const wasm = await readArtefact() // compares the digest
  expect(wasm.length).toBe((await readRecord()).sizeBytes)
  const memory = Buffer.from(wasm).indexOf(Buffer.from([0x05, 0x07, 0x01, 0x01])) // section 5, one memory with a maximum
  expect(memory).toBeGreaterThan(0)
})

test(
  'building the source again gives the committed engine',
  async (ctx) => {
    const record = await readRecord()
    const go = await installedGo()
    if (go !== record.goVersion) return ctx.skip(`needs ${record.goVersion}, found ${go ?? 'no Go compiler'}`)
    expect((await buildEngine()).record).toEqual(record)
  },
  BUILD_MS,
)
