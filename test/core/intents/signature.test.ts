import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { intentPayload, signIntent, verifyIntent } from '../../../src/core/intents/signature.ts'
import { decodeIntent } from '../../../src/core/intents/wire.ts'
import type { Intent } from '../../../src/domain/wire.ts'

const read = decodeIntent(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../golden/wire/v1/intent.json'), 'utf8')),
)
if (!read.ok) throw new Error(read.faults.join())
const intent: Intent = read.value

/** The private key of RFC 8032, test 1: signatures by it are the same on every machine. */
const privateKey = createPrivateKey({
  key: Buffer.from(
    '302e020100300506032b657004220420' + '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'hex',
  ),
  format: 'der',
  type: 'pkcs8',
})
const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()

test('an intent verifies with the key that signed it', () => {
  expect(verifyIntent(signIntent(intent, privateKey), publicPem)).toBe(true)
})

test('the signed bytes are what earlier versions signed', async () => {
  await expect(new TextDecoder().decode(intentPayload(intent))).toMatchFileSnapshot(
    join(import.meta.dirname, '../../golden/wire/intent-v1.payload.txt'),
  )
})

test('the sequence is not signed, since it only orders delivery', () => {
  expect(verifyIntent({ ...signIntent(intent, privateKey), sequence: 99 }, publicPem)).toBe(true)
})

test.for([
  ['epoch', { epoch: 4 }],
  ['instance', { instance: intent.plan }],
  ['plan', { plan: intent.bundle }],
  ['bundle', { bundle: intent.plan }],
  ['phase', { phase: 'deleting' as const }],
  ['deployment', { deployment: { ...intent.deployment, namespace: 'other' } }],
  ['class', { class: 'delete' }],
] as const)('a changed %s is found out', ([, change]) => {
  expect(verifyIntent({ ...signIntent(intent, privateKey), ...change }, publicPem)).toBe(false)
})

test('another key does not verify', () => {
  const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
  expect(verifyIntent(signIntent(intent, privateKey), other)).toBe(false)
})

test.for(['', 'no key', publicPem])('a signature or key that is none does not verify', (key) => {
  expect(verifyIntent({ ...intent, signature: '*' }, key)).toBe(false)
})
