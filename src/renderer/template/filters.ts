import { type Call, type Filter, give, unknownFault } from './calls.ts'
import { COMPONENT_FILTERS } from './filters-components.ts'
import { LIST_FILTERS } from './filters-lists.ts'
import { TEXT_FILTERS } from './filters-texts.ts'
import { callTest } from './tests.ts'
import { isDict, isList, Missing, missingFault, truthy, type Value } from './value.ts'
import { TemplateFault } from './fault.ts'
import { memberOf } from './members.ts'

/** Filters that call others, so they stand where all are known. */
const HIGHER_FILTERS: Readonly<Record<string, (value: Value, call: Call) => Value>> = {
  map: mapItems,
  select: (value, call) => chosen(value, call, { keep: true, attribute: false }),
  reject: (value, call) => chosen(value, call, { keep: false, attribute: false }),
  selectattr: (value, call) => chosen(value, call, { keep: true, attribute: true }),
  rejectattr: (value, call) => chosen(value, call, { keep: false, attribute: true }),
}

/** Every filter by its name; the whole list. */
const FILTERS: ReadonlyMap<string, Filter> = new Map([...COMPONENT_FILTERS, ...TEXT_FILTERS, ...LIST_FILTERS])

/** Applies a filter. Errors: TemplateFault. */
export function callFilter(value: Value, call: Call): Value {
  if (call.name === 'default' || call.name === 'd') return otherwise(value, call)
  if (value instanceof Missing) throw missingFault(value)
  const higher = Object.hasOwn(HIGHER_FILTERS, call.name) ? HIGHER_FILTERS[call.name] : undefined
  if (higher !== undefined) return higher(value, call)
  const filter = FILTERS.get(call.name)
  if (filter === undefined) {
    throw unknownFault('filter', call.name, [...FILTERS.keys(), ...Object.keys(HIGHER_FILTERS), 'default', 'd'])
  }
  return filter.run(value, give(call, filter.parameters))
}

function otherwise(value: Value, call: Call): Value {
  const given = give(call, ['default_value', 'boolean'])
  const replacement = given.any('default_value') ?? ''
  if (value instanceof Missing) return replacement
  return given.flag('boolean') && !truthy(value) ? replacement : value
}

function listOf(value: Value, name: string): readonly Value[] {
  if (isList(value)) return value
  if (isDict(value)) return Object.keys(value)
  throw new TemplateFault('misuse', `\`${name}\` needs a list`, { hint: 'Give a list.' })
}

function mapItems(value: Value, call: Call): Value {
  const items = listOf(value, call.name)
  call.budget.items(items.length)
  const attribute = call.named.get('attribute')
  const otherwise = call.named.get('default')
  if (attribute !== undefined) return items.map((item) => memberOf(item, attribute, otherwise))
  const { name, positional } = rest(call)
  return items.map((item) => callFilter(item, { ...call, name, positional }))
}

function chosen(
  value: Value,
  call: Call,
  { keep, attribute }: { readonly keep: boolean; readonly attribute: boolean },
): Value {
  const items = listOf(value, call.name)
  call.budget.items(items.length)
  const [key, ...others] = call.positional
  const test = rest({ ...call, positional: attribute ? others : call.positional }, 'truthy')
  return items.filter((item) => {
    const tested = attribute ? memberOf(item, key ?? null, null) : item
    return callTest(tested, { ...call, ...test }) === keep
  })
}

/** The first argument as a name, the others as its arguments. */
function rest(call: Call, otherwise?: string): { readonly name: string; readonly positional: readonly Value[] } {
  const [first, ...positional] = call.positional
  const name = first ?? otherwise
  if (typeof name !== 'string') {
    throw new TemplateFault('misuse', `\`${call.name}\` needs the name of a filter or test`, {
      hint: 'Give the name as text.',
    })
  }
  return { name, positional }
}
