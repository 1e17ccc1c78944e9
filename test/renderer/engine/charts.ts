import { globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readArtefact } from '../../../src/renderer/engine/artefact.ts'
import { type HelmEngine, openHelmEngine } from '../../../src/renderer/engine/helm-engine.ts'
import type { HelmInput, HelmOutput } from '../../../src/renderer/engine/helm-types.ts'
import { digestOfBytes } from '../../../src/util/digest.ts'
import { isObject, type JsonObject } from '../../../src/util/json.ts'
import { parseYaml } from '../../../src/util/yaml.ts'

const root = join(import.meta.dirname, '../../..')
const golden = join(root, 'test/golden/charts')

/** A chart and one set of values for it. */
export interface ChartCase {
  readonly title: string
  readonly chartFolder: string
  /** Absent for a chart with its own values only. */
  readonly valuesFile?: string
  /** Where the golden text is. */
  readonly wantFile: string
}

/** Every `test/golden/charts/<name>` with each of its `values/*.yaml`. */
export function goldenCases(): readonly ChartCase[] {
  return readdirSync(golden).flatMap((name) => {
    const folder = join(golden, name)
    return readdirSync(join(folder, 'values')).map((file) => ({
      title: `${name}, ${basename(file, '.yaml')}`,
      chartFolder: join(folder, 'chart'),
      valuesFile: join(folder, 'values', file),
      wantFile: join(folder, 'want', `${basename(file, '.yaml')}.txt`),
    }))
  })
}

/** The charts of the bundled drivers, with their own values. */
export function driverCases(): readonly ChartCase[] {
  return globSync('drivers/*/chart', { cwd: root })
    .toSorted()
    .map((folder) => ({ title: folder, chartFolder: join(root, folder), wantFile: '' }))
}

/** The engine from the committed artefact. */
export async function testEngine(): Promise<HelmEngine> {
  return await openHelmEngine(await readArtefact())
}

const DEFAULTS = {
  release: { name: 'rel', namespace: 'ns' },
  capabilities: { kubernetes: '1.34.2', apiVersions: ['monitoring.coreos.com/v1'] },
  values: {},
  seed: 'a',
  nowMs: Date.UTC(2026, 0, 2, 3, 4, 5),
} as const

/** What the engine needs for a case on disk. */
export function inputOf({ chartFolder, valuesFile }: ChartCase, more: Partial<HelmInput> = {}): HelmInput {
  const chart = readChart(chartFolder)
  const values = valuesFile === undefined ? {} : readValues(valuesFile)
  return { ...DEFAULTS, chartDigest: digestOfChart(chart), chart, values, ...more }
}

/** What the engine needs for a chart given as texts by path; `Chart.yaml` is added. */
export function inputOfTexts(texts: Readonly<Record<string, string>>, more: Partial<HelmInput> = {}): HelmInput {
  const all = { 'Chart.yaml': 'apiVersion: v2\nname: x\nversion: 1.0.0\n', ...texts }
  const chart = Object.entries(all).map(([path, text]) => ({ path, data: Buffer.from(text) }))
  return { ...DEFAULTS, chartDigest: digestOfChart(chart), chart, ...more }
}

/** The output, which must not be a failure. */
export function rendered(output: HelmOutput): Extract<HelmOutput, { kind: 'rendered' }> {
  if (output.kind === 'failed') throw new Error(output.fault.message)
  return output
}

/** The fault, which must be there. */
export function faultOf(output: HelmOutput): Extract<HelmOutput, { kind: 'failed' }>['fault'] {
  if (output.kind === 'rendered') throw new Error('rendered without a fault')
  return output.fault
}

function readChart(folder: string): HelmInput['chart'] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => ({ path, data: readFileSync(join(folder, path)) }))
}

function readValues(file: string): JsonObject {
  const value = parseYaml(readFileSync(file, 'utf8'))[0]?.value
  if (!isObject(value)) throw new Error(`${file} is no object`)
  return value
}

function digestOfChart(chart: HelmInput['chart']): string {
  return digestOfBytes(chart.map(({ path, data }) => `${path}\0${Buffer.from(data).toString('base64')}`).join('\n'))
}
