import { expect, test } from 'vitest'
import { safePattern } from '../../src/util/safe-pattern.ts'

test.for([
  { pattern: '[a-z]+', text: 'abc', want: true },
  { pattern: '[a-z]+', text: 'abc1', want: false },
  { pattern: '^.{0,200}$', text: 'Hello, world', want: true },
  { pattern: '[a-z]([-a-z0-9]{0,61}[a-z0-9])?', text: 'a-b', want: true },
  { pattern: 'a|b', text: 'xb', want: false },
  { pattern: '[()+*]+', text: '(*)', want: true },
  { pattern: '\\+\\d{2}', text: '+49', want: true },
])('$pattern matches $text as a whole: $want', ({ pattern, text, want }) => {
  const safe = safePattern(pattern)
  expect(safe.ok && safe.matches(text)).toBe(want)
})

test.for([
  ['(a+)+', /repeats a group/],
  ['((a|b)*c){2,}', /repeats a group/],
  ['(?=a)b', /looks around/],
  ['(?<name>a)', /looks around or names/],
  ['(a)\\1', /refers back/],
  ['a*b*c*d*e*', /more than 4/],
  ['[', /no regular expression/],
  ['a'.repeat(201), /longer than 200/],
] as const)('refuses %s', ([pattern, why]) => {
  const safe = safePattern(pattern)
  expect(safe.ok ? '' : safe.why).toMatch(why)
})

test('a text too long to be matched in bounded time does not match', () => {
  const safe = safePattern('a*')
  expect(safe.ok && safe.matches('a'.repeat(256))).toBe(true)
  expect(safe.ok && safe.matches('a'.repeat(257))).toBe(false)
})
