import { type Call, type Given, give, unknownFault } from './calls.ts'
import { compare } from './operators.ts'
import { asText, equal, isDict, isList, Missing, missingFault, truthy, type Value } from './value.ts'

interface Test {
  readonly parameters: readonly string[]
  readonly run: (value: Value, args: Given) => boolean
}

const plain = (run: (value: Value) => boolean): Test => ({ parameters: [], run })
const against = (run: (value: Value, other: Value) => boolean): Test => ({
  parameters: ['other'],
  run: (value, args) => run(value, args.any('other') ?? null),
})

/** What can stand after `is`; a fixed list. `defined` and `undefined` are not in it: they alone take a missing value. */
const TESTS: ReadonlyMap<string, Test> = new Map([
  ['none', plain((value) => value === null)],
  ['null', plain((value) => value === null)],
  ['true', plain((value) => value === true)],
  ['false', plain((value) => value === false)],
  ['boolean', plain((value) => typeof value === 'boolean')],
  ['number', plain((value) => typeof value === 'number')],
  ['integer', plain((value) => Number.isInteger(value))],
  ['float', plain((value) => typeof value === 'number' && !Number.isInteger(value))],
  ['string', plain((value) => asText(value) !== undefined)],
  ['mapping', plain(isDict)],
  ['sequence', plain((value) => isList(value) || asText(value) !== undefined)],
  ['iterable', plain((value) => isList(value) || isDict(value) || asText(value) !== undefined)],
  ['odd', plain((value) => typeof value === 'number' && Math.abs(value % 2) === 1)],
  ['even', plain((value) => typeof value === 'number' && value % 2 === 0)],
  ['truthy', plain(truthy)],
  [
    'divisibleby',
    against((value, other) => typeof value === 'number' && typeof other === 'number' && value % other === 0),
  ],
  ['eq', against(equal)],
  ['equalto', against(equal)],
  ['sameas', against(equal)],
  ['ne', against((value, other) => !equal(value, other))],
  ['lt', against((value, other) => compare('<', value, other))],
  ['le', against((value, other) => compare('<=', value, other))],
  ['gt', against((value, other) => compare('>', value, other))],
  ['ge', against((value, other) => compare('>=', value, other))],
  ['in', against((value, other) => isList(other) && other.some((item) => equal(item, value)))],
])

/** Answers `value is name(...)`. Errors: TemplateFault. */
export function callTest(value: Value, call: Call): boolean {
  if (call.name === 'defined') return !(value instanceof Missing)
  if (call.name === 'undefined') return value instanceof Missing
  if (value instanceof Missing) throw missingFault(value)
  const test = TESTS.get(call.name)
  if (test === undefined) throw unknownFault('test', call.name, [...TESTS.keys(), 'defined', 'undefined'])
  return test.run(value, give(call, test.parameters))
}
