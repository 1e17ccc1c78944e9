import { describe, expect, test } from 'vitest'
import { type Contract, configMap, corePath, deployment, failure, groupPath, versionOf } from './fixtures.ts'

/** Objects are made, read, replaced and refused. */
export function crudContract(contract: () => Contract): void {
  describe('objects', () => {
    test('a created object has a uid, a version and a time, and is read back the same', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      const made = await kube.post(maps, configMap('a', { k: 'v' }, { labels: { x: 'y' }, annotations: { n: '1' } }))
      expect(made.status).toBe(201)
      expect(made.body).toMatchObject({
        kind: 'ConfigMap',
        apiVersion: 'v1',
        metadata: {
          name: 'a',
          labels: { x: 'y' },
          annotations: { n: '1' },
          uid: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
          resourceVersion: expect.stringMatching(/^\d+$/),
          creationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        },
        data: { k: 'v' },
      })
      const read = await kube.get(`${maps}/a`)
      expect(read.status).toBe(200)
      expect(read.body).toEqual(made.body)
    })

    test('generateName is completed by the server', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'run-' } }
      const first = await kube.post(maps, body)
      const second = await kube.post(maps, body)
      expect(first.textAt('metadata', 'name')).toMatch(/^run-[a-z0-9]{5}$/)
      expect(first.at('metadata', 'name')).not.toBe(second.at('metadata', 'name'))
    })

    test('a missing object is 404 and says which', async () => {
      const { kube, namespace } = contract()
      const reply = await kube.get(corePath(await namespace(), 'configmaps', 'none'))
      expect(reply).toMatchObject(failure(404, 'NotFound'))
      expect(reply.body).toMatchObject({
        message: 'configmaps "none" not found',
        details: { name: 'none', kind: 'configmaps' },
      })
    })

    test('a missing object of a group names the group', async () => {
      const { kube, namespace } = contract()
      const reply = await kube.get(groupPath('apps/v1', await namespace(), 'deployments', 'none'))
      expect(reply).toMatchObject(failure(404, 'NotFound'))
      expect(reply.body).toMatchObject({
        message: 'deployments.apps "none" not found',
        details: { name: 'none', group: 'apps', kind: 'deployments' },
      })
    })

    test('a resource that the server does not know is 404', async () => {
      const { kube, namespace } = contract()
      const reply = await kube.get(corePath(await namespace(), 'widgets', 'none'))
      expect(reply.status).toBe(404)
    })

    test('a second object of the same name is 409 AlreadyExists', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      await kube.post(maps, configMap('a'))
      const reply = await kube.post(maps, configMap('a'))
      expect(reply).toMatchObject(failure(409, 'AlreadyExists'))
      expect(reply.body).toMatchObject({ details: { name: 'a', kind: 'configmaps' } })
    })

    test('an object of another namespace than its path is 400', async () => {
      const { kube, namespace } = contract()
      const reply = await kube.post(
        corePath(await namespace(), 'configmaps'),
        configMap('a', {}, { namespace: 'other' }),
      )
      expect(reply).toMatchObject(failure(400, 'BadRequest'))
    })

    test('a body that is no JSON is 400', async () => {
      const { kube, namespace } = contract()
      const reply = await kube.post(corePath(await namespace(), 'configmaps'), 'text')
      expect(reply).toMatchObject(failure(400, 'BadRequest'))
    })

    test('an object of another kind than its path is 400', async () => {
      const { kube, namespace } = contract()
      const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } }
      const reply = await kube.post(corePath(await namespace(), 'configmaps'), body)
      expect(reply).toMatchObject(failure(400, 'BadRequest'))
    })

    test('an invalid name is 422 with the field', async () => {
      const { kube, namespace } = contract()
      const reply = await kube.post(corePath(await namespace(), 'configmaps'), configMap('Not_A_Name'))
      expect(reply).toMatchObject(failure(422, 'Invalid'))
      expect(reply.body).toMatchObject({
        details: {
          name: 'Not_A_Name',
          kind: 'ConfigMap',
          causes: [{ reason: 'FieldValueInvalid', field: 'metadata.name' }],
        },
      })
    })

    test('a Deployment without selector and with a bad container is 422 with every field', async () => {
      const { kube, namespace } = contract()
      const body = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'bad' },
        spec: { template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'main' }] } } },
      }
      const reply = await kube.post(groupPath('apps/v1', await namespace(), 'deployments'), body)
      expect(reply).toMatchObject(failure(422, 'Invalid'))
      const causes = reply.at('details', 'causes')
      expect(causes).toEqual(
        expect.arrayContaining([expect.objectContaining({ reason: 'FieldValueRequired', field: 'spec.selector' })]),
      )
    })

    test('the selector of a Deployment cannot be changed', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments')
      const made = await kube.post(path, deployment('a', 0))
      const spec = {
        replicas: 0,
        selector: { matchLabels: { app: 'b' } },
        template: { metadata: { labels: { app: 'b' } }, spec: { containers: [{ name: 'main', image: 'x' }] } },
      }
      const reply = await kube.put(`${path}/a`, { ...made.body, spec, status: {} })
      expect(reply.status).toBe(422)
      expect(reply.at('details', 'causes', 0, 'field')).toBe('spec.selector')
    })

    test('a write with an old version is 409 Conflict and changes nothing', async () => {
      const { kube, namespace } = contract()
      const map = corePath(await namespace(), 'configmaps')
      const made = await kube.post(map, configMap('a', { k: '1' }))
      const next = await kube.put(`${map}/a`, { ...made.body, data: { k: '2' } })
      expect(next.status).toBe(200)
      expect(versionOf(next).version).not.toBe(versionOf(made).version)
      expect(versionOf(next).uid).toBe(versionOf(made).uid)
      const late = await kube.put(`${map}/a`, { ...made.body, data: { k: '3' } })
      expect(late).toMatchObject(failure(409, 'Conflict'))
      expect(late.body).toMatchObject({ details: { name: 'a', kind: 'configmaps' } })
      expect((await kube.get(`${map}/a`)).at('data', 'k')).toBe('2')
    })

    test('a write without a version replaces what is there', async () => {
      const { kube, namespace } = contract()
      const map = corePath(await namespace(), 'configmaps')
      await kube.post(map, configMap('a', { old: '1' }))
      const reply = await kube.put(`${map}/a`, configMap('a', { new: '2' }))
      expect(reply.status).toBe(200)
      expect(reply.at('data')).toEqual({ new: '2' })
    })

    test('a write of an equal object keeps its version', async () => {
      const { kube, namespace } = contract()
      const map = corePath(await namespace(), 'configmaps')
      const made = await kube.post(map, configMap('a', { k: '1' }))
      const same = await kube.put(`${map}/a`, made.body)
      expect(versionOf(same)).toEqual(versionOf(made))
    })

    test('a write with another uid is 409', async () => {
      const { kube, namespace } = contract()
      const map = corePath(await namespace(), 'configmaps')
      await kube.post(map, configMap('a'))
      const reply = await kube.put(`${map}/a`, configMap('a', {}, { uid: '00000000-0000-0000-0000-000000000000' }))
      expect(reply).toMatchObject(failure(409, 'Conflict'))
    })

    test('a write to a missing object is 404', async () => {
      const { kube, namespace } = contract()
      const reply = await kube.put(corePath(await namespace(), 'configmaps', 'a'), configMap('a'))
      expect(reply).toMatchObject(failure(404, 'NotFound'))
    })

    test('an immutable ConfigMap refuses other data', async () => {
      const { kube, namespace } = contract()
      const map = corePath(await namespace(), 'configmaps')
      const made = await kube.post(map, { ...configMap('a', { k: '1' }), immutable: true })
      const reply = await kube.put(`${map}/a`, { ...made.body, data: { k: '2' } })
      expect(reply).toMatchObject(failure(422, 'Invalid'))
      expect(reply.at('details', 'causes', 0)).toMatchObject({ reason: 'FieldValueForbidden', field: 'data' })
    })

    test('a dry run answers as if done and stores nothing', async () => {
      const { kube, namespace } = contract()
      const map = corePath(await namespace(), 'configmaps')
      expect((await kube.post(`${map}?dryRun=All`, configMap('a'))).status).toBe(201)
      expect((await kube.get(`${map}/a`)).status).toBe(404)
    })

    test('stringData of a Secret is stored as base64 data', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, stringData: { k: 'v' } }
      const made = await kube.post(secrets, body)
      expect(made.body).toMatchObject({ type: 'Opaque', data: { k: 'dg==' } })
      expect(made.at('stringData')).toBeUndefined()
    })

    test('an object in a missing namespace is 404', async () => {
      const { kube } = contract()
      const reply = await kube.post(corePath('no-such-namespace', 'configmaps'), configMap('a'))
      expect(reply).toMatchObject(failure(404, 'NotFound'))
      expect(reply.body).toMatchObject({ details: { name: 'no-such-namespace', kind: 'namespaces' } })
    })

    test('strict field validation names an unknown field', async () => {
      const { kube, namespace } = contract()
      const map = corePath(await namespace(), 'configmaps')
      const body = { ...configMap('a'), wrong: 1 }
      const strict = await kube.post(`${map}?fieldValidation=Strict`, body)
      expect(strict).toMatchObject(failure(400, 'BadRequest'))
      expect(strict.at('message')).toContain('unknown field "wrong"')
      const loose = await kube.post(map, body)
      expect(loose.status).toBe(201)
      expect(loose.at('wrong')).toBeUndefined()
    })
  })

  describe('generation and status', () => {
    test('generation grows with the spec, not with metadata', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments')
      const made = await kube.post(path, deployment('a', 0))
      expect(versionOf(made).generation).toBe(1)
      const labelled = await kube.patch(`${path}/a`, { metadata: { labels: { x: 'y' } } }, 'merge')
      expect(versionOf(labelled).generation).toBe(1)
      const changed = await kube.patch(`${path}/a`, { spec: { minReadySeconds: 1 } }, 'merge')
      expect(versionOf(changed).generation).toBe(2)
    })

    test('status is not written with the object, and only status by its subresource', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'persistentvolumeclaims')
      const claim = {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'a' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'none',
          resources: { requests: { storage: '1Gi' } },
        },
        status: { phase: 'Lost' },
      }
      expect((await kube.post(path, claim)).at('status', 'phase')).toBe('Pending')
      const patch = { metadata: { labels: { x: 'y' } }, spec: { volumeName: 'v' }, status: { phase: 'Lost' } }
      const reply = await kube.patch(`${path}/a/status`, patch, 'merge')
      expect(reply.status).toBe(200)
      expect(reply.at('status', 'phase')).toBe('Lost')
      expect(reply.at('spec', 'volumeName')).toBeUndefined()
    })

    test('a status write of a Deployment leaves spec and generation alone', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('apps/v1', await namespace(), 'deployments')
      await kube.post(path, { ...deployment('a', 0), spec: { ...Object(deployment('a', 0)['spec']), paused: true } })
      const patch = { spec: { minReadySeconds: 9 }, status: { collisionCount: 3 } }
      const reply = await kube.patch(`${path}/a/status`, patch, 'merge')
      expect(reply.status).toBe(200)
      expect(reply.at('status', 'collisionCount')).toBe(3)
      expect(reply.at('spec', 'minReadySeconds')).toBeUndefined()
      expect(versionOf(reply).generation).toBe(1)
    })
  })
}
