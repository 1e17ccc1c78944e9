import { describe, expect, test } from 'vitest'
import { eventually } from '../../cluster/wait.ts'
import type { JsonObject } from '../../../src/util/json.ts'
import { at, listAt } from '../../../src/util/json.ts'
import { type Contract, failure, versionOf } from './fixtures.ts'
import type { KubeHttp, Reply } from './http.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** Custom resources: made known, checked, completed and shown as their definition says. */
export function crdContract(contract: () => Contract): void {
  describe('custom resource definitions', () => {
    test('become established and are served and discovered', async () => {
      const { kube } = contract()
      const { group, name } = await define(kube)
      const definition = await kube.get(`${CRDS}/${name}`)
      expect(listAt(definition.body, 'status', 'conditions')).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ type: 'NamesAccepted', status: 'True' }),
          expect.objectContaining({ type: 'Established', status: 'True' }),
        ]),
      )
      expect(definition.at('status', 'acceptedNames')).toMatchObject({ plural: 'widgets', kind: 'Widget' })
      expect(definition.at('status', 'storedVersions')).toEqual(['v1'])
      const resources = await eventually({ what: 'the group is discovered' }, async () => {
        const reply = await kube.get(`/apis/${group}/v1`)
        return reply.status === 200 ? reply : undefined
      })
      expect(listAt(resources.body, 'resources')).toEqual([
        expect.objectContaining({ name: 'widgets', kind: 'Widget', namespaced: true, shortNames: ['wd'] }),
        expect.objectContaining({ name: 'widgets/status', kind: 'Widget' }),
      ])
    })

    test('without a schema are refused', async () => {
      const { kube } = contract()
      const { group, body } = definitionOf()
      const version = { name: 'v1', served: true, storage: true }
      const spec = { ...Object(body['spec']), versions: [version] }
      expect(await kube.post(CRDS, { ...body, spec })).toMatchObject(failure(422, 'Invalid'))
      expect(group).not.toBe('')
    })

    test('whose name is not plural and group are refused', async () => {
      const { kube } = contract()
      const { body } = definitionOf()
      const reply = await kube.post(CRDS, { ...body, metadata: { name: 'other.x.test' } })
      expect(reply).toMatchObject(failure(422, 'Invalid'))
      expect(listAt(reply.body, 'details', 'causes').map((cause) => at(cause, 'field'))).toContain('metadata.name')
    })

    test('deleted take their objects with them', async () => {
      const { kube, namespace } = contract()
      const { group, name } = await define(kube)
      const path = await widgets(contract(), group, namespace)
      await kube.post(path, widget(group, 'a'))
      expect((await kube.delete(`${CRDS}/${name}`)).status).toBe(200)
      await eventually({ what: 'the definition is gone' }, async () => {
        return (await kube.get(`${CRDS}/${name}`)).status === 404 || undefined
      })
      expect((await kube.get(`${path}/a`)).status).toBe(404)
    })
  })

  describe('custom resources', () => {
    let shared: Promise<Defined> | undefined
    const group = async (): Promise<string> => {
      shared ??= define(contract().kube)
      return (await shared).group
    }
    const open = async (): Promise<{ readonly kube: KubeHttp; readonly path: string; readonly group: string }> => {
      const name = await group()
      return { kube: contract().kube, group: name, path: await widgets(contract(), name, contract().namespace) }
    }

    test('are made with defaults, and unknown fields are dropped', async () => {
      const { kube, path, group } = await open()
      const made = await kube.post(path, widget(group, 'a', { unknown: 1, nested: { also: true } }))
      expect(made.status).toBe(201)
      expect(made.at('spec')).toEqual({ size: 1, color: 'red', nested: { depth: 7 } })
      expect(versionOf(made).generation).toBe(1)
      expect((await kube.get(`${path}/a`)).body).toEqual(made.body)
    })

    test('keep unknown fields where the schema says so', async () => {
      const { kube, path, group } = await open()
      const made = await kube.post(path, widget(group, 'a', { free: { any: [1, { x: 'y' }] } }))
      expect(made.at('spec', 'free')).toEqual({ any: [1, { x: 'y' }] })
    })

    test.for([
      { name: 'a wrong type', spec: { size: 'big' }, field: 'spec.size', reason: 'FieldValueTypeInvalid' },
      { name: 'a number over the maximum', spec: { size: 11 }, field: 'spec.size', reason: 'FieldValueInvalid' },
      {
        name: 'a value that is no choice',
        spec: { color: 'pink' },
        field: 'spec.color',
        reason: 'FieldValueNotSupported',
      },
      { name: 'a text that does not match', spec: { code: 'abc' }, field: 'spec.code', reason: 'FieldValueInvalid' },
      { name: 'a missing required field', spec: { size: null }, field: 'spec.size', reason: 'FieldValueRequired' },
      { name: 'a broken rule', spec: { size: 2, limit: 1 }, field: 'spec', reason: 'FieldValueInvalid' },
      { name: 'a wrong list item', spec: { tags: ['ok', 5] }, field: 'spec.tags[1]', reason: 'FieldValueTypeInvalid' },
    ])('with $name are 422 and name the field', async ({ spec, field, reason }) => {
      const { kube, path, group } = await open()
      const reply = await kube.post(path, widget(group, 'a', spec))
      expect(reply).toMatchObject(failure(422, 'Invalid'))
      expect(reply.body).toMatchObject({ details: { name: 'a', group, kind: 'Widget' } })
      expect(listAt(reply.body, 'details', 'causes')).toContainEqual(expect.objectContaining({ reason, field }))
    })

    test('report a broken rule in its own words', async () => {
      const { kube, path, group } = await open()
      const reply = await kube.post(path, widget(group, 'a', { size: 2, limit: 1 }))
      expect(reply.textAt('details', 'causes', 0, 'message')).toContain('size must not exceed limit')
    })

    test('keep a field that a transition rule calls fixed', async () => {
      const { kube, path, group } = await open()
      await kube.post(path, widget(group, 'a', { fixed: 'x' }))
      const reply = await kube.patch(`${path}/a`, { spec: { fixed: 'y' } }, 'merge')
      expect(reply).toMatchObject(failure(422, 'Invalid'))
      expect(reply.at('details', 'causes', 0, 'field')).toBe('spec.fixed')
      expect(reply.textAt('details', 'causes', 0, 'message')).toContain('fixed cannot change')
      expect((await kube.patch(`${path}/a`, { spec: { size: 3 } }, 'merge')).status).toBe(200)
    })

    test('with strict validation are refused for an unknown field', async () => {
      const { kube, path, group } = await open()
      const reply = await kube.post(`${path}?fieldValidation=Strict`, widget(group, 'a', { unknown: 1 }))
      expect(reply).toMatchObject(failure(400, 'BadRequest'))
      expect(reply.textAt('message')).toContain('unknown field "spec.unknown"')
    })

    test('have a generation for the spec, and a status apart', async () => {
      const { kube, path, group } = await open()
      const made = await kube.post(path, { ...widget(group, 'a'), status: { phase: 'Early' } })
      expect(made.at('status')).toBeUndefined()
      const status = await kube.patch(`${path}/a/status`, { spec: { size: 5 }, status: { phase: 'Done' } }, 'merge')
      expect(status.at('status', 'phase')).toBe('Done')
      expect(status.at('spec', 'size')).toBe(1)
      expect(versionOf(status).generation).toBe(1)
      expect(versionOf(status).version).not.toBe(versionOf(made).version)
      const spec = await kube.patch(`${path}/a`, { spec: { size: 5 }, status: { phase: 'Undone' } }, 'merge')
      expect(spec.at('status', 'phase')).toBe('Done')
      expect(versionOf(spec).generation).toBe(2)
      const labelled = await kube.patch(`${path}/a`, { metadata: { labels: { x: 'y' } } }, 'merge')
      expect(versionOf(labelled).generation).toBe(2)
    })

    test('refuse an invalid status', async () => {
      const { kube, path, group } = await open()
      await kube.post(path, widget(group, 'a'))
      const reply = await kube.patch(`${path}/a/status`, { status: { phase: 5 } }, 'merge')
      expect(reply).toMatchObject(failure(422, 'Invalid'))
      expect(reply.at('details', 'causes', 0, 'field')).toBe('status.phase')
    })

    test('refuse an old version and a strategic patch', async () => {
      const { kube, path, group } = await open()
      const made = await kube.post(path, widget(group, 'a'))
      await kube.patch(`${path}/a`, { spec: { size: 2 } }, 'merge')
      expect(await kube.put(`${path}/a`, made.body)).toMatchObject(failure(409, 'Conflict'))
      const strategic = await kube.patch(`${path}/a`, { spec: { size: 3 } }, 'strategic')
      expect(strategic).toMatchObject(failure(415, 'UnsupportedMediaType'))
    })

    test('need a version to be replaced', async () => {
      const { kube, path, group } = await open()
      await kube.post(path, widget(group, 'a'))
      const reply = await kube.put(`${path}/a`, widget(group, 'a', { size: 2 }))
      expect(reply).toMatchObject(failure(422, 'Invalid'))
      expect(reply.at('details', 'causes', 0, 'field')).toBe('metadata.resourceVersion')
    })

    test('are applied with owners by field, and keyed lists merge', async () => {
      const { kube, path, group } = await open()
      const one = await kube.apply(`${path}/a`, 'one', widget(group, 'a', { parts: [{ name: 'p', weight: 1 }] }))
      expect(one.status).toBe(201)
      const entry = listAt(one.body, 'metadata', 'managedFields')[0]
      expect(at(entry, 'fieldsV1')).toEqual({
        'f:spec': {
          'f:size': {},
          'f:parts': { 'k:{"name":"p"}': { '.': {}, 'f:name': {}, 'f:weight': {} } },
        },
      })
      const parts = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'a' } }
      const both = await kube.apply(`${path}/a`, 'two', { ...parts, spec: { parts: [{ name: 'q', weight: 2 }] } })
      expect(both.at('spec', 'parts')).toEqual([
        { name: 'p', weight: 1 },
        { name: 'q', weight: 2 },
      ])
      const conflict = await kube.apply(`${path}/a`, 'two', { ...parts, spec: { size: 9 } })
      expect(conflict).toMatchObject(failure(409, 'Conflict'))
      expect(conflict.at('details', 'causes')).toEqual([
        { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.size' },
      ])
      const again = await kube.apply(`${path}/a`, 'one', widget(group, 'a', { parts: [{ name: 'p', weight: 1 }] }))
      expect(again.status).toBe(200)
    })

    test('are watched with their kind', async () => {
      const { kube, path, group } = await open()
      const { version } = versionOf(await kube.get(path))
      const watch = await kube.watch(`${path}?watch=true&resourceVersion=${version}`)
      const made = await kube.post(path, widget(group, 'a'))
      expect(await watch.next()).toEqual({ type: 'ADDED', object: made.body })
      watch.close()
    })

    test('are shown as a table with the columns of their definition', async () => {
      const { kube, path, group } = await open()
      await kube.post(path, widget(group, 'a', { size: 4 }))
      const table = await kube.get(path, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
      expect(table.body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' })
      expect(listAt(table.body, 'columnDefinitions').map((column) => at(column, 'name'))).toEqual([
        'Name',
        'Size',
        'Phase',
        'Age',
      ])
      expect(listAt(table.body, 'columnDefinitions').map((column) => at(column, 'priority'))).toEqual([0, 0, 1, 0])
      const cells = listAt(table.body, 'rows', 0, 'cells')
      expect(cells.slice(0, 2)).toEqual(['a', 4])
      expect(table.at('rows', 0, 'object')).toMatchObject({
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { name: 'a' },
      })
    })
  })

  describe('tables', () => {
    test('of built-in resources name them too', async () => {
      const { kube, namespace } = contract()
      const name = await namespace()
      const table = await kube.get(`/api/v1/namespaces/${name}`, {
        accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
      })
      expect(table.at('kind')).toBe('Table')
      expect(table.at('columnDefinitions', 0, 'name')).toBe('Name')
      expect(table.at('rows', 0, 'cells', 0)).toBe(name)
    })
  })
}

