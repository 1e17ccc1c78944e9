import { join } from 'node:path'
import { lexicographicSortSchema, printSchema } from 'graphql'
import { expect, test } from 'vitest'
import { createSchema } from '../../src/server/graphql/schema.ts'

const schema = createSchema()

test('the schema is the committed one', async () => {
  const file = join(import.meta.dirname, '../../src/server/graphql/schema.graphql')
  await expect(`${printSchema(lexicographicSortSchema(schema))}\n`).toMatchFileSnapshot(file)
})

test('there is nothing to change through it', () => {
  expect(schema.getMutationType()).toBeUndefined()
})

test('every type and field that is not plain by its name is described', () => {
  const bare = Object.values(schema.getTypeMap())
    .filter((type) => 'getFields' in type && !type.name.startsWith('__'))
    .filter(({ name }) => ['Deployment', 'Plan', 'Run', 'Commit', 'Problem', 'Instance'].includes(name))
    .filter(({ description }) => description === undefined || description === null)
  expect(bare.map(({ name }) => name)).toEqual([])
})
