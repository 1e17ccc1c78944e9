import { describe, expect, test } from 'vitest'
import { eventually } from '../../cluster/wait.ts'
import { type Contract, configMap, corePath, failure, secret, versionOf } from './fixtures.ts'
import type { KubeHttp, Reply } from './http.ts'

/** Deletion: at once, after finalizers, with preconditions, and what becomes of dependents. */
export function deletionContract(contract: () => Contract): void {
  describe('deletion', () => {
    test('without finalizers is done at once and says so', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      const made = await kube.post(maps, configMap('a'))
      const reply = await kube.delete(`${maps}/a`)
      expect(reply.status).toBe(200)
      expect(reply.body).toMatchObject({
        kind: 'Status',
        status: 'Success',
        details: { name: 'a', kind: 'configmaps', uid: versionOf(made).uid },
      })
      expect((await kube.get(`${maps}/a`)).status).toBe(404)
      expect(await kube.delete(`${maps}/a`)).toMatchObject(failure(404, 'NotFound'))
    })

    test('waits for finalizers, and only takes them away', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      await kube.post(maps, configMap('a', { k: '1' }, { finalizers: ['x.test/wait'] }))
      const marked = await kube.delete(`${maps}/a`)
      expect(marked.body).toMatchObject({
        kind: 'ConfigMap',
        metadata: { deletionTimestamp: expect.stringMatching(/^\d{4}-/), deletionGracePeriodSeconds: 0 },
      })
      const again = await kube.delete(`${maps}/a`)
      expect(again.textAt('metadata', 'deletionTimestamp')).toBe(marked.textAt('metadata', 'deletionTimestamp'))
      const more = await kube.patch(`${maps}/a`, { metadata: { finalizers: ['x.test/wait', 'x.test/more'] } }, 'merge')
      expect(more.status).toBe(422)
      const changed = await kube.patch(`${maps}/a`, { data: { k: '2' } }, 'merge')
      expect(changed.status).toBe(200)
      const last = await kube.patch(`${maps}/a`, { metadata: { finalizers: null } }, 'merge')
      expect(last.status).toBe(200)
      expect((await kube.get(`${maps}/a`)).status).toBe(404)
    })

    test('of a finalized object is watched as a change and, later, a deletion', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      const made = await kube.post(secrets, secret('a', {}, { finalizers: ['x.test/wait'] }))
      const watch = await kube.watch(`${secrets}?watch=true&resourceVersion=${versionOf(made).version}`)
      await kube.delete(`${secrets}/a`)
      expect((await watch.next())?.type).toBe('MODIFIED')
      await kube.patch(`${secrets}/a`, { metadata: { finalizers: null } }, 'merge')
      expect((await watch.next())?.type).toBe('DELETED')
      watch.close()
    })

    test.for([
      { name: 'uid', preconditions: { uid: '00000000-0000-0000-0000-000000000000' } },
      { name: 'resourceVersion', preconditions: { resourceVersion: '1' } },
    ])('with another $name than asked for is 409', async ({ preconditions }) => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      await kube.post(maps, configMap('a'))
      const reply = await kube.delete(`${maps}/a`, { ...OPTIONS, preconditions })
      expect(reply).toMatchObject(failure(409, 'Conflict'))
      expect((await kube.get(`${maps}/a`)).status).toBe(200)
    })

    test('with the right preconditions is done', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      const { uid, version } = versionOf(await kube.post(maps, configMap('a')))
      const preconditions = { uid, resourceVersion: version }
      expect((await kube.delete(`${maps}/a`, { ...OPTIONS, preconditions })).status).toBe(200)
    })

    test('as a dry run leaves the object', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      await kube.post(maps, configMap('a'))
      expect((await kube.delete(`${maps}/a?dryRun=All`)).status).toBe(200)
      expect((await kube.get(`${maps}/a`)).status).toBe(200)
    })

    test('of a collection takes what the selector matches', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      for (const name of ['a', 'b']) await kube.post(maps, configMap(name, {}, { labels: { go: 'yes' } }))
      await kube.post(maps, configMap('c'))
      const reply = await kube.delete(`${maps}?labelSelector=go%3Dyes`)
      expect(reply.status).toBe(200)
      expect((await kube.get(`${maps}/a`)).status).toBe(404)
      expect((await kube.get(`${maps}/b`)).status).toBe(404)
      expect((await kube.get(`${maps}/c`)).status).toBe(200)
    })
  })

  describe('owners', () => {
    test('deleted in the background take their dependents with them', async () => {
      const { kube, namespace } = contract()
      const { maps } = await family(kube, await namespace())
      const reply = await kube.delete(`${maps}/owner`, { ...OPTIONS, propagationPolicy: 'Background' })
      expect(reply.at('kind')).toBe('Status')
      await gone(kube, `${maps}/dependent`)
    })

    test('deleted in the foreground wait for dependents that block', async () => {
      const { kube, namespace } = contract()
      const { maps } = await family(kube, await namespace(), { blockOwnerDeletion: true }, ['x.test/wait'])
      const reply = await kube.delete(`${maps}/owner`, { ...OPTIONS, propagationPolicy: 'Foreground' })
      expect(reply.at('metadata', 'finalizers')).toEqual(['foregroundDeletion'])
      await eventually({ what: 'the dependent is marked' }, async () => marked(await kube.get(`${maps}/dependent`)))
      expect((await kube.get(`${maps}/owner`)).status).toBe(200)
      await kube.patch(`${maps}/dependent`, { metadata: { finalizers: null } }, 'merge')
      await gone(kube, `${maps}/owner`)
    })

    test('deleted as orphaning leave their dependents without owner', async () => {
      const { kube, namespace } = contract()
      const { maps } = await family(kube, await namespace())
      await kube.delete(`${maps}/owner`, { ...OPTIONS, propagationPolicy: 'Orphan' })
      await gone(kube, `${maps}/owner`)
      const dependent = await kube.get(`${maps}/dependent`)
      expect(dependent.status).toBe(200)
      expect(dependent.at('metadata', 'ownerReferences')).toBeUndefined()
    })

    test('that never existed let their dependents be collected', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: '00000000-0000-0000-0000-000000000001' }
      await kube.post(maps, configMap('dependent', {}, { ownerReferences: [owner] }))
      await gone(kube, `${maps}/dependent`)
    })
  })

  describe('namespaces', () => {
    test('deleted go with all they hold, and take nothing new meanwhile', async () => {
      const { kube, namespace } = contract()
      const name = await namespace()
      const maps = corePath(name, 'configmaps')
      await kube.post(maps, configMap('a', {}, { finalizers: ['x.test/wait'] }))
      await kube.post(maps, configMap('b'))
      const reply = await kube.delete(`/api/v1/namespaces/${name}`)
      expect(reply.status).toBe(200)
      expect(reply.at('status', 'phase')).toBe('Terminating')
      await gone(kube, `${maps}/b`)
      const refused = await kube.post(maps, configMap('c'))
      expect(refused).toMatchObject(failure(403, 'Forbidden'))
      expect(refused.at('details', 'causes', 0, 'reason')).toBe('NamespaceTerminating')
      await kube.patch(`${maps}/a`, { metadata: { finalizers: null } }, 'merge')
      await gone(kube, `/api/v1/namespaces/${name}`)
    })

    test('are active and carry their own name as a label', async () => {
      const { kube, namespace } = contract()
      const name = await namespace()
      expect((await kube.get(`/api/v1/namespaces/${name}`)).body).toMatchObject({
        metadata: { labels: { 'kubernetes.io/metadata.name': name } },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      })
    })
  })
}

const OPTIONS = { apiVersion: 'v1', kind: 'DeleteOptions' }

async function family(
  kube: KubeHttp,
  namespace: string,
  reference: object = {},
  finalizers: readonly string[] = [],
): Promise<{ readonly maps: string }> {
  const maps = corePath(namespace, 'configmaps')
  const { uid } = versionOf(await kube.post(maps, configMap('owner')))
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, ...reference }
  await kube.post(maps, configMap('dependent', {}, { ownerReferences: [owner], finalizers }))
  return { maps }
}

async function gone(kube: KubeHttp, path: string): Promise<void> {
  await eventually({ what: `${path} is gone` }, async () => (await kube.get(path)).status === 404 || undefined)
}

function marked(reply: Reply): true | undefined {
  return reply.at('metadata', 'deletionTimestamp') === undefined ? undefined : true
}
