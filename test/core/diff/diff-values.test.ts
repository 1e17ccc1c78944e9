import fc from 'fast-check'
import { expect, test } from 'vitest'
import { diffValues } from '../../../src/core/diff/diff-values.ts'
import type { Change } from '../../../src/domain/plan.ts'
import { isObject, type Json, type JsonObject } from '../../../src/util/json.ts'
import { pointerSteps } from '../../../src/util/pointer.ts'

const object = fc
  .dictionary(
    fc.string(),
    fc.letrec<{ readonly value: Json }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.string(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c/d', '~', 'constructor'), tie('value'), { maxKeys: 3 }),
      ),
    })).value,
    { maxKeys: 4, noNullPrototype: true },
  )
  .map((value): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject)

test('applying a difference gives the target', () => {
  fc.assert(
    fc.property(object, object, (before, after) => {
      expect(applied(before, diffValues(before, after))).toEqual(after)
    }),
  )
})

test('there is no difference exactly between equal values', () => {
  fc.assert(
    fc.property(object, object, (before, after) => {
      expect(diffValues(before, structuredClone(before))).toEqual([])
      expect(diffValues(before, after).length === 0).toBe(
        JSON.stringify(sorted(before)) === JSON.stringify(sorted(after)),
      )
    }),
  )
})

interface Row {
  readonly name: string
  readonly before: JsonObject
  readonly after: JsonObject
  readonly kinds: readonly string[]
}

test.for<Row>([
  { name: 'a key that every object inherits is not there', before: {}, after: { constructor: 1 }, kinds: ['added'] },
  { name: 'null is a value', before: { a: null }, after: {}, kinds: ['removed'] },
  { name: 'a list is one value', before: { a: [1, 2] }, after: { a: [1, 3] }, kinds: ['replaced'] },
  {
    name: 'an object that becomes a text is replaced',
    before: { a: { b: 1 } },
    after: { a: 'b' },
    kinds: ['replaced'],
  },
])('$name', ({ before, after, kinds }) => {
  expect(diffValues(before, after).map(({ kind }) => kind)).toEqual(kinds)
})

test('changes stand in the order of their pointers, whatever the order of keys', () => {
  const one = diffValues({}, { b: 1, a: { d: 1, c: 1 } })
  const other = diffValues({}, { a: { c: 1, d: 1 }, b: 1 })
  expect(one.map(({ at }) => at)).toEqual(['/a', '/b'])
  expect(other.map(({ at }) => at)).toEqual(['/a', '/b'])
})

function applied(before: JsonObject, changes: readonly Change[]): Json {
  const target = structuredClone(before) as Record<string, Json>
  for (const change of changes) {
    const steps = pointerSteps(change.at)
    const last = steps.at(-1) ?? ''
    let here: Record<string, Json> = target
    for (const step of steps.slice(0, -1)) here = here[step] as Record<string, Json>
    if (change.kind === 'removed') delete here[last]
    else
      Object.defineProperty(here, last, { value: change.after, enumerable: true, writable: true, configurable: true })
  }
  return target
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key] ?? null)]),
  )
}
