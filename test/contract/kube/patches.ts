import { describe, expect, test } from 'vitest'
import { type Contract, configMap, corePath, deployment, failure, groupPath, versionOf } from './fixtures.ts'

/** Merge, JSON and strategic patches. */
export function patchContract(contract: () => Contract): void {
  describe('patches', () => {
    test('a merge patch sets, adds and with null removes', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      await kube.post(maps, configMap('a', { keep: '1', change: '1', drop: '1' }))
      const reply = await kube.patch(`${maps}/a`, { data: { change: '2', drop: null, add: '3' } }, 'merge')
      expect(reply.status).toBe(200)
      expect(reply.at('data')).toEqual({ keep: '1', change: '2', add: '3' })
    })

    test('a merge patch replaces lists', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments')
      await kube.post(path, deployment('a', 0))
      const patch = { spec: { template: { spec: { containers: [{ name: 'other', image: 'other:1' }] } } } }
      const reply = await kube.patch(`${path}/a`, patch, 'merge')
      expect(reply.at('spec', 'template', 'spec', 'containers')).toMatchObject([{ name: 'other' }])
    })

    test('a strategic patch merges containers by name', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments')
      await kube.post(path, deployment('a', 0))
      const patch = { spec: { template: { spec: { containers: [{ name: 'main', image: 'other:1' }] } } } }
      const reply = await kube.patch(`${path}/a`, patch, 'strategic')
      expect(reply.at('spec', 'template', 'spec', 'containers')).toMatchObject([{ name: 'main', image: 'other:1' }])
    })

    test('a JSON patch tests, adds, replaces and removes', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      await kube.post(maps, configMap('a', { k: '1', l: '1' }))
      const patch = [
        { op: 'test', path: '/data/k', value: '1' },
        { op: 'replace', path: '/data/k', value: '2' },
        { op: 'remove', path: '/data/l' },
        { op: 'add', path: '/data/x~1y', value: '3' },
      ]
      const slash = await kube.patch(`${maps}/a`, patch, 'json')
      expect(slash.status).toBe(422)
      const reply = await kube.patch(
        `${maps}/a`,
        [...patch.slice(0, 3), { op: 'add', path: '/data/m', value: '3' }],
        'json',
      )
      expect(reply.status).toBe(200)
      expect(reply.at('data')).toEqual({ k: '2', m: '3' })
    })

    test('a JSON patch whose test fails is 422 and changes nothing', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      await kube.post(maps, configMap('a', { k: '1' }))
      const patch = [
        { op: 'replace', path: '/data/k', value: '2' },
        { op: 'test', path: '/data/k', value: 'other' },
      ]
      expect(await kube.patch(`${maps}/a`, patch, 'json')).toMatchObject(failure(422, 'Invalid'))
      expect((await kube.get(`${maps}/a`)).at('data', 'k')).toBe('1')
    })

    test('a patch that changes nothing keeps the version', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      const made = await kube.post(maps, configMap('a', { k: '1' }))
      expect(versionOf(await kube.patch(`${maps}/a`, { data: { k: '1' } }, 'merge'))).toEqual(versionOf(made))
    })

    test('a patch with an old version is 409', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      const made = await kube.post(maps, configMap('a', { k: '1' }))
      await kube.patch(`${maps}/a`, { data: { k: '2' } }, 'merge')
      const patch = { metadata: { resourceVersion: versionOf(made).version }, data: { k: '3' } }
      expect(await kube.patch(`${maps}/a`, patch, 'merge')).toMatchObject(failure(409, 'Conflict'))
    })

    test('a patch of a missing object is 404', async () => {
      const { kube, namespace } = contract()
      const reply = await kube.patch(corePath(await namespace(), 'configmaps', 'a'), { data: {} }, 'merge')
      expect(reply).toMatchObject(failure(404, 'NotFound'))
    })

    test('a patch of an unknown type is 415', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      await kube.post(maps, configMap('a'))
      const reply = await kube.patch(`${maps}/a`, {}, 'merge', { type: 'text/plain' })
      expect(reply).toMatchObject(failure(415, 'UnsupportedMediaType'))
    })

    test('a patch that makes the object invalid is 422 with the field', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments')
      await kube.post(path, deployment('a', 0))
      const reply = await kube.patch(`${path}/a`, { spec: { replicas: -1 } }, 'merge')
      expect(reply).toMatchObject(failure(422, 'Invalid'))
      expect(reply.at('details', 'causes', 0, 'field')).toBe('spec.replicas')
    })
  })
}
