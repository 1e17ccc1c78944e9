import type { JsonObject } from '../util/json.ts'
import type { Registry } from './registry.ts'
import type { Store } from './store.ts'

/** All that the parts of the sandbox share. */
export interface World {
  readonly store: Store
  readonly registry: Registry
  readonly now: () => Date
  readonly newUid: () => string
  /** Five letters and digits for a generated name. */
  readonly newSuffix: () => string
  readonly addresses: Addresses
}

/** What is handed out once at a time. */
export interface Addresses {
  /** The Service's addresses and node ports, filled in where they are missing. */
  readonly assign: (service: JsonObject, before: JsonObject | undefined) => JsonObject
  readonly podIp: () => string
}

/** A time as the API writes it: RFC 3339, whole seconds. */
export function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}
