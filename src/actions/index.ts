// Comes in: nothing. Goes out: what the author of a driver's actions imports as `styrmin/actions`.
// Never: a library, a clock, chance, the network; an action reaches the cluster through its primitives only.
export { type Action, type ActionBody, type ActionInput, action, isAction } from './action.ts'
export type { ActionContext, ActionJson } from './context.ts'
export { type CommandOptions, PRIMITIVES, type PrimitiveName, type Primitives } from './primitives.ts'
