import type { DriverDocument } from '../../domain/documents.ts'
import type { Chart, Driver } from '../../domain/driver.ts'
import { type Digest, toDigest } from '../../domain/ids.ts'
import type { Problem } from '../../domain/problem.ts'
import { digestOf } from '../../util/digest.ts'
import { byText, plainJson } from '../../util/json.ts'
import { readChart } from './read-chart.ts'

const TEMPLATE = 'values.j2.yml'

/** Which files of a driver's folder `readDriver` reads; the caller need fetch no others. */
export function isDriverFile(document: DriverDocument, path: string): boolean {
  const chart = chartFolder(document)
  return path === TEMPLATE || path.endsWith('.ts') || (chart !== undefined && path.startsWith(`${chart}/`))
}

/**
 * Reads one driver version from the files of its folder, by their paths inside it.
 *
 * Errors: problems at the document or at a chart's file; with any, there is no driver.
 */
export function readDriver(
  document: DriverDocument,
  files: ReadonlyMap<string, Uint8Array>,
): { readonly driver?: Driver; readonly problems: readonly Problem[] } {
  const chart = chartOf(document, files)
  const actionFiles = [...files]
    .filter(([path]) => path.endsWith('.ts') && !path.startsWith(`${chartFolder(document) ?? '\0'}/`))
    .map(([path, data]) => ({ path, source: new TextDecoder().decode(data) }))
    .sort(byText(({ path }) => path))
  const missing = missingActions(document, new Set(actionFiles.map(({ path }) => path)))
  if ('code' in chart || missing.length > 0) return { problems: [...('code' in chart ? [chart] : []), ...missing] }

  const template = files.get(TEMPLATE)
  const parts = {
    name: document.name,
    spec: document.spec,
    ...(template === undefined
      ? {}
      : { template: { file: inRepository(document, TEMPLATE), source: new TextDecoder().decode(template) } }),
    actionFiles,
    chart,
  }
  return { driver: { ...parts, digest: driverDigest(parts), at: document.at }, problems: [] }
}

/** Over content only: a driver that moves to another folder stays the same driver. */
function driverDigest({ name, spec, template, actionFiles, chart }: Omit<Driver, 'digest' | 'at'>): Digest {
  const parts = { name, spec, template: template?.source ?? null, actionFiles, chart: chart.digest }
  return toDigest(digestOf(plainJson(parts)))
}

/** The chart's folder inside the driver's; `undefined` when the chart is not in the repository. */
function chartFolder({ spec }: DriverDocument): string | undefined {
  const { location } = spec.chart
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) return undefined
  const folder = location.replace(/^\.\//, '').replace(/\/+$/, '')
  const outside =
    folder === '' || folder.startsWith('/') || folder.split('/').some((part) => part === '..' || part === '.')
  return outside ? undefined : folder
}

function chartOf(document: DriverDocument, files: ReadonlyMap<string, Uint8Array>): Chart | Problem {
  const folder = chartFolder(document)
  const { location, version } = document.spec.chart
  const place = { at: document.placeOf('/spec/helm/main/location'), severity: 'error' } as const
  if (folder === undefined) return remoteChart(document)
  const inside = [...files].filter(([path]) => path.startsWith(`${folder}/`))
  const read = readChart(new Map(inside.map(([path, data]) => [path.slice(folder.length + 1), data])))
  if ('fault' in read) {
    const { kind, file, line, message } = read.fault
    if (kind === 'missing') {
      return {
        ...place,
        code: 'STY251',
        message: `the driver "${document.name}" has no chart at "${location}"`,
        hint: `Put a chart with a Chart.yaml into ${inRepository(document, folder)}, or correct the location.`,
      }
    }
    return {
      code: 'STY252',
      severity: 'error',
      at: { ...document.at, file: inRepository(document, `${folder}/${file}`), line, col: 1 },
      message: `the chart of the driver "${document.name}" cannot be read: ${message}`,
      hint: `Correct ${file} as Helm expects it.`,
    }
  }
  if (read.version === version) return read
  return {
    ...place,
    at: document.placeOf('/spec/helm/main/version'),
    code: 'STY253',
    message: `the driver "${document.name}" pins chart version ${version}, but the chart in its folder is ${read.version}`,
    hint: `Write version: ${read.version}, or put chart version ${version} into the folder.`,
  }
}

function remoteChart(document: DriverDocument): Problem {
  const { location } = document.spec.chart
  return {
    code: 'STY250',
    severity: 'error',
    at: document.placeOf('/spec/helm/main/location'),
    message: `the chart "${location}" is not in the driver's folder; charts from elsewhere are not read yet`,
    hint: 'Put the unpacked chart into the driver\'s folder and write its path, for example "chart".',
  }
}

function missingActions({ name, spec, placeOf }: DriverDocument, paths: ReadonlySet<string>): readonly Problem[] {
  return spec.actions.flatMap(({ location, name: action }, index): readonly Problem[] => {
    if (paths.has(location.file)) return []
    return [
      {
        code: 'STY254',
        severity: 'error',
        at: placeOf(`/spec/actions/${index}/location`),
        message: `the action "${action}" of the driver "${name}" is in "${location.file}", which is not there`,
        hint: 'Add the file to the driver\'s folder, or correct the location: "actions.ts::upgrade".',
      },
    ]
  })
}

function inRepository({ folder }: DriverDocument, path: string): string {
  return folder === '' ? path : `${folder}/${path}`
}
