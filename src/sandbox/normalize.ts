import { isObject, type Json, type JsonObject, objectAt } from '../util/json.ts'
import { decode } from './decode.ts'
import { applyDefaults } from './defaults.ts'
import type { Resource } from './registry.ts'
import { badRequest, type FieldFault } from './status.ts'
import { normalizeCustom, validateCustom } from './structural.ts'
import { validateBuiltin } from './validate.ts'
import { copy, type Draft } from './values.ts'
import type { World } from './world.ts'

/** What a request asks about fields that nobody knows. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

/**
 * Brings an object into the form in which it is kept: known fields only, defaults filled in.
 *
 * Errors: ApiError 400 for a value of another type than its field, and in strict mode for an unknown field.
 */
export function normalize(world: World, resource: Resource, object: JsonObject, strictness: Strictness): Draft {
  const { value, unknown, fault } =
    resource.custom === undefined ? decode(resource.schema, object) : normalizeCustom(world, resource, object)
  if (fault !== undefined) throw badRequest(`${cannotHandle(resource)}: ${fault}`)
  if (unknown.length > 0 && strictness.mode === 'Strict') {
    const list = unknown.map((field) => `unknown field "${field}"`).join(', ')
    throw badRequest(
      resource.custom === undefined
        ? `${cannotHandle(resource)}: strict decoding error: ${list}`
        : `strict decoding error: ${list}`,
    )
  }
  if (strictness.mode === 'Warn') strictness.warnings.push(...unknown.map((field) => `unknown field "${field}"`))
  const draft = isObject(value) ? copy(value) : {}
  if (resource.custom === undefined) applyDefaults(resource.key, draft)
  return draft
}

/** How unknown fields are met, and where the warnings go. */
export interface Strictness {
  readonly mode: FieldValidation
  readonly warnings: string[]
}

/** Unknown fields go without a word. */
export const LENIENT: Strictness = { mode: 'Ignore', warnings: [] }

function cannotHandle({ kind, version }: Resource): string {
  return `${kind} in version "${version}" cannot be handled as a ${kind}`
}

/** All that is wrong with an object in the form in which it is kept. */
export function validate(
  resource: Resource,
  object: JsonObject,
  before: JsonObject | undefined,
): readonly FieldFault[] {
  if (resource.custom !== undefined) return validateCustom(resource, object, before)
  return validateBuiltin(resource.key, object, before)
}

/** The part of an object that counts for its generation. */
export function wanted(resource: Resource, object: JsonObject): Json {
  const { metadata: _metadata, status, ...rest } = object
  const annotations =
    resource.key === 'apps/deployments' ? { annotations: objectAt(object, 'metadata', 'annotations') } : {}
  const keepsStatus = resource.custom !== undefined && !resource.custom.hasStatus && status !== undefined
  return { ...rest, ...annotations, ...(keepsStatus ? { status } : {}) }
}
