import { expect, test } from 'vitest'
import { bornAtMs, DEPLOYMENT_KEY_BYTES, deploymentKeyBytes } from '../../src/domain/deployment-key.ts'

const BORN = Date.UTC(2026, 10, 21)

test('a key says when its deployment was born', () => {
  const key = deploymentKeyBytes(BORN, new Uint8Array(32).fill(7))
  expect(key.length).toBe(DEPLOYMENT_KEY_BYTES)
  expect(bornAtMs(key)).toBe(BORN)
})

test('two keys of one moment differ by chance', () => {
  expect(deploymentKeyBytes(BORN, new Uint8Array(32).fill(1))).not.toEqual(
    deploymentKeyBytes(BORN, new Uint8Array(32).fill(2)),
  )
})

test.for([
  { name: 'all zeros', key: new Uint8Array(32) },
  { name: 'all ones', key: new Uint8Array(32).fill(255) },
  { name: 'too short', key: new Uint8Array(3) },
])('a key that says nothing sensible begins with 2020: $name', ({ key }) => {
  expect(bornAtMs(key)).toBe(Date.UTC(2020, 0, 1))
})
