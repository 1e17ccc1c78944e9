import type { DriverDocument, ParameterSpec } from '../../domain/documents.ts'
import { parameterFault } from '../../domain/parameters.ts'
import type { Problem, ProblemCode } from '../../domain/problem.ts'
import { listAt, textAt } from '../../util/json.ts'
import { pointerTo } from '../../util/pointer.ts'
import { safePattern } from '../../util/safe-pattern.ts'
import { nearest } from '../../util/text.ts'
import { inRange, parseRange } from '../../util/version.ts'

/** What no schema can say about a driver: names used once, references that hit, defaults that fit. */
export function checkDriver(driver: DriverDocument): readonly Problem[] {
  return [
    ...checkFile(driver),
    ...checkVersions(driver),
    ...(['parameters', 'services', 'actions'] as const).flatMap((list) => checkUnique(driver, list)),
    ...checkComponents(driver),
    ...driver.spec.parameters.flatMap((parameter, index) => checkParameter(driver, parameter, index)),
  ]
}

function checkFile(driver: DriverDocument): readonly Problem[] {
  if (/(^|\/)driver\.styrmin\.ya?ml$/.test(driver.at.file)) return []
  const message = 'a driver is declared in a file named driver.styrmin.yml, whose folder holds its parts'
  return [fault('STY130', message, 'Rename the file to driver.styrmin.yml, in a folder of its own.', driver.at)]
}

function checkVersions(driver: DriverDocument): readonly Problem[] {
  const { supportedVersions, defaultVersion } = driver.spec
  const range = parseRange(supportedVersions)
  if (range === undefined) {
    const at = driver.placeOf('/spec/supported_versions')
    return [
      fault(
        'STY133',
        `${JSON.stringify(supportedVersions)} is no range of versions`,
        'Write a range such as ">=1.0,<2.0".',
        at,
      ),
    ]
  }
  if (defaultVersion === undefined || inRange(defaultVersion, range)) return []
  const message = `the default version ${defaultVersion} is outside of ${supportedVersions}`
  return [fault('STY134', message, 'Name a version inside the range.', driver.placeOf('/spec/default_version'))]
}

function checkUnique(driver: DriverDocument, list: 'parameters' | 'services' | 'actions'): readonly Problem[] {
  const seen = new Set<string>()
  return driver.spec[list].flatMap(({ name }, index) => {
    const again = seen.has(name)
    seen.add(name)
    if (!again) return []
    const at = driver.placeOf(`/spec/${list}/${index}/name`)
    return [fault('STY131', `"${name}" is there twice in spec.${list}`, 'Rename or remove one of the two.', at)]
  })
}

function checkComponents(driver: DriverDocument): readonly Problem[] {
  const known = Object.keys(driver.spec.components)
  const references = [
    ...driver.spec.services.map(({ component }, index) => ({
      component,
      pointer: `/spec/services/${index}/component`,
    })),
    ...listAt(driver.spec.raw, 'container_overrides').map((entry, index) => ({
      component: textAt(entry, 'component') ?? '',
      pointer: `/spec/container_overrides/${index}/component`,
    })),
    ...listAt(driver.spec.raw, 'env_vars').flatMap((entry, index) =>
      listAt(entry, 'components').map((component, at) => ({
        component: textAt(component) ?? '',
        pointer: `/spec/env_vars/${index}/components/${at}`,
      })),
    ),
  ]
  return references
    .filter(({ component }) => !known.includes(component))
    .map(({ component, pointer }) => {
      const near = nearest(component, known)
      const hint =
        near === undefined
          ? `Declare it under spec.components; known: ${known.join(', ') || 'none'}.`
          : `Did you mean "${near}"?`
      return fault('STY132', `the driver has no component "${component}"`, hint, driver.placeOf(pointer))
    })
}

function checkParameter(driver: DriverDocument, spec: ParameterSpec, index: number): readonly Problem[] {
  const here = `/spec/parameters/${index}`
  const problem = (code: ProblemCode, field: string, message: string, hint: string): Problem =>
    fault(code, message, hint, driver.placeOf(pointerTo(here, field)))
  const pattern = spec.pattern === undefined ? undefined : safePattern(spec.pattern)
  const found: Problem[] = []
  if (pattern?.ok === false)
    found.push(
      problem(
        'STY136',
        'pattern',
        `the pattern of "${spec.name}" is refused: ${pattern.why}`,
        'Write a simpler pattern.',
      ),
    )
  if ((spec.kind === 'enum') !== (spec.values !== undefined))
    found.push(
      problem(
        'STY135',
        'kind',
        `"${spec.name}" ${spec.kind === 'enum' ? 'is an enum without values' : 'has values but is no enum'}`,
        'Give an enum its `values`, and nothing else.',
      ),
    )
  if (spec.minimum !== undefined && spec.maximum !== undefined && spec.minimum > spec.maximum)
    found.push(problem('STY135', 'minimum', `the minimum of "${spec.name}" is above its maximum`, 'Swap the two.'))
  return [...found, ...(found.length === 0 ? checkDefault(driver, spec, here) : [])]
}

function checkDefault(driver: DriverDocument, spec: ParameterSpec, here: string): readonly Problem[] {
  if (spec.default === undefined) return []
  const pointer = `${here}/default`
  const wrong = parameterFault(spec, spec.default, driver.sourceOf?.(pointer))
  return wrong === undefined
    ? []
    : [fault('STY135', `the default does not fit: ${wrong.message}`, wrong.hint, driver.placeOf(pointer))]
}

function fault(code: ProblemCode, message: string, hint: string, at: Problem['at']): Problem {
  return { code, severity: 'error', message, hint, ...(at === undefined ? {} : { at }) }
}
