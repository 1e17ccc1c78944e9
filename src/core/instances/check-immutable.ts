import type { Digest } from '../../domain/ids.ts'
import type { Driver } from '../../domain/driver.ts'
import type { Problem } from '../../domain/problem.ts'
import { compareText } from '../../util/json.ts'

/** A driver version's name in a table of digests: `<name>@<version>`. */
export function driverVersionKey(driver: { readonly name: string; readonly version: string }): string {
  return `${driver.name}@${driver.version}`
}

/**
 * Checks that no driver version has changed its content.
 *
 * Shape:  `previous` has the digest of each driver version ever seen, by `driverVersionKey`.
 * Order:  by name, then version. Errors: one problem for each version whose content differs.
 */
export function checkImmutable(
  previous: ReadonlyMap<string, Digest>,
  drivers: readonly (Pick<Driver, 'name' | 'digest' | 'at'> & { readonly spec: { readonly version: string } })[],
): readonly Problem[] {
  return drivers
    .filter(
      ({ name, spec, digest }) =>
        (previous.get(driverVersionKey({ name, version: spec.version })) ?? digest) !== digest,
    )
    .sort((a, b) => compareText(a.name, b.name) || compareText(a.spec.version, b.spec.version))
    .map(({ name, spec, at }) => ({
      code: 'STY255',
      severity: 'error',
      at,
      message: `version "${spec.version}" of the driver "${name}" has other content than before`,
      hint: 'Raise spec.version: a driver version never changes once it was committed.',
    }))
}
