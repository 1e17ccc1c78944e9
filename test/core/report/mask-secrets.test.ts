import { expect, test } from 'vitest'
import { maskSecrets } from '../../../src/core/report/mask-secrets.ts'

const secret = {
  data: { password: Buffer.from('s3cret-enough\n').toString('base64'), short: Buffer.from('abc').toString('base64') },
}

test.for([
  { name: 'a value', text: 'login with s3cret-enough failed', want: 'login with *** failed' },
  { name: 'its base64 form', text: `got ${secret.data.password}`, want: 'got ***' },
  { name: 'no short value, which could be any word', text: 'abc', want: 'abc' },
])('masks $name', ({ text, want }) => {
  expect(maskSecrets(text, [secret, {}])).toBe(want)
})
