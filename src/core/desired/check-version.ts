import type { DeploymentDocument, DriverDocument } from '../../domain/documents.ts'
import type { DeploymentKey } from '../../domain/ids.ts'
import type { SourceRef } from '../../domain/source.ts'
import { inRange, parseRange, parseVersion } from '../../util/version.ts'
import { errorAbout, type Finding, showPlace } from './findings.ts'

/** The application version that a deployment asks for, or why there is none. */
export type VersionChoice = { readonly version: string } | { readonly finding: Finding }

/** The deployment's version, else the driver's default; it must be one the driver supports. */
export function checkVersion(
  key: DeploymentKey,
  document: DeploymentDocument,
  driver: DriverDocument,
  versions: readonly DriverDocument[],
): VersionChoice {
  const version = document.version ?? driver.spec.defaultVersion
  const at = document.placeOf(
    document.version === undefined ? '/spec' : '/spec/version',
    document.version === undefined ? 'key' : 'value',
  )
  const subject = `Deployment ${key}` as const
  if (version === undefined) {
    const message = `no version is given, and the driver "${driver.name}" has no default`
    return {
      finding: errorAbout(subject, 'STY206', message, {
        hint: `Add spec.version, inside ${driver.spec.supportedVersions}.`,
        at,
      }),
    }
  }
  if (parseVersion(version) === undefined) {
    const hint = 'Write a version such as "1.6.0".'
    return { finding: errorAbout(subject, 'STY208', `"${version}" is no version`, { hint, at }) }
  }
  return supports(driver, version) ? { version } : { finding: unsupported({ key, driver, versions, version, at }) }
}

function supports(driver: DriverDocument, version: string): boolean {
  const range = parseRange(driver.spec.supportedVersions)
  return range !== undefined && inRange(version, range)
}

function unsupported(what: {
  readonly key: DeploymentKey
  readonly driver: DriverDocument
  readonly versions: readonly DriverDocument[]
  readonly version: string
  readonly at: SourceRef
}): Finding {
  const { key, driver, versions, version, at } = what
  const { supportedVersions } = driver.spec
  const declared = showPlace(driver.placeOf('/spec/supported_versions'))
  const other = versions.find((candidate) => supports(candidate, version))
  const hint =
    other === undefined
      ? `Write a version inside ${supportedVersions}.`
      : `Write a version inside ${supportedVersions}, or take version "${other.spec.version}" of the driver.`
  const message = `version ${version} is outside of ${supportedVersions}, which the driver "${driver.name}" ${driver.spec.version} supports (${declared})`
  return errorAbout(`Deployment ${key}`, 'STY207', message, { hint, at })
}
