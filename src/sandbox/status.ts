import { type Json, type JsonObject, own } from '../util/json.ts'
import type { ResourceFacts } from './builtin.ts'
import { type Conflict, printManager } from './managed-fields.ts'

/** One thing that is wrong with one field. */
export interface FieldFault {
  readonly reason:
    | 'FieldValueInvalid'
    | 'FieldValueRequired'
    | 'FieldValueForbidden'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid'
    | 'FieldValueNotFound'
  readonly field: string
  /** Without the field in front. */
  readonly message: string
}

/** A refusal in the form the API server gives it. */
export class ApiError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: JsonObject | undefined
  readonly retryAfterSeconds: number | undefined
  readonly metadata: JsonObject

  constructor(code: number, reason: string, message: string, more: ApiErrorMore = {}) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.reason = reason
    this.details = more.details
    this.retryAfterSeconds = more.retryAfterSeconds
    this.metadata = more.metadata ?? {}
  }

  /** The `Status` object that is sent. */
  status(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.metadata,
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    }
  }
}

interface ApiErrorMore {
  readonly details?: JsonObject
  readonly retryAfterSeconds?: number
  readonly metadata?: JsonObject
}

type Named = Pick<ResourceFacts, 'group' | 'plural'>

/** `deployments.apps` as messages name it. */
function qualified({ group, plural }: Named): string {
  return group === '' ? plural : `${plural}.${group}`
}

function details(resource: Named, name: string): JsonObject {
  return {
    ...(name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
  }
}

/** 404 for an object that is not there. */
export function notFound(resource: Named, name: string): ApiError {
  const message = `${qualified(resource)} "${name}" not found`
  return new ApiError(404, 'NotFound', message, { details: details(resource, name) })
}

/** 409 for a create of what is there. */
export function alreadyExists(resource: Named, name: string): ApiError {
  const message = `${qualified(resource)} "${name}" already exists`
  return new ApiError(409, 'AlreadyExists', message, { details: details(resource, name) })
}

const STALE = 'the object has been modified; please apply your changes to the latest version and try again'

/** 409 for a write that was decided on an older state, or on another object of the same name. */
export function conflict(resource: Named, name: string, why = STALE): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`
  return new ApiError(409, 'Conflict', message, { details: details(resource, name) })
}

/** 403 with its reason in words. */
export function forbidden(resource: Named, name: string, why: string, causes: readonly Json[] = []): ApiError {
  const subject = name === '' ? `${qualified(resource)} is forbidden` : `${qualified(resource)} "${name}" is forbidden`
  const more = { ...details(resource, name), ...(causes.length === 0 ? {} : { causes }) }
  return new ApiError(403, 'Forbidden', `${subject}: ${why}`, { details: more })
}

/** 422 with every fault of every field. */
export function invalid(
  kind: Pick<ResourceFacts, 'group' | 'kind'>,
  name: string,
  faults: readonly FieldFault[],
): ApiError {
  const texts = [...new Set(faults.map((fault) => `${fault.field}: ${fault.message}`))]
  const summary = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  const subject = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`
  const causes = faults.map(({ reason, message, field }) => ({ reason, message, field }))
  const more = {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes,
  }
  return new ApiError(422, 'Invalid', `${subject} "${name}" is invalid: ${summary}`, { details: more })
}

/** 400 with its reason in words. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message)
}

/** 410: the asked-for past is no longer kept. */
export function expired(message: string, metadata: JsonObject = {}): ApiError {
  return new ApiError(410, 'Expired', message, { metadata })
}

/** 405: the kind has no such verb. */
export function methodNotAllowed(): ApiError {
  return new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {
    details: {},
  })
}

/** 409: fields belong to others. */
export function applyConflict(conflicts: readonly Conflict[]): ApiError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${printManager(manager)}`,
    field: path,
  }))
  return new ApiError(409, 'Conflict', conflictText(conflicts), { details: { causes } })
}

function conflictText(conflicts: readonly Conflict[]): string {
  const [only, ...others] = conflicts
  if (only !== undefined && others.length === 0) {
    return `Apply failed with 1 conflict: conflict with ${printManager(only.manager)}: ${only.path}`
  }
  const groups = Map.groupBy(conflicts, ({ manager }) => printManager(manager))
  const lines = [...groups].flatMap(([name, theirs]) => [
    `conflicts with ${name}:`,
    ...theirs.map(({ path }) => `- ${path}`),
  ])
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`
}

/** How a value is quoted in a fault: texts in quotes, objects as JSON. */
export function quote(value: Json | undefined): string {
  if (value === undefined) return 'null'
  return JSON.stringify(value)
}

/** A fault of kind Invalid. */
export function invalidValue(field: string, value: Json | undefined, why: string): FieldFault {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${quote(value)}: ${why}` }
}

/** A fault of kind Required. */
export function requiredValue(field: string, why = ''): FieldFault {
  return { reason: 'FieldValueRequired', field, message: `Required value${why === '' ? '' : `: ${why}`}` }
}

/** A fault of kind Forbidden. */
export function forbiddenValue(field: string, why: string): FieldFault {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` }
}

/** A fault of kind NotSupported. */
export function unsupportedValue(field: string, value: Json | undefined, supported: readonly string[]): FieldFault {
  const list = [...supported]
    .sort()
    .map((item) => JSON.stringify(item))
    .join(', ')
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${quote(value)}: supported values: ${list}`,
  }
}

/** A fault of kind Duplicate. */
export function duplicateValue(field: string, value: Json | undefined): FieldFault {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${quote(value)}` }
}

/** The name in an object's metadata, or the empty text. */
export function nameIn(object: JsonObject): string {
  const metadata = own(object, 'metadata')
  const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata ? metadata['name'] : ''
  return typeof name === 'string' ? name : ''
}
