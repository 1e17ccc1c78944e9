import type { DeploymentDocument, DriverDocument } from '../../domain/documents.ts'
import type { DeploymentKey } from '../../domain/ids.ts'
import { nearest } from '../../util/text.ts'
import { driverSubject, errorAbout, type Finding, type Subject, suggestion } from './findings.ts'
import type { DocumentIndex } from './index-documents.ts'

/** The driver of a deployment, what the choice depends on, and what is wrong with it. */
export interface DriverChoice {
  readonly driver?: DriverDocument
  readonly dependsOn: readonly Subject[]
  readonly findings: readonly Finding[]
}

/** The pinned version, else the locked one, else the newest, with a warning where there are several. */
export function chooseDriver(
  key: DeploymentKey,
  document: DeploymentDocument,
  index: DocumentIndex,
  lock: ReadonlyMap<string, string>,
): DriverChoice {
  const { name } = document.driver
  const versions = index.drivers.get(name) ?? []
  const unusable = index.unusableDrivers.get(name) ?? []
  const wanted = document.driver.version ?? lock.get(name)
  if (versions.length === 0 && unusable.length === 0)
    return { dependsOn: [], findings: [missing(key, document, index)] }
  if (wanted === undefined) return newest(key, document, versions, unusable)
  const driver = versions.find(({ spec }) => spec.version === wanted)
  if (driver !== undefined) return { driver, dependsOn: [driverSubject(name, wanted)], findings: [] }
  const blocking = unusable.filter((subject) =>
    [driverSubject(name, wanted), driverSubject(name, undefined)].includes(subject),
  )
  if (blocking.length > 0) return { dependsOn: blocking, findings: [] }
  return { dependsOn: [], findings: [missingVersion(key, document, wanted, versions)] }
}

function newest(
  key: DeploymentKey,
  document: DeploymentDocument,
  versions: readonly DriverDocument[],
  unusable: readonly Subject[],
): DriverChoice {
  const [driver] = versions
  if (driver === undefined || unusable.length > 0) return { dependsOn: unusable, findings: [] }
  const { version } = driver.spec
  const dependsOn = [driverSubject(driver.name, version)]
  if (versions.length === 1) return { driver, dependsOn, findings: [] }
  const problem = {
    code: 'STY204',
    severity: 'warning',
    message: `the driver "${driver.name}" has ${versions.length} versions and none is pinned; the newest, ${version}, is taken`,
    hint: `Pin it: driver: { name: ${driver.name}, version: "${version}" }.`,
    at: document.placeOf('/spec/driver'),
  } as const
  return { driver, dependsOn, findings: [{ problem, subjects: [`Deployment ${key}`] }] }
}

function missing(key: DeploymentKey, document: DeploymentDocument, { drivers }: DocumentIndex): Finding {
  const { name } = document.driver
  const known = [...drivers.keys()]
  return errorAbout(`Deployment ${key}`, 'STY202', `no driver is named "${name}"`, {
    hint: suggestion(nearest(name, known), known, `Add drivers/${name}/driver.styrmin.yml.`),
    at: driverPlace(document),
  })
}

function missingVersion(
  key: DeploymentKey,
  document: DeploymentDocument,
  wanted: string,
  versions: readonly DriverDocument[],
): Finding {
  const known = versions.map(({ spec }) => `"${spec.version}"`)
  return errorAbout(`Deployment ${key}`, 'STY203', `the driver "${document.driver.name}" has no version "${wanted}"`, {
    hint: `Write one of ${known.join(', ')}.`,
    at: document.placeOf(document.driver.version === undefined ? '/spec/driver' : '/spec/driver/version'),
  })
}

function driverPlace({ placeOf }: DeploymentDocument): ReturnType<DeploymentDocument['placeOf']> {
  return placeOf('/spec/driver/name')
}
