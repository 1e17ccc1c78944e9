import { expect, test } from 'vitest'
import { canonicalQuantity, parseQuantity } from '../../src/sandbox/quantity.ts'

test.for([
  ['0.5', '500m'],
  ['1000m', '1'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['100Mi', '100Mi'],
  ['1500M', '1500M'],
  ['1000M', '1G'],
  ['0', '0'],
  ['250m', '250m'],
  ['2e3', '2e3'],
  ['128974848', '128974848'],
] as const)('%s is written %s', ([text, want]) => {
  expect(canonicalQuantity(text)).toBe(want)
})

test.for(['', 'one', '1Zi', '1..2', 'm'])('%s is no quantity', (text) => {
  expect(parseQuantity(text)).toBeUndefined()
})
