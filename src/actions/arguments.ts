import { isObject, type Json, type JsonObject } from '../util/json.ts'
import { PRIMITIVES, type PrimitiveName } from './primitives.ts'

/**
 * The one form of a call's arguments, the same in a rehearsal, in a plan and in a run's record.
 *
 * Shape:  `executeCommands(commands, options)` becomes `{ commands, ...options }`, `log(message)` becomes `{ message }`;
 *         every other primitive takes one object, `{}` when it is left out.
 * Errors: TypeError that says which argument is wrong.
 */
export function toArguments(primitive: PrimitiveName, values: readonly Json[]): JsonObject {
  const args = gather(primitive, values)
  const check = CHECKS[primitive]
  for (const [name, isRight] of Object.entries(check)) {
    if (!isRight(args[name])) throw new TypeError(`${primitive}: ${name} is ${describe(args[name])}`)
  }
  const unknown = Object.keys(args).find((name) => !Object.hasOwn(check, name))
  if (unknown !== undefined) throw new TypeError(`${primitive} takes no "${unknown}"`)
  return args
}

/** Whether a text names a primitive. */
export function isPrimitive(name: string): name is PrimitiveName {
  return PRIMITIVES.some((primitive) => primitive === name)
}

function gather(primitive: PrimitiveName, [first, second]: readonly Json[]): JsonObject {
  if (primitive === 'log') return { message: first ?? '' }
  if (primitive === 'executeCommands') return { ...(isObject(second) ? second : {}), commands: first ?? null }
  return isObject(first) ? first : {}
}

type Check = (value: Json | undefined) => boolean

const isText: Check = (value) => typeof value === 'string' && value !== ''
const isCount: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const isTexts: Check = (value) => Array.isArray(value) && value.every((item) => typeof item === 'string')
const isNames: Check = (value) => isTexts(value) && Array.isArray(value) && value.length > 0
const isCommands: Check = (value) => Array.isArray(value) && value.length > 0 && value.every(isNames)

function optional(check: Check): Check {
  return (value) => value === undefined || check(value)
}

const CHECKS: Readonly<Record<PrimitiveName, Readonly<Record<string, Check>>>> = {
  stopComponents: { components: isNames },
  startComponents: { components: isNames },
  scaleComponent: { component: isText, replicas: isCount },
  executeCommands: {
    commands: isCommands,
    image: isText,
    envFromComponent: optional(isText),
    labelsFromComponent: optional(isText),
    timeoutSeconds: optional(isCount),
  },
  getComponentImages: { component: isText },
  upgradeDeploymentVersion: { targetVersion: isText },
  waitReady: { components: optional(isNames), timeoutSeconds: optional(isCount) },
  log: { message: (value) => typeof value === 'string' },
}

function describe(value: Json | undefined): string {
  if (value === undefined) return 'missing'
  const text = JSON.stringify(value)
  return `wrong: ${text.length > 80 ? `${text.slice(0, 79)}…` : text}`
}
