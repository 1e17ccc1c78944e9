import { expect, test } from 'vitest'
import { lostFields, ownedFields } from '../../../src/core/drift/owned-fields.ts'
import type { JsonObject } from '../../../src/util/json.ts'

const applied: JsonObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
  spec: {
    replicas: 2,
    template: {
      spec: {
        containers: [
          { name: 'web', image: 'web:1', ports: [{ containerPort: 80 }], args: ['a', 'b'] },
          { name: 'side', image: 'side:1' },
        ],
      },
    },
  },
}

const port = { '.': {}, 'f:containerPort': {} }
const container = {
  '.': {},
  'f:name': {},
  'f:image': {},
  'f:args': {},
  'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': port },
}
const fields: JsonObject = {
  'f:metadata': { 'f:labels': { 'f:app': {} } },
  'f:spec': {
    'f:replicas': {},
    'f:template': {
      'f:spec': {
        'f:containers': {
          'k:{"name":"web"}': container,
          'k:{"name":"side"}': { '.': {}, 'f:name': {}, 'f:image': {} },
        },
      },
    },
  },
}

function live(ours: JsonObject, others: readonly JsonObject[] = []): JsonObject {
  const entry = { manager: 'styrmin', operation: 'Apply', fieldsV1: ours }
  return { ...applied, metadata: { name: 'web', namespace: 'shop', managedFields: [entry, ...others] } }
}

/** The set of fields without one, by its path, and without what is empty then, as the API server keeps it. */
function without(set: JsonObject, [step = '', ...rest]: readonly string[]): JsonObject {
  const { [step]: child, ...others } = set
  const left = rest.length === 0 ? {} : without(child as JsonObject, rest)
  return Object.keys(left).length === 0 ? others : { ...others, [step]: left }
}

const containers = ['f:spec', 'f:template', 'f:spec', 'f:containers']

test('nothing is lost while every field is ours', () => {
  expect(lostFields(applied, live(fields), ['styrmin'])).toEqual([])
})

test.for([
  { name: 'a scalar', path: ['f:spec', 'f:replicas'], pointer: '/spec/replicas' },
  { name: 'a label', path: ['f:metadata', 'f:labels', 'f:app'], pointer: '/metadata/labels/app' },
  {
    name: 'a field of a list item',
    path: [...containers, 'k:{"name":"web"}', 'f:image'],
    pointer: '/spec/template/spec/containers/0/image',
  },
  {
    name: 'an atomic list',
    path: [...containers, 'k:{"name":"web"}', 'f:args'],
    pointer: '/spec/template/spec/containers/0/args',
  },
  {
    name: 'a whole list item',
    path: [...containers, 'k:{"name":"side"}'],
    pointer: '/spec/template/spec/containers/1',
  },
  {
    name: 'an item whose key has a default',
    path: [...containers, 'k:{"name":"web"}', 'f:ports', 'k:{"containerPort":80,"protocol":"TCP"}', 'f:containerPort'],
    pointer: '/spec/template/spec/containers/0/ports/0/containerPort',
  },
])('$name that is no longer ours is named', ({ path, pointer }) => {
  const lost = lostFields(applied, live(without(fields, path)), ['styrmin'])
  expect(lost).toEqual([{ pointer, manager: '', at: '' }])
})

test('who took a field is named, the last one of several', () => {
  const theirs = (manager: string, time: string): JsonObject => ({
    manager,
    time,
    operation: 'Update',
    fieldsV1: { 'f:spec': { 'f:replicas': {} } },
  })
  const object = live(without(fields, ['f:spec', 'f:replicas']), [
    theirs('kubectl', '2026-01-01T00:00:00Z'),
    theirs('k9s', '2026-01-02T00:00:00Z'),
  ])
  expect(lostFields(applied, object, ['styrmin'])).toEqual([
    { pointer: '/spec/replicas', manager: 'k9s', at: '2026-01-02T00:00:00Z' },
  ])
})

test('a field of either of our managers is ours', () => {
  const scale = { manager: 'styrmin-scale', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }
  const object = live(without(fields, ['f:spec', 'f:replicas']), [scale])
  expect(lostFields(applied, object, ['styrmin', 'styrmin-scale'])).toEqual([])
})

test('the digest changes with our fields and not with those of others or with the status', () => {
  const before = ownedFields(live(fields), ['styrmin'])
  const other = { manager: 'hpa', operation: 'Update', fieldsV1: { 'f:status': {} } }
  const status = { manager: 'styrmin', operation: 'Apply', subresource: 'status', fieldsV1: { 'f:status': {} } }
  expect(ownedFields(live(fields, [other, status]), ['styrmin'])).toBe(before)
  expect(ownedFields(live(without(fields, ['f:spec', 'f:replicas'])), ['styrmin'])).not.toBe(before)
  expect(ownedFields(applied, ['styrmin'])).not.toBe(before)
})
