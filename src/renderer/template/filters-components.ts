import type { Filter, Given } from './calls.ts'
import { TemplateFault } from './fault.ts'
import { type Dict, isDict, isList, kindOf, toText, type Value } from './value.ts'

/** The filters that read `components`, what a deployment sets for the components of its application. */
export const COMPONENT_FILTERS: readonly (readonly [string, Filter])[] = [
  ['component_env_vars', { parameters: ['component'], run: envVars }],
  ['component_command', { parameters: ['component'], run: (value, args) => words(value, args, 'command') }],
  ['component_args', { parameters: ['component'], run: (value, args) => words(value, args, 'args') }],
]

/** A list of `{name, value}`, sorted by name; empty when nothing is set. */
function envVars(components: Value, args: Given): Value {
  const env = componentOf(components, args)['env'] ?? {}
  if (!isDict(env)) throw misuse('env', env)
  return Object.keys(env)
    .sort()
    .map((name) => ({ name, value: toText(env[name] ?? '') }))
}

/** The operator's list, empty when unset, never missing. */
function words(components: Value, args: Given, field: 'command' | 'args'): Value {
  const list = componentOf(components, args)[field] ?? []
  if (!isList(list)) throw misuse(field, list)
  return list
}

function componentOf(components: Value, args: Given): Dict {
  if (!isDict(components)) throw misuse('components', components)
  const name = args.text('component')
  const component = Object.hasOwn(components, name) ? components[name] : undefined
  return component !== undefined && isDict(component) ? component : {}
}

function misuse(what: string, value: Value): TemplateFault {
  return new TemplateFault('misuse', `\`${what}\` is ${kindOf(value)}`, {
    hint: 'Write `components | component_…("<name>")`.',
  })
}
