import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompressSync, constants } from 'node:zlib'
import { type Artefact, ARTEFACT_PAGES, artefactFile, recordFile } from './artefact.ts'

const run = promisify(execFile)
const source = join(import.meta.dirname, 'go')

/**
 * Builds the engine's artefact from `go/`: `node src/renderer/engine/build.ts`.
 *
 * Comes in: the Go source, the Go compiler on the PATH, the module proxy or cache.
 * Goes out: `helm.wasm.br` and `artefact.json` beside this file.
 * Never: at run time; the product only reads the artefact.
 */
export async function buildEngine(): Promise<{ readonly wasm: Uint8Array; readonly record: Artefact }> {
  const goVersion = await goEnv('GOVERSION')
  const helmVersion = await helmOfModule()
  const folder = await mkdtemp(join(tmpdir(), 'helm-engine-'))
  try {
    const overlay = await stillMaps(folder)
    const file = join(folder, 'helm.wasm')
    const flags = ['-trimpath', '-buildvcs=false', '-mod=readonly', '-buildmode=c-shared', `-overlay=${overlay}`]
    const linker = `-s -w -buildid= -X helm.sh/helm/v4/internal/version.version=${helmVersion}`
    await go('build', ...flags, `-ldflags=${linker}`, '-o', file, '.')
    const wasm = withMaximum(await readFile(file), ARTEFACT_PAGES)
    const sha256 = createHash('sha256').update(wasm).digest('hex')
    return { wasm, record: { goVersion, helmVersion, sha256, sizeBytes: wasm.length } }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The compiler's version, as `go1.26.8`; `undefined` without a compiler. */
export async function installedGo(): Promise<string | undefined> {
  return await goEnv('GOVERSION').catch(() => undefined)
}

async function helmOfModule(): Promise<string> {
  const version = /^\s*helm\.sh\/helm\/v4 (v\S+)$/m.exec(await readFile(join(source, 'go.mod'), 'utf8'))?.[1]
  if (version === undefined) throw new Error('go.mod requires no helm.sh/helm/v4')
  return version
}

/**
 * Go starts each walk over a map at a random place. Helm and its libraries let that show (the order of `keys`, of
 * schema violations, of subcharts), and then the same commit would not give the same bytes: the walk starts at a
 * fixed place instead.
 */
async function stillMaps(folder: string): Promise<string> {
  const file = join(await goEnv('GOROOT'), 'src/runtime/rand.go')
  const before = 'func maps_rand() uint64 {\n\treturn rand()\n}'
  const text = await readFile(file, 'utf8')
  if (!text.includes(before)) throw new Error(`${file} is not the one this script knows: adapt it`)
  const patched = join(folder, 'rand.go')
  await writeFile(patched, text.replace(before, 'func maps_rand() uint64 {\n\treturn 0\n}'))
  const overlay = join(folder, 'overlay.json')
  await writeFile(overlay, JSON.stringify({ Replace: { [file]: patched } }))
  return overlay
}

async function goEnv(name: string): Promise<string> {
  return (await go('env', name)).trim()
}

async function go(...args: readonly string[]): Promise<string> {
  const { HOME, PATH, GOCACHE, GOMODCACHE, GOPATH, GOPROXY, GOSUMDB } = process.env
  const kept = { HOME, PATH, GOCACHE, GOMODCACHE, GOPATH, GOPROXY, GOSUMDB }
  const env = {
    ...kept,
    GOENV: 'off',
    GOFLAGS: '',
    GOOS: 'wasip1',
    GOARCH: 'wasm',
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
  }
  const { stdout } = await run('go', args, { cwd: source, env, maxBuffer: 64 << 20 })
  return stdout
}

/** Writes a maximum into the memory section (id 5: one memory, flags, minimum): nothing else bounds WebAssembly. */
function withMaximum(wasm: Uint8Array, pages: number): Uint8Array {
  let at = 8
  while (at < wasm.length) {
    const [size, body] = readVarint(wasm, at + 1)
    if (wasm[at] === 5) {
      const [minimum] = readVarint(wasm, body + 2)
      if (wasm[body] !== 1 || wasm[body + 1] !== 0) throw new Error('the memory section is not as Go writes it')
      const section = [1, 1, ...varint(minimum), ...varint(pages)]
      const head = [5, ...varint(section.length)]
      return Buffer.concat([wasm.subarray(0, at), Buffer.from([...head, ...section]), wasm.subarray(body + size)])
    }
    at = body + size
  }
  throw new Error('the module has no memory section')
}

function readVarint(bytes: Uint8Array, at: number): readonly [value: number, next: number] {
  let value = 0
  for (let shift = 0; ; shift += 7, at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return [value, at + 1]
  }
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 128))]
}

if (import.meta.main) {
  const { wasm, record } = await buildEngine()
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 }
  await writeFile(artefactFile, brotliCompressSync(wasm, { params }))
  await writeFile(recordFile, `${JSON.stringify(record, null, 2)}\n`)
}
