import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/util/json.ts'
import { type Contract, corePath, failure, groupPath, versionOf } from './fixtures.ts'

interface Row {
  readonly group: string
  readonly resource: string
  readonly kind: string
  readonly body: JsonObject
  /** What the server adds. */
  readonly adds?: JsonObject
}

const BACKEND = { service: { name: 'a', port: { number: 80 } } }
const SELECTED = { podSelector: { matchLabels: { app: 'a' } } }

const ROWS: readonly Row[] = [
  {
    group: 'v1',
    resource: 'services',
    kind: 'Service',
    body: { spec: { selector: { app: 'a' }, ports: [{ port: 80 }] } },
    adds: {
      spec: { type: 'ClusterIP', sessionAffinity: 'None', ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }] },
    },
  },
  { group: 'v1', resource: 'serviceaccounts', kind: 'ServiceAccount', body: { automountServiceAccountToken: false } },
  {
    group: 'v1',
    resource: 'persistentvolumeclaims',
    kind: 'PersistentVolumeClaim',
    body: {
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'none', resources: { requests: { storage: '1Gi' } } },
    },
    adds: { spec: { volumeMode: 'Filesystem' }, status: { phase: 'Pending' } },
  },
  {
    group: 'networking.k8s.io/v1',
    resource: 'ingresses',
    kind: 'Ingress',
    body: {
      spec: { rules: [{ host: 'a.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend: BACKEND }] } }] },
    },
    adds: { status: { loadBalancer: {} } },
  },
  {
    group: 'networking.k8s.io/v1',
    resource: 'networkpolicies',
    kind: 'NetworkPolicy',
    body: { spec: { ...SELECTED, policyTypes: ['Ingress'] } },
  },
  {
    group: 'policy/v1',
    resource: 'poddisruptionbudgets',
    kind: 'PodDisruptionBudget',
    body: { spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } } } },
  },
  {
    group: 'autoscaling/v2',
    resource: 'horizontalpodautoscalers',
    kind: 'HorizontalPodAutoscaler',
    body: { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' }, maxReplicas: 3 } },
    adds: { spec: { minReplicas: 1 } },
  },
  {
    group: 'rbac.authorization.k8s.io/v1',
    resource: 'roles',
    kind: 'Role',
    body: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  },
  {
    group: 'rbac.authorization.k8s.io/v1',
    resource: 'rolebindings',
    kind: 'RoleBinding',
    body: {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'a' },
      subjects: [{ kind: 'ServiceAccount', name: 'a', namespace: 'default' }],
    },
  },
  {
    group: 'coordination.k8s.io/v1',
    resource: 'leases',
    kind: 'Lease',
    body: { spec: { holderIdentity: 'one', leaseDurationSeconds: 15 } },
  },
  {
    group: 'events.k8s.io/v1',
    resource: 'events',
    kind: 'Event',
    body: {
      eventTime: '2026-01-02T03:04:05.000006Z',
      reportingController: 'styrmin.io/agent',
      reportingInstance: 'one',
      action: 'Testing',
      reason: 'Tested',
      type: 'Normal',
      note: 'a note',
    },
  },
]

/** The kinds that charts are made of are kept as written, with the defaults of their kind. */
export function resourceContract(contract: () => Contract): void {
  describe('kinds of a chart', () => {
    test.for(ROWS)('$kind is made, changed, listed and deleted', async ({ group, resource, kind, body, adds }) => {
      const { kube, namespace } = contract()
      const space = await namespace()
      const path = group === 'v1' ? corePath(space, resource) : groupPath(group, space, resource)
      const metadata = { name: 'a', ...(kind === 'Event' ? { namespace: space } : {}) }
      const regarding = kind === 'Event' ? { regarding: { kind: 'Namespace', namespace: space, name: space } } : {}
      const made = await kube.post(path, { apiVersion: group, kind, metadata, ...body, ...regarding })
      expect(made.text).not.toContain('"Failure"')
      expect(made.status).toBe(201)
      expect(made.body).toMatchObject({ apiVersion: group, kind, ...body })
      expect(made.body).toMatchObject(adds ?? {})
      const changed = await kube.patch(`${path}/a`, { metadata: { labels: { x: 'y' } } }, 'merge')
      expect(changed.body).toMatchObject({ metadata: { labels: { x: 'y' } } })
      expect(versionOf(changed).uid).toBe(versionOf(made).uid)
      const list = await kube.get(`${path}?labelSelector=x%3Dy`)
      expect(list.body).toMatchObject({ kind: `${kind}List`, apiVersion: group, items: [{ metadata: { name: 'a' } }] })
      expect((await kube.delete(`${path}/a`)).status).toBe(200)
    })

    test('a Service gets an address of its own and keeps it', async () => {
      const { kube, namespace } = contract()
      const services = corePath(await namespace(), 'services')
      const body = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } }
      const made = await kube.post(services, body)
      expect(made.textAt('spec', 'clusterIP')).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
      expect(made.at('spec', 'clusterIPs')).toEqual([made.at('spec', 'clusterIP')])
      const reply = await kube.patch(`${services}/a`, { spec: { clusterIP: '10.96.255.254' } }, 'merge')
      expect(reply).toMatchObject(failure(422, 'Invalid'))
      const again = await kube.apply(`${services}/a`, 'one', { ...body, spec: { ports: [{ port: 80 }] } })
      expect(again.at('spec', 'clusterIP')).toBe(made.at('spec', 'clusterIP'))
    })

    test('a headless Service has no address', async () => {
      const { kube, namespace } = contract()
      const services = corePath(await namespace(), 'services')
      const spec = { clusterIP: 'None', ports: [{ port: 80 }] }
      const made = await kube.post(services, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec })
      expect(made.at('spec', 'clusterIP')).toBe('None')
    })
  })

  describe('a Lease', () => {
    test('is won by one of two that renew the same version', async () => {
      const { kube, namespace } = contract()
      const path = groupPath('coordination.k8s.io/v1', await namespace(), 'leases')
      const spec = { holderIdentity: '', leaseDurationSeconds: 15 }
      const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'a' }, spec }
      const { version } = versionOf(await kube.post(path, body))
      const claims = await Promise.all(
        ['one', 'two', 'three'].map((holderIdentity) =>
          kube.put(`${path}/a`, {
            ...body,
            metadata: { name: 'a', resourceVersion: version },
            spec: { ...spec, holderIdentity, renewTime: '2026-01-02T03:04:05.000006Z' },
          }),
        ),
      )
      expect(claims.map((claim) => claim.status).toSorted((a, b) => a - b)).toEqual([200, 409, 409])
      const winner = claims.find((claim) => claim.status === 200)
      const lease = await kube.get(`${path}/a`)
      expect(lease.at('spec', 'holderIdentity')).toBe(winner?.at('spec', 'holderIdentity'))
      expect(lease.at('spec', 'renewTime')).toBe('2026-01-02T03:04:05.000006Z')
    })
  })
}
