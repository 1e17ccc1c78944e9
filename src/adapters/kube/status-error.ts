import { ApiError } from '../../domain/api-error.ts'
import { isObject, type Json, listAt, objectAt, textAt } from '../../util/json.ts'

/** The error a Kubernetes `Status` stands for; `text` is used when the answer was no Status. */
export function toApiError(status: number, answer: Json | undefined, text: string, retryAfterMs?: number): ApiError {
  const causes = listAt(objectAt(answer, 'details'), 'causes').map((cause) => {
    const field = textAt(cause, 'field') ?? ''
    return field === '' ? (textAt(cause, 'message') ?? '') : `${field}: ${textAt(cause, 'message') ?? ''}`
  })
  return new ApiError({
    status,
    reason: textAt(answer, 'reason') ?? '',
    message: textAt(answer, 'message') ?? (text.trim() === '' ? `HTTP ${status}` : text.trim().slice(0, 500)),
    causes,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** The error of a watch event of type ERROR. */
export function watchError(object: Json): ApiError {
  const code = isObject(object) && typeof object['code'] === 'number' ? object['code'] : 500
  return toApiError(code, object, 'the watch failed')
}
