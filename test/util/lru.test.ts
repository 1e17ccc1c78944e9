import { describe, expect, test } from 'vitest'
import { Lru } from '../../src/util/lru.ts'

describe('a map that forgets', () => {
  test('forgets what was used longest ago, and a look is a use', () => {
    const map = new Lru<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.get('a')
    map.set('c', 3)
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2])
  })

  test('forgets as many as make room by weight', () => {
    const map = new Lru<string, number>(10, (weight) => weight)
    for (const [key, weight] of [
      ['a', 4],
      ['b', 3],
      ['c', 3],
      ['d', 6],
    ] as const)
      map.set(key, weight)
    expect([map.get('a'), map.get('b'), map.get('c'), map.get('d')]).toEqual([undefined, undefined, 3, 6])
  })

  test('counts a value once when its key is set again', () => {
    const map = new Lru<string, number>(10, (weight) => weight)
    map.set('a', 6)
    map.set('a', 7)
    map.set('b', 3)
    expect([map.get('a'), map.get('b')]).toEqual([7, 3])
  })

  test('keeps what was set last even when it is too heavy', () => {
    const map = new Lru<string, number>(10, (weight) => weight)
    map.set('a', 1)
    map.set('b', 20)
    expect([map.get('a'), map.get('b')]).toEqual([undefined, 20])
  })

  test.for([0, -1, 1.5])('a limit of %d is our bug', (limit) => {
    expect(() => new Lru(limit)).toThrow(RangeError)
  })
})
