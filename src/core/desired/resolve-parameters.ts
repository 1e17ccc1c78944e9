import type { DeploymentDocument, DriverDocument, ParameterSpec } from '../../domain/documents.ts'
import type { DeploymentKey, JsonPointer } from '../../domain/ids.ts'
import { type ParameterFault, parameterFault } from '../../domain/parameters.ts'
import type { ProblemCode } from '../../domain/problem.ts'
import type { Origin } from '../../domain/source.ts'
import { type Json, type JsonObject, own } from '../../util/json.ts'
import { pointerTo } from '../../util/pointer.ts'
import { nearest } from '../../util/text.ts'
import { errorAbout, type Finding, suggestion } from './findings.ts'
import { noteLeaves } from './merge-layers.ts'

/** Parameters with defaults, who set each, and what is wrong. */
export interface ResolvedParameters {
  readonly parameters: JsonObject
  readonly findings: readonly Finding[]
}

/** Checks what a deployment sets and fills in what it leaves out; origins go into `origins` below `/parameters`. */
export function resolveParameters(
  key: DeploymentKey,
  document: DeploymentDocument,
  driver: DriverDocument,
  origins: Map<JsonPointer, Origin>,
): ResolvedParameters {
  const specs = driver.spec.parameters
  const known = specs.map(({ name }) => name)
  const unknown = Object.keys(document.parameters)
    .filter((name) => !known.includes(name))
    .map((name) =>
      errorAbout(`Deployment ${key}`, 'STY220', `the driver "${driver.name}" has no parameter "${name}"`, {
        hint: suggestion(nearest(name, known), known, 'Remove it.'),
        at: document.placeOf(pointerTo('/spec/parameters', name), 'key'),
      }),
    )
  const resolved = specs.map((spec, index) => ({
    spec,
    ...resolveOne(spec, { key, document, driver, index, origins }),
  }))
  return {
    parameters: Object.fromEntries(
      resolved.flatMap(({ spec, value }): [string, Json][] => (value === undefined ? [] : [[spec.name, value]])),
    ),
    findings: [...unknown, ...resolved.flatMap(({ finding }) => (finding === undefined ? [] : [finding]))],
  }
}

interface One {
  readonly key: DeploymentKey
  readonly document: DeploymentDocument
  readonly driver: DriverDocument
  readonly index: number
  readonly origins: Map<JsonPointer, Origin>
}

/** A parameter set to null counts as unset. */
function resolveOne(spec: ParameterSpec, one: One): { readonly value?: Json; readonly finding?: Finding } {
  const { key, document, driver, index, origins } = one
  const base = pointerTo('/spec/parameters', spec.name)
  const here = pointerTo('/parameters', spec.name)
  const value = own(document.parameters, spec.name) ?? null
  if (value !== null) {
    const fault = parameterFault(spec, value, document.sourceOf?.(base))
    if (fault !== undefined) return { finding: faultFinding(key, fault, document.placeOf(base)) }
    noteLeaves(value, { layer: 'deployment', placeOf: document.placeOf, base }, here, origins)
    return { value }
  }
  if (spec.default === undefined) return { finding: unset(spec, one) }
  const place = `/spec/parameters/${index}/default`
  noteLeaves(spec.default, { layer: 'driver', placeOf: driver.placeOf, base: place }, here, origins)
  return { value: spec.default }
}

const CODES: Readonly<Record<ParameterFault['kind'], ProblemCode>> = {
  type: 'STY221',
  values: 'STY222',
  pattern: 'STY223',
  range: 'STY224',
}

function faultFinding(
  key: DeploymentKey,
  { kind, message, hint }: ParameterFault,
  at: Finding['problem']['at'],
): Finding {
  const problem = { code: CODES[kind], severity: 'error', message, hint, ...(at === undefined ? {} : { at }) } as const
  return { problem, subjects: [`Deployment ${key}`] }
}

function unset(spec: ParameterSpec, { key, document, driver }: One): Finding {
  const what = spec.label === undefined ? '' : ` (${spec.label})`
  return errorAbout(
    `Deployment ${key}`,
    'STY225',
    `the driver "${driver.name}" needs the parameter "${spec.name}"${what}`,
    {
      hint: `Add ${spec.name} under spec.parameters, of kind ${spec.kind}.`,
      at: document.placeOf('/spec/parameters', 'key'),
    },
  )
}
