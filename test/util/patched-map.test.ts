import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byText } from '../../src/util/json.ts'
import { patchMap } from '../../src/util/patched-map.ts'

const key: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd')
const entries = fc.array(fc.tuple(key, fc.integer()), { maxLength: 4 })

test('patches upon patches read like one map', () => {
  fc.assert(
    fc.property(entries, fc.array(fc.tuple(entries, fc.array(key, { maxLength: 2 }))), (start, patches) => {
      let patched: ReadonlyMap<string, number> = new Map(start)
      let plain: ReadonlyMap<string, number> = patched
      for (const [after, gone] of patches) {
        patched = patchMap(patched, new Map(after), gone)
        plain = new Map([...[...plain].filter(([one]) => !gone.includes(one)), ...after])
      }
      const want = sorted([...plain])
      expect(sorted([...patched])).toEqual(want)
      expect(sorted([...patched.keys()].map((one) => [one, patched.get(one) ?? 0]))).toEqual(want)
      expect([...patched.values()]).toEqual([...patched.keys()].map((one) => patched.get(one)))
      expect(patched.size).toBe(want.length)
      expect(patched.has('e')).toBe(false)
    }),
  )
})

test('new keys bring all keys into order, other values leave the order as it is', () => {
  const before = new Map([
    ['b', 1],
    ['a', 2],
  ])
  expect([...patchMap(before, new Map([['a', 3]]), []).keys()]).toEqual(['b', 'a'])
  expect([...patchMap(before, new Map([['c', 3]]), []).keys()]).toEqual(['a', 'b', 'c'])
})

test('nothing new is the same map', () => {
  const before = new Map([['a', 1]])
  expect(patchMap(before, new Map([['a', 1]]), ['z'])).toBe(before)
})

test('many patches are folded into one map again', () => {
  const keys = Array.from({ length: 400 }, (_, index) => `k${index}`)
  let map: ReadonlyMap<string, number> = new Map(keys.map((one) => [one, 0]))
  for (const [index, one] of keys.entries()) map = patchMap(map, new Map([[one, index + 1]]), [])
  expect([...map.values()]).toEqual(keys.map((_, index) => index + 1))
})

function sorted(all: readonly (readonly [string, number])[]): readonly (readonly [string, number])[] {
  return all.toSorted(byText(([one]) => one))
}
