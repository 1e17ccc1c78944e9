import type { Logger } from 'pino'
import type { ResolveCache } from '../pipeline/resolve-cache.ts'
import type { GitSource } from '../ports/git-source.ts'
import type { Renderer } from '../ports/renderer.ts'
import type { Store } from '../ports/store.ts'
import type { Journal } from './journal.ts'
import type { SigningKey } from './keys.ts'
import type { ServerMetrics } from './metrics.ts'
import type { ServerState } from './state.ts'

/** What the parts of the server share; made once in `main.ts`. */
export interface ServerTools {
  readonly state: ServerState
  readonly store: Store
  readonly journal: Journal
  readonly git: GitSource
  readonly renderer: Renderer
  readonly cache: ResolveCache
  readonly key: SigningKey
  /** Whether lines for the record in git are kept. */
  readonly notes: boolean
  readonly now: () => number
  readonly log: Logger
  readonly metrics: ServerMetrics
}
