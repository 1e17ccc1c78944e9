import type { Filter, Given } from './calls.ts'
import { TemplateFault } from './fault.ts'
import { memberOf } from './members.ts'
import { orderOf } from './operators.ts'
import { asText, type Dict, equal, isDict, isList, kindOf, toText, type Value } from './value.ts'

/** Filters that make or take lists and objects. */
export const LIST_FILTERS: readonly (readonly [string, Filter])[] = [
  ['length', { parameters: [], run: lengthOf }],
  ['count', { parameters: [], run: lengthOf }],
  ['first', { parameters: [], run: (value, args) => edge(listOf(value, args), args) }],
  ['last', { parameters: [], run: (value, args) => edge([...listOf(value, args)].reverse(), args) }],
  ['list', { parameters: [], run: listOf }],
  ['join', { parameters: ['separator', 'attribute'], run: joined }],
  ['sort', { parameters: ['reverse', 'case_sensitive', 'attribute'], run: sorted }],
  ['reverse', { parameters: [], run: (value, args) => [...listOf(value, args)].reverse() }],
  ['unique', { parameters: [], run: unique }],
  [
    'items',
    { parameters: [], run: (value) => Object.entries(dictOf(value, 'items')).map(([key, item]) => [key, item]) },
  ],
  ['dictsort', { parameters: ['case_sensitive', 'by', 'reverse'], run: dictsort }],
  ['min', { parameters: ['attribute'], run: (value, args) => extreme(value, args, -1) }],
  ['max', { parameters: ['attribute'], run: (value, args) => extreme(value, args, 1) }],
  ['sum', { parameters: ['attribute', 'start'], run: sum }],
]

function listOf(value: Value, args: Given): readonly Value[] {
  const text = asText(value)
  const list = isList(value)
    ? value
    : isDict(value)
      ? Object.keys(value)
      : text === undefined
        ? undefined
        : Array.from(text)
  if (list === undefined)
    throw new TemplateFault('misuse', `\`${args.call.name}\` needs a list, not ${kindOf(value)}`, {
      hint: 'Give a list.',
    })
  args.call.budget.items(list.length)
  return list
}

function dictOf(value: Value, name: string): Dict {
  if (isDict(value)) return value
  throw new TemplateFault('misuse', `\`${name}\` needs an object, not ${kindOf(value)}`, { hint: 'Give an object.' })
}

function lengthOf(value: Value): Value {
  if (isList(value)) return value.length
  if (isDict(value)) return Object.keys(value).length
  const text = asText(value)
  if (text !== undefined) return Array.from(text).length
  throw new TemplateFault('misuse', `${kindOf(value)} has no length`, { hint: 'Give a list, an object or a text.' })
}

function edge(list: readonly Value[], args: Given): Value {
  const [item] = list
  if (item !== undefined) return item
  throw new TemplateFault('misuse', `\`${args.call.name}\` of an empty list`, {
    hint: 'Test the list with `if` first.',
  })
}

function joined(value: Value, args: Given): Value {
  const attribute = args.any('attribute')
  const items = listOf(value, args).map((item) => toText(attribute === undefined ? item : memberOf(item, attribute)))
  const separator = args.text('separator', '')
  args.call.budget.text(items.reduce((sum, item) => sum + item.length + separator.length, 0))
  return items.join(separator)
}

function sorted(value: Value, args: Given): Value {
  const attribute = args.any('attribute')
  const key = folded(args, (item: Value) => (attribute === undefined ? item : memberOf(item, attribute)))
  const list = [...listOf(value, args)].sort((a, b) => orderOf(key(a), key(b)))
  return args.flag('reverse') ? list.reverse() : list
}

/** Texts in lower case unless the template wants their case to count. */
function folded(args: Given, key: (item: Value) => Value): (item: Value) => Value {
  if (args.flag('case_sensitive')) return key
  return (item) => {
    const found = key(item)
    return typeof found === 'string' ? found.toLowerCase() : found
  }
}

function unique(value: Value, args: Given): Value {
  const list = listOf(value, args)
  args.call.budget.spend(list.length * list.length)
  return list.filter((item, index) => list.findIndex((other) => equal(other, item)) === index)
}

function dictsort(value: Value, args: Given): Value {
  const at = args.text('by', 'key') === 'value' ? 1 : 0
  const key = folded(args, (pair: Value) => (isList(pair) ? (pair[at] ?? null) : null))
  const pairs: Value[] = Object.entries(dictOf(value, 'dictsort')).map(([name, item]) => [name, item])
  pairs.sort((a, b) => orderOf(key(a), key(b)))
  return args.flag('reverse') ? pairs.reverse() : pairs
}

function extreme(value: Value, args: Given, sign: 1 | -1): Value {
  const attribute = args.any('attribute')
  const key = (item: Value): Value => (attribute === undefined ? item : memberOf(item, attribute))
  const ordered = [...listOf(value, args)].sort((a, b) => -sign * orderOf(key(a), key(b)))
  return edge(ordered, args)
}

function sum(value: Value, args: Given): Value {
  const attribute = args.any('attribute')
  const numbers = listOf(value, args).map((item) => (attribute === undefined ? item : memberOf(item, attribute)))
  let total = args.number('start', 0)
  for (const item of numbers) {
    if (typeof item !== 'number')
      throw new TemplateFault('misuse', `\`sum\` cannot add ${kindOf(item)}`, { hint: 'Give a list of numbers.' })
    total += item
  }
  return total
}