interface Defined {
  readonly group: string
  readonly name: string
}

/** Makes a definition in a group of its own and waits until its objects can be made. */
async function define(kube: KubeHttp): Promise<Defined> {
  const { group, name, body } = definitionOf()
  const made = await kube.post(CRDS, body)
  if (made.status !== 201) throw new Error(made.text)
  await eventually({ what: `${name} is established` }, async () => established(await kube.get(`${CRDS}/${name}`)))
  await eventually({ what: `${name} is served` }, async () => {
    return (await kube.get(`/apis/${group}/v1/widgets`)).status === 200 || undefined
  })
  return { group, name }
}

function established(reply: Reply): true | undefined {
  const conditions = listAt(reply.body, 'status', 'conditions')
  return conditions.some((one) => at(one, 'type') === 'Established' && at(one, 'status') === 'True') || undefined
}

async function widgets({ kube }: Contract, group: string, namespace: Contract['namespace']): Promise<string> {
  const path = `/apis/${group}/v1/namespaces/${await namespace()}/widgets`
  await eventually({ what: `${path} is served` }, async () => (await kube.get(path)).status === 200 || undefined)
  return path
}

function widget(group: string, name: string, spec: JsonObject = {}): JsonObject {
  return { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name }, spec: { size: 1, ...spec } }
}

function definitionOf(): Defined & { readonly body: JsonObject } {
  const group = `t${Math.random().toString(36).slice(2, 10)}.contract.test`
  const name = `widgets.${group}`
  const body = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wd'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: SCHEMA },
          additionalPrinterColumns: [
            { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
            { name: 'Phase', type: 'string', jsonPath: '.status.phase', priority: 1 },
            { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          ],
        },
      ],
    },
  }
  return { group, name, body }
}

const SCHEMA = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 10 },
        limit: { type: 'integer' },
        color: { type: 'string', enum: ['red', 'green'], default: 'red' },
        code: { type: 'string', pattern: '^[0-9]+$' },
        fixed: {
          type: 'string',
          'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'fixed cannot change' }],
        },
        tags: { type: 'array', items: { type: 'string' } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        nested: { type: 'object', default: {}, properties: { depth: { type: 'integer', default: 7 } } },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, weight: { type: 'integer' } },
          },
        },
      },
      'x-kubernetes-validations': [
        { rule: '!has(self.limit) || self.size <= self.limit', message: 'size must not exceed limit' },
      ],
    },
    status: { type: 'object', properties: { phase: { type: 'string' } } },
  },
} as const
