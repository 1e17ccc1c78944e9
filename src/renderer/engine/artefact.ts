import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

/** Of what, by what and into what the committed engine was built. */
export interface Artefact {
  /** `go1.26.8`: another compiler gives other bytes. */
  readonly goVersion: string
  /** `v4.x.y`. */
  readonly helmVersion: string
  /** Of the uncompressed module, lower-case hex. */
  readonly sha256: string
  readonly sizeBytes: number
}

/** Upper bound of the engine's memory, in WebAssembly pages of 64 KiB: 512 MiB. */
export const ARTEFACT_PAGES = 8192

export const artefactFile = join(import.meta.dirname, 'helm.wasm.br')
export const recordFile = join(import.meta.dirname, 'artefact.json')

/** What is recorded about the committed artefact. */
export async function readRecord(): Promise<Artefact> {
  return JSON.parse(await readFile(recordFile, 'utf8')) as Artefact
}

/** The committed engine, uncompressed. Errors: Error when its bytes are not the recorded ones. */
export async function readArtefact(): Promise<Uint8Array> {
  const wasm = brotliDecompressSync(await readFile(artefactFile))
  const { sha256 } = await readRecord()
  const found = createHash('sha256').update(wasm).digest('hex')
  if (found !== sha256) throw new Error(`helm.wasm.br is not the recorded engine: ${found} instead of ${sha256}`)
  return wasm
}
