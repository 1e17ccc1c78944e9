import { at, type Json, type JsonObject, listAt, textAt } from '../../util/json.ts'
import { timestamp, type World } from '../world.ts'

/** What a condition says. */
export interface Saying {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason?: string
  readonly message?: string
}

/** A list with a condition set; its time of transition moves only with its status. */
export function withCondition(
  world: World,
  conditions: readonly Json[],
  saying: Saying,
  times: readonly string[] = [],
): readonly Json[] {
  const now = timestamp(world.now())
  const before = conditions.find((condition) => textAt(condition, 'type') === saying.type)
  const since = textAt(before, 'status') === saying.status ? (textAt(before, 'lastTransitionTime') ?? now) : now
  const unchanged =
    since !== now && textAt(before, 'reason') === saying.reason && textAt(before, 'message') === saying.message
  const extra = Object.fromEntries(times.map((key) => [key, unchanged ? (at(before, key) ?? now) : now]))
  const next: Json = { ...saying, lastTransitionTime: since, ...extra }
  return before === undefined
    ? [...conditions, next]
    : conditions.map((condition) => (condition === before ? next : condition))
}

/** The status of a condition of an object; `undefined` when it has none of that type. */
export function conditionOf(object: JsonObject, type: string): string | undefined {
  return textAt(
    listAt(object, 'status', 'conditions').find((condition) => textAt(condition, 'type') === type),
    'status',
  )
}
