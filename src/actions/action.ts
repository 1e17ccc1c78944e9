import type { ActionContext } from './context.ts'
import type { Primitives } from './primitives.ts'

/** What an action is called with. */
export interface ActionInput {
  readonly context: ActionContext
  /** The application version that the deployment moves to; its own version in a `setup` action. */
  readonly targetVersion: string
  readonly primitives: Primitives
}

/** The body of an action. It is run again from the top after a crash; primitives that were done return what they returned. */
export type ActionBody = (input: ActionInput) => Promise<void>

/** A declared action; made by `action` only. */
export interface Action {
  readonly kind: 'styrmin-action'
  readonly run: ActionBody
}

/**
 * Makes a function an action: `export const upgrade = action(async ({ primitives }) => { … })`.
 *
 * Order:  primitives are awaited one after another; two in flight at once are an error.
 * Errors: TypeError when it is given anything but a function.
 */
export function action(run: ActionBody): Action {
  if (typeof run !== 'function') throw new TypeError('action() takes an async function')
  return Object.freeze({ kind: 'styrmin-action', run })
}

/** Whether a value of a driver's module is an action. */
export function isAction(value: unknown): value is Action {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'styrmin-action' &&
    'run' in value &&
    typeof value.run === 'function'
  )
}
