import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/util/json.ts'
import { compareText, listAt, textAt } from '../../../src/util/json.ts'
import { type Contract, configMap, corePath, deployment, failure, groupPath, versionOf } from './fixtures.ts'
import type { Reply } from './http.ts'

/** Server-side apply: who owns which field, and what a conflict says. */
export function applyContract(contract: () => Contract): void {
  describe('server-side apply', () => {
    test('creates an object and records who owns which field', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      const made = await kube.apply(path, 'one', configMap('a', { k: '1' }, { labels: { x: 'y' } }))
      expect(made.status).toBe(201)
      expect(made.at('metadata', 'managedFields')).toEqual([
        {
          manager: 'one',
          operation: 'Apply',
          apiVersion: 'v1',
          time: expect.stringMatching(/^\d{4}-/),
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { 'f:k': {} }, 'f:metadata': { 'f:labels': { 'f:x': {} } } },
        },
      ])
    })

    test('records a plain create and update as operation Update with the field manager of the request', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      const made = await kube.post(`${maps}?fieldManager=writer`, configMap('a', { k: '1' }))
      expect(managers(made)).toEqual([
        { manager: 'writer', operation: 'Update', fields: { 'f:data': { '.': {}, 'f:k': {} } } },
      ])
      const other = await kube.patch(`${maps}/a?fieldManager=other`, { data: { l: '2' } }, 'merge')
      expect(managers(other)).toEqual([
        { manager: 'other', operation: 'Update', fields: { 'f:data': { 'f:l': {} } } },
        { manager: 'writer', operation: 'Update', fields: { 'f:data': { '.': {}, 'f:k': {} } } },
      ])
    })

    test('needs a field manager', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      expect((await kube.patch(path, configMap('a'), 'apply')).status).toBe(422)
    })

    test('of the same again keeps the version', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      const first = await kube.apply(path, 'one', configMap('a', { k: '1' }))
      const second = await kube.apply(path, 'one', configMap('a', { k: '1' }))
      expect(second.status).toBe(200)
      expect(versionOf(second)).toEqual(versionOf(first))
      expect(second.at('metadata', 'managedFields')).toEqual(first.at('metadata', 'managedFields'))
    })

    test('by two managers of different fields merges', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      await kube.apply(path, 'one', configMap('a', { k: '1' }))
      const both = await kube.apply(path, 'two', configMap('a', { l: '2' }))
      expect(both.at('data')).toEqual({ k: '1', l: '2' })
      expect(managers(both)).toEqual([
        { manager: 'one', operation: 'Apply', fields: { 'f:data': { 'f:k': {} } } },
        { manager: 'two', operation: 'Apply', fields: { 'f:data': { 'f:l': {} } } },
      ])
    })

    test('of a field that another manager owns with another value is 409 and names both', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      await kube.apply(path, 'one', configMap('a', { k: '1', l: '1' }))
      const reply = await kube.apply(path, 'two', configMap('a', { k: '2', l: '2' }))
      expect(reply).toMatchObject(failure(409, 'Conflict'))
      expect(reply.at('details', 'causes')).toEqual([
        { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.k' },
        { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.l' },
      ])
      expect(reply.textAt('message')).toContain('.data.k')
      expect((await kube.get(path)).at('data')).toEqual({ k: '1', l: '1' })
    })

    test('conflicts with a plain update of the same manager name', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      await kube.apply(path, 'one', configMap('a', { k: '1' }))
      await kube.patch(`${path}?fieldManager=hand`, { data: { k: '2' } }, 'merge')
      const reply = await kube.apply(path, 'one', configMap('a', { k: '1' }))
      expect(reply).toMatchObject(failure(409, 'Conflict'))
      expect(reply.at('details', 'causes', 0)).toMatchObject({
        reason: 'FieldManagerConflict',
        message: expect.stringMatching(/^conflict with "hand" using v1/),
        field: '.data.k',
      })
    })

    test('by force takes the field over', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      await kube.apply(path, 'one', configMap('a', { k: '1', l: '1' }))
      const reply = await kube.apply(path, 'two', configMap('a', { k: '2' }), '&force=true')
      expect(reply.status).toBe(200)
      expect(reply.at('data')).toEqual({ k: '2', l: '1' })
      expect(managers(reply)).toEqual([
        { manager: 'one', operation: 'Apply', fields: { 'f:data': { 'f:l': {} } } },
        { manager: 'two', operation: 'Apply', fields: { 'f:data': { 'f:k': {} } } },
      ])
    })

    test('of an equal value shares the field, and it goes only when its last owner lets go', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      await kube.apply(path, 'one', configMap('a', { k: '1', m: '1' }))
      const shared = await kube.apply(path, 'two', configMap('a', { k: '1' }))
      expect(shared.status).toBe(200)
      expect((await kube.apply(path, 'one', configMap('a', { m: '1' }))).at('data')).toEqual({ k: '1', m: '1' })
      const none = await kube.apply(path, 'two', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } })
      expect(none.at('data')).toEqual({ m: '1' })
      expect(managers(none).map(({ manager }) => manager)).toEqual(['one'])
    })

    test('removes a field that its only owner no longer applies', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      await kube.apply(path, 'one', configMap('a', { k: '1', l: '2' }, { labels: { x: '1', y: '2' } }))
      const reply = await kube.apply(path, 'one', configMap('a', { k: '1' }, { labels: { x: '1' } }))
      expect(reply.at('data')).toEqual({ k: '1' })
      expect(reply.at('metadata', 'labels')).toEqual({ x: '1' })
    })

    test('leaves a field that a plain update has added', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      await kube.apply(path, 'one', configMap('a', { k: '1' }))
      await kube.patch(`${path}?fieldManager=hand`, { data: { l: '2' } }, 'merge')
      const reply = await kube.apply(path, 'one', configMap('a', { k: '3' }))
      expect(reply.at('data')).toEqual({ k: '3', l: '2' })
    })

    test('as a dry run answers the result and stores nothing', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      await kube.apply(path, 'one', configMap('a', { k: '1' }))
      const reply = await kube.apply(path, 'one', configMap('a', { k: '2' }), '&dryRun=All')
      expect(reply.at('data')).toEqual({ k: '2' })
      expect((await kube.get(path)).at('data')).toEqual({ k: '1' })
    })

    test('refuses managed fields in what is applied', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      const made = await kube.apply(path, 'one', configMap('a', { k: '1' }))
      expect((await kube.apply(path, 'one', made.body)).status).toBe(400)
    })

    test('with an old version is 409', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      const made = await kube.apply(path, 'one', configMap('a', { k: '1' }))
      await kube.apply(path, 'one', configMap('a', { k: '2' }))
      const metadata = { resourceVersion: versionOf(made).version }
      expect(await kube.apply(path, 'one', configMap('a', { k: '3' }, metadata))).toMatchObject(
        failure(409, 'Conflict'),
      )
    })

    test('of another name than the path is 400', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      expect((await kube.apply(path, 'one', configMap('b'))).status).toBe(400)
    })

    test('of a field the kind does not have is refused, with the field named', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      const reply = await kube.apply(path, 'one', { ...configMap('a'), wrong: 1 })
      expect(reply.status).toBe(500)
      expect(reply.textAt('message')).toContain('.wrong: field not declared in schema')
    })
  })

  describe('server-side apply of lists', () => {
    test('merges containers by name', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments', 'a')
      await kube.apply(path, 'one', deployment('a', 0))
      const side = withContainers([{ name: 'side', image: 'side:1' }])
      const both = await kube.apply(path, 'two', side)
      expect(both.status).toBe(200)
      expect(containers(both).map((one) => one['name'])).toEqual(['main', 'side'])
      const alone = await kube.apply(path, 'two', withContainers([{ name: 'other', image: 'other:1' }]))
      expect(containers(alone).map((one) => one['name'])).toEqual(['main', 'other'])
    })

    test('records list items by their key', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments', 'a')
      const container = {
        name: 'main',
        image: 'main:1',
        env: [{ name: 'A', value: '1' }],
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        args: ['x'],
      }
      const made = await kube.apply(path, 'one', { ...deployment('a', 0), ...specOf([container]) })
      expect(managers(made)[0]?.fields).toEqual({
        'f:spec': {
          'f:replicas': {},
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"main"}': {
                  '.': {},
                  'f:name': {},
                  'f:image': {},
                  'f:args': {},
                  'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
                  'f:ports': {
                    'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
                  },
                },
              },
            },
          },
        },
      })
    })

    test('merges env by name and keeps what another manager set', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments', 'a')
      const main = { name: 'main', image: 'main:1' }
      await kube.apply(path, 'one', {
        ...deployment('a', 0),
        ...specOf([{ ...main, env: [{ name: 'A', value: '1' }] }]),
      })
      await kube.apply(path, 'two', withContainers([{ name: 'main', env: [{ name: 'B', value: '2' }] }]))
      const reply = await kube.apply(path, 'one', {
        ...deployment('a', 0),
        ...specOf([{ ...main, env: [{ name: 'C', value: '3' }] }]),
      })
      expect(containers(reply)[0]?.['env']).toEqual([
        { name: 'B', value: '2' },
        { name: 'C', value: '3' },
      ])
    })

    test('names the list item in a conflict', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments', 'a')
      await kube.apply(path, 'one', deployment('a', 0))
      const reply = await kube.apply(path, 'two', withContainers([{ name: 'main', image: 'other:1' }]))
      expect(reply).toMatchObject(failure(409, 'Conflict'))
      expect(reply.at('details', 'causes', 0, 'field')).toBe('.spec.template.spec.containers[name="main"].image')
    })

    test('replaces an atomic list as a whole', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments', 'a')
      const main = { name: 'main', image: 'main:1' }
      await kube.apply(path, 'one', { ...deployment('a', 0), ...specOf([{ ...main, args: ['x', 'y'] }]) })
      const reply = await kube.apply(path, 'one', { ...deployment('a', 0), ...specOf([{ ...main, args: ['z'] }]) })
      expect(containers(reply)[0]?.['args']).toEqual(['z'])
    })

    test('merges finalizers as a set', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps', 'a')
      await kube.apply(path, 'one', configMap('a', {}, { finalizers: ['x.test/one'] }))
      const both = await kube.apply(path, 'two', configMap('a', {}, { finalizers: ['x.test/two'] }))
      expect(both.at('metadata', 'finalizers')).toEqual(['x.test/one', 'x.test/two'])
      const one = await kube.apply(path, 'one', configMap('a'))
      expect(one.at('metadata', 'finalizers')).toEqual(['x.test/two'])
      await kube.patch(path, { metadata: { finalizers: null } }, 'merge')
    })

    test('gives replicas up to a scaler without a change of the value', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments', 'a')
      await kube.apply(path, 'one', deployment('a', 0))
      await kube.patch(`${path}/scale?fieldManager=scaler`, { spec: { replicas: 2 } }, 'merge')
      const conflict = await kube.apply(path, 'one', deployment('a', 0))
      expect(conflict.at('details', 'causes', 0, 'field')).toBe('.spec.replicas')
      const { spec, ...rest } = deployment('a', 0)
      const { replicas: _, ...others } = Object(spec) as JsonObject
      const reply = await kube.apply(path, 'one', { ...rest, spec: others })
      expect(reply.status).toBe(200)
      expect(reply.at('spec', 'replicas')).toBe(2)
    })

    test('applies status through its subresource with an entry of its own', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments', 'a')
      const { spec } = deployment('a', 0)
      await kube.apply(path, 'one', { ...deployment('a', 0), spec: { ...Object(spec), paused: true } })
      const status = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'a' },
        status: { collisionCount: 4 },
      }
      const reply = await kube.apply(`${path}/status`, 'one', status)
      expect(reply.status).toBe(200)
      expect(reply.at('status', 'collisionCount')).toBe(4)
      expect(reply.at('spec', 'paused')).toBe(true)
      const entries = listAt(reply.body, 'metadata', 'managedFields')
      expect(entries).toContainEqual(
        expect.objectContaining({
          manager: 'one',
          operation: 'Apply',
          subresource: 'status',
          fieldsV1: { 'f:status': { 'f:collisionCount': {} } },
        }),
      )
    })
  })
}

interface Managed {
  readonly manager: string
  readonly operation: string
  readonly fields: unknown
}

/** Who manages what, by manager; without times, which differ from run to run. */
function managers(reply: Reply): readonly Managed[] {
  return listAt(reply.body, 'metadata', 'managedFields')
    .map((entry) => Object(entry) as JsonObject)
    .map((entry) => ({
      manager: textAt(entry, 'manager') ?? '',
      operation: textAt(entry, 'operation') ?? '',
      fields: entry['fieldsV1'],
    }))
    .sort((a, b) => compareText(a.manager, b.manager))
}

function containers(reply: Reply): readonly JsonObject[] {
  return listAt(reply.body, 'spec', 'template', 'spec', 'containers').map((one) => Object(one) as JsonObject)
}

/** Only containers, as a second manager would apply them. */
function withContainers(list: readonly JsonObject[]): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: { template: { spec: { containers: list } } },
  }
}

function specOf(list: readonly JsonObject[]): JsonObject {
  return {
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'a' } },
      template: { metadata: { labels: { app: 'a' } }, spec: { containers: list } },
    },
  }
}
