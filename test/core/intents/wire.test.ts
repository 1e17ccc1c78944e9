import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Decoded } from '../../../src/core/intents/decoder.ts'
import {
  bundleDigestOf,
  decodeBundle,
  decodeGeneratedValues,
  decodeHello,
  decodeIntent,
  decodeIntentList,
  decodeReport,
  encodeBundle,
} from '../../../src/core/intents/wire.ts'

const folder = join(import.meta.dirname, '../../golden/wire/v1')

const DECODERS: Readonly<Record<string, (value: unknown) => Decoded<unknown>>> = {
  'bundle.json': decodeBundle,
  'generated-values.json': decodeGeneratedValues,
  'hello.json': decodeHello,
  'intent-list.json': decodeIntentList,
  'intent.json': decodeIntent,
  'report.json': decodeReport,
}

test('every message of version 1 has a golden file', () => {
  expect(readdirSync(folder).sort()).toEqual(Object.keys(DECODERS))
})

test.for(Object.keys(DECODERS))('%s decodes to exactly what was sent', (name) => {
  expect(DECODERS[name]?.(golden(name))).toEqual({ ok: true, value: golden(name) })
})

test.for(Object.keys(DECODERS).filter((name) => name !== 'generated-values.json'))(
  'the fields of %s that are required are missed when left out',
  (name) => {
    const whole = golden(name)
    const missed = Object.keys(whole).filter((key) => {
      const decoded = DECODERS[name]?.(Object.fromEntries(Object.entries(whole).filter(([other]) => other !== key)))
      return decoded?.ok === false
    })
    const optional = ['from', 'instance', 'previousVersion']
    expect(missed).toEqual(Object.keys(whole).filter((key) => !optional.includes(key)))
  },
)

test('all faults are listed with their places', () => {
  const bad = { ...golden('intent.json'), version: 2, plan: 'sha256:1', phase: 'sleeping', deployment: { name: 7 } }
  expect(decodeIntent(bad)).toEqual({
    ok: false,
    faults: [
      '/version must be one of 1',
      '/deployment/environment must be a text',
      '/deployment/name must be a text',
      '/deployment/id must be 8 hex digits',
      '/deployment/namespace must be a text',
      '/phase must be one of "running", "stopped", "deleting"',
      '/plan must be sha256: and 64 hex digits',
    ],
  })
})

test.for([null, undefined, 1, 'x', [], true])('%s is no message', (value) => {
  for (const decode of Object.values(DECODERS)) expect(decode(value).ok).toBe(false)
})

test('a key that a newer sender adds is dropped', () => {
  const decoded = decodeReport({ ...golden('report.json'), novelty: 1 })
  expect(decoded).toEqual({ ok: true, value: golden('report.json') })
})

test('a name that every object inherits is no field', () => {
  expect(decodeGeneratedValues(JSON.parse('{"__proto__": {"a": 1}}'))).toEqual({
    ok: true,
    value: JSON.parse('{"__proto__": {"a": 1}}'),
  })
})

test('the digest of a bundle is over its canonical bytes, whatever the order of keys', () => {
  const decoded = decodeBundle(golden('bundle.json'))
  if (!decoded.ok) throw new Error(decoded.faults.join())
  const { text, digest } = encodeBundle(decoded.value)
  const shuffled = Object.fromEntries(Object.entries(decoded.value).reverse()) as unknown as typeof decoded.value
  expect(encodeBundle(shuffled).digest).toBe(digest)
  expect(bundleDigestOf(new TextEncoder().encode(text))).toBe(digest)
  expect(digest).toBe('sha256:9a5b359766df635bad2ffd11495438658c1c78c7f86e41e1e66d0b4c8fd8420f')
})

function golden(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, unknown>
}
