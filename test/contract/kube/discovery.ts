import { describe, expect, test } from 'vitest'
import { at, listAt } from '../../../src/util/json.ts'
import { type Contract, failure } from './fixtures.ts'

/** What a client asks before it knows anything. */
export function discoveryContract(contract: () => Contract): void {
  describe('discovery', () => {
    test('names the versions of the core group', async () => {
      const { kube } = contract()
      expect((await kube.get('/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] })
    })

    test('names the groups', async () => {
      const { kube } = contract()
      const reply = await kube.get('/apis')
      expect(reply.at('kind')).toBe('APIGroupList')
      expect(listAt(reply.body, 'groups').map((group) => at(group, 'name'))).toEqual(
        expect.arrayContaining([
          'apps',
          'batch',
          'autoscaling',
          'networking.k8s.io',
          'policy',
          'rbac.authorization.k8s.io',
          'storage.k8s.io',
          'apiextensions.k8s.io',
          'coordination.k8s.io',
        ]),
      )
    })

    test.for([
      { path: '/api/v1', name: 'pods', kind: 'Pod', namespaced: true },
      { path: '/api/v1', name: 'namespaces', kind: 'Namespace', namespaced: false },
      { path: '/api/v1', name: 'services', kind: 'Service', namespaced: true },
      { path: '/api/v1', name: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true },
      { path: '/apis/apps/v1', name: 'deployments', kind: 'Deployment', namespaced: true },
      { path: '/apis/apps/v1', name: 'deployments/scale', kind: 'Scale', namespaced: true },
      { path: '/apis/apps/v1', name: 'statefulsets/status', kind: 'StatefulSet', namespaced: true },
      { path: '/apis/batch/v1', name: 'cronjobs', kind: 'CronJob', namespaced: true },
      { path: '/apis/networking.k8s.io/v1', name: 'ingresses', kind: 'Ingress', namespaced: true },
      { path: '/apis/rbac.authorization.k8s.io/v1', name: 'clusterroles', kind: 'ClusterRole', namespaced: false },
      { path: '/apis/coordination.k8s.io/v1', name: 'leases', kind: 'Lease', namespaced: true },
    ])('of $path lists $name', async ({ path, name, kind, namespaced }) => {
      const { kube } = contract()
      const reply = await kube.get(path)
      expect(reply.at('kind')).toBe('APIResourceList')
      const resource = listAt(reply.body, 'resources').find((one) => at(one, 'name') === name)
      expect(resource).toMatchObject({ kind, namespaced })
      expect(listAt(resource, 'verbs')).toContain('get')
    })

    test('of an unknown group is 404', async () => {
      const { kube } = contract()
      expect((await kube.get('/apis/none.test/v1')).status).toBe(404)
    })

    test('is given in one answer to a client that asks for it', async () => {
      const { kube } = contract()
      const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
      const reply = await kube.get('/apis', { accept })
      expect(reply.body).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' })
      const apps = listAt(reply.body, 'items').find((one) => at(one, 'metadata', 'name') === 'apps')
      const deployments = listAt(apps, 'versions', 0, 'resources').find((one) => at(one, 'resource') === 'deployments')
      expect(deployments).toMatchObject({ responseKind: { kind: 'Deployment' }, scope: 'Namespaced' })
    })

    test('tells the version', async () => {
      const { kube } = contract()
      expect((await kube.get('/version')).body).toMatchObject({
        major: '1',
        gitVersion: expect.stringMatching(/^v1\.\d+/),
      })
    })

    test.for(['/healthz', '/livez', '/readyz'])('answers %s', async (path) => {
      const { kube } = contract()
      const reply = await kube.get(path)
      expect(reply.status).toBe(200)
      expect(reply.text).toBe('ok')
    })
  })

  describe('who is asking', () => {
    test('is told by a review', async () => {
      const { kube } = contract()
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
      const reply = await kube.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', body)
      expect(reply.status).toBe(201)
      expect(reply.at('status', 'userInfo', 'groups')).toEqual(expect.arrayContaining(['system:masters']))
    })

    test('with a wrong token is 401', async () => {
      const { kube } = contract()
      expect(await kube.get('/api/v1/namespaces', { token: 'wrong' })).toMatchObject(failure(401, 'Unauthorized'))
    })

    test('may do all as an administrator', async () => {
      const { kube } = contract()
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb: 'delete', resource: 'namespaces' } },
      }
      const reply = await kube.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body)
      expect(reply.at('status', 'allowed')).toBe(true)
    })
  })
}
