import type { Chart, ChartFile } from '../../domain/driver.ts'
import { type Digest, toDigest } from '../../domain/ids.ts'
import { digestOf, digestOfBytes } from '../../util/digest.ts'
import { byText, textAt } from '../../util/json.ts'
import { parseYaml } from '../../util/yaml.ts'
import { parseChartIgnore } from './chart-ignore.ts'

/** Why a folder is no chart. */
export interface ChartFault {
  readonly kind: 'missing' | 'metadata' | 'ignore'
  readonly file: string
  readonly line: number
  readonly message: string
}

/**
 * Reads the files of a chart's folder, by their paths inside it.
 *
 * Shape:  normalised as Helm's loader does it: `.helmignore` honoured, a UTF-8 byte order mark cut off.
 *         The digest is over the sorted paths and the sha256 of each file's bytes.
 * Errors: a fault, when the folder is no chart; what is wrong inside templates is found when they are rendered.
 */
export function readChart(files: ReadonlyMap<string, Uint8Array>): Chart | { readonly fault: ChartFault } {
  const metadata = readMetadata(files.get('Chart.yaml'))
  if ('fault' in metadata) return metadata
  const ignore = parseChartIgnore(textOf(files.get('.helmignore')))
  if (typeof ignore !== 'function') {
    return broken('ignore', { file: '.helmignore', line: ignore.line, message: ignore.fault })
  }
  const kept = [...files].filter(([path]) => !ignore(path)).map(([path, data]) => ({ path, data: withoutMark(data) }))
  const sorted = kept.sort(byText(({ path }) => path))
  return { ...metadata, digest: chartDigest(sorted), files: sorted }
}

function readMetadata(data: Uint8Array | undefined): Pick<Chart, 'name' | 'version'> | { readonly fault: ChartFault } {
  const file = 'Chart.yaml'
  if (data === undefined) return broken('missing', { file, line: 1, message: 'there is no Chart.yaml' })
  const [document] = parseYaml(textOf(data))
  const fault = document?.faults[0]
  if (fault !== undefined) return broken('metadata', { file, line: fault.line, message: fault.message })
  const [name, version] = [textAt(document?.value, 'name'), textAt(document?.value, 'version')]
  if (name !== undefined && version !== undefined) return { name, version }
  return broken('metadata', { file, line: 1, message: 'name and version must be texts' })
}

function broken(kind: ChartFault['kind'], at: Omit<ChartFault, 'kind'>): { readonly fault: ChartFault } {
  return { fault: { kind, ...at } }
}

function chartDigest(files: readonly ChartFile[]): Digest {
  return toDigest(digestOf(files.map(({ path, data }) => [path, digestOfBytes(data)])))
}

function textOf(data: Uint8Array | undefined): string {
  return data === undefined ? '' : new TextDecoder().decode(data)
}

function withoutMark(data: Uint8Array): Uint8Array {
  return data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf ? data.subarray(3) : data
}
