/** An answer of a Kubernetes API that is not a success. */
export class ApiError extends Error {
  /** HTTP status code. */
  readonly status: number
  /** `NotFound`, `Conflict`, `Invalid`, …; `''` when the answer had none. */
  readonly reason: string
  /** Field causes, as `field: message`. */
  readonly causes: readonly string[]
  readonly retryAfterMs: number | undefined

  constructor(answer: {
    readonly status: number
    readonly reason: string
    readonly message: string
    readonly causes?: readonly string[]
    readonly retryAfterMs?: number
  }) {
    super(answer.message)
    this.name = 'ApiError'
    this.status = answer.status
    this.reason = answer.reason
    this.causes = answer.causes ?? []
    this.retryAfterMs = answer.retryAfterMs
  }
}
