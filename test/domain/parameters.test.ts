import { expect, test } from 'vitest'
import type { ParameterSpec } from '../../src/domain/documents.ts'
import { parameterFault } from '../../src/domain/parameters.ts'
import type { Json } from '../../src/util/json.ts'

const text: ParameterSpec = { name: 'p', kind: 'string' }
const size: ParameterSpec = { name: 'p', kind: 'integer', minimum: 1, maximum: 5 }
const flag: ParameterSpec = { name: 'p', kind: 'boolean' }
const level: ParameterSpec = { name: 'p', kind: 'enum', values: ['debug', 'info', '1'] }
const secret: ParameterSpec = { name: 'p', kind: 'secret' }

test.for<[ParameterSpec, Json]>([
  [text, ''],
  [{ ...text, pattern: '[a-z]+' }, 'abc'],
  [size, 5],
  [flag, false],
  [level, 'info'],
  [secret, { secret: 'a', key: 'b' }],
  [{ ...secret, default: null }, null],
])('%o takes %o', ([spec, value]) => {
  expect(parameterFault(spec, value)).toBeUndefined()
})

test.for<[ParameterSpec, Json, string | undefined, string, RegExp]>([
  [text, 1.1, '1.10', 'type', /^Quote it: "1.10"\.$/],
  [text, true, 'true', 'type', /^Quote it: "true"\.$/],
  [size, '3', undefined, 'type', /^Remove the quotes: 3\.$/],
  [size, 1.5, '1.5', 'type', /^Write a whole number/],
  [flag, 'true', undefined, 'type', /^Remove the quotes: true\.$/],
  [flag, 'yes', undefined, 'type', /^Write true or false/],
  [size, 0, '0', 'range', /at least 1/],
  [size, 6, '6', 'range', /at most 5/],
  [{ ...text, pattern: '[a-z]+' }, 'A', undefined, 'pattern', /matches \[a-z\]\+ as a whole/],
  [level, 'inof', undefined, 'values', /^Did you mean info\?/],
  [level, 1, '1', 'values', /^Quote it: "1"\.$/],
  [secret, { secret: 'a' }, undefined, 'type', /secret: <name of a Secret/],
])('%o refuses %o', ([spec, value, source, kind, hint]) => {
  const fault = parameterFault(spec, value, source)
  expect(fault?.kind).toBe(kind)
  expect(fault?.hint).toMatch(hint)
})

test('a password given for a secret is not repeated', () => {
  const fault = parameterFault(secret, 'hunter2-hunter2')
  expect(JSON.stringify(fault)).not.toContain('hunter2')
})
