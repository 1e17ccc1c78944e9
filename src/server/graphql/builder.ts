import SchemaBuilder from '@pothos/core'
import type { Json } from '../../util/json.ts'
import type { ServerState } from '../state.ts'
import type { Store } from '../../ports/store.ts'

/** All that resolvers may touch: what is in memory, and history. */
export interface ReadContext {
  readonly state: ServerState
  readonly store: Pick<Store, 'instance' | 'plan' | 'history'>
  readonly now: () => number
}

interface SchemaTypes {
  readonly Context: ReadContext
  readonly DefaultFieldNullability: false
  readonly Scalars: {
    readonly DateTime: { readonly Input: string; readonly Output: string }
    readonly JSON: { readonly Input: Json; readonly Output: Json }
  }
}

export type Builder = ReturnType<typeof createBuilder>

/** A new builder with the scalars. */
export function createBuilder() {
  const builder = new SchemaBuilder<SchemaTypes>({ defaultFieldNullability: false })
  builder.scalarType('DateTime', { description: 'RFC 3339, in UTC.', serialize: (value) => value })
  builder.scalarType('JSON', { description: 'Any JSON value.', serialize: (value) => value })
  return builder
}

/** Milliseconds since 1970 as a DateTime. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
