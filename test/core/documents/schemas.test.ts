import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import draft7 from 'ajv/dist/refs/json-schema-draft-07.json' with { type: 'json' }
import { describe, expect, test } from 'vitest'
import { SCHEMAS } from '../../../src/core/documents/check-schema.ts'
import { readFileDocuments } from '../../../src/core/documents/read-file.ts'
import { isObject, type Json, type JsonObject, listAt } from '../../../src/util/json.ts'
import { pointerTo } from '../../../src/util/pointer.ts'

const folder = join(import.meta.dirname, '../../../schemas')

test('there is one schema for each kind, named after it', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.schema.json'))
  expect(
    Object.keys(SCHEMAS)
      .map((kind) => `${kind}.schema.json`)
      .filter((name) => !names.includes(name)),
  ).toEqual([])
})

describe.for(Object.keys(SCHEMAS))('%s', (kind) => {
  const schema = JSON.parse(readFileSync(join(folder, `${kind}.schema.json`), 'utf8')) as JsonObject

  test('is draft-07', () => {
    const ajv = new Ajv({ meta: false, strict: false })
    ajv.addMetaSchema(draft7)
    expect(ajv.validateSchema(schema)).toBe(true)
  })

  test('its examples are documents without problems', () => {
    const examples = listAt(schema, 'examples')
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) {
      const bytes = new TextEncoder().encode(JSON.stringify(example))
      const { documents, problems } = readFileDocuments({ path: 'x/driver.styrmin.yml', mode: '100644', bytes })
      expect(problems).toEqual([])
      expect(documents.map((document) => document.kind)).toEqual([kind])
    }
  })

  test('every field says what it means, and no object takes unknown fields silently', () => {
    const silent = fieldsOf(schema, '').filter(({ field }) => typeof field['description'] !== 'string')
    expect(silent.map(({ pointer }) => pointer)).toEqual([])
    const open = fieldsOf(schema, '').filter(
      ({ field }) => isObject(field['properties']) && field['additionalProperties'] !== false,
    )
    expect(open.map(({ pointer }) => pointer)).toEqual([])
  })
})

/** All fields below `properties`, at any depth. */
function fieldsOf(schema: Json, pointer: string): readonly { readonly pointer: string; readonly field: JsonObject }[] {
  if (!isObject(schema)) return []
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === 'properties' && isObject(value))
      return Object.entries(value).flatMap(([name, field]) => {
        const here = pointerTo(pointer, name)
        return isObject(field) ? [{ pointer: here, field }, ...fieldsOf(field, here)] : []
      })
    return key === 'examples' ? [] : fieldsOf(value, pointer)
  })
}
