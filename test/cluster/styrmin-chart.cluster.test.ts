import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openKubeApi } from '../../src/adapters/kube/kube-api.ts'
import { installCrds } from '../../src/agent/install-crds.ts'
import { MACHINE_CLOCK } from '../../src/agent/world.ts'
import { readRecord } from '../../src/renderer/engine/artefact.ts'
import { type JsonObject, objectAt, textAt } from '../../src/util/json.ts'
import { AGENT_RIGHTS, CHART_RESOURCES, CHART_VERBS } from '../charts/agent-rights.ts'
import { ALL, LEAST, STYRMIN_CHART, styrminObjects } from '../charts/styrmin-chart.ts'
import { kubeHttp } from '../contract/kube/http.ts'
import { goVersion } from './binaries.ts'
import { helmProgram } from './helm.ts'
import { acquireControlPlane, type SharedControlPlane } from './shared.ts'

const run = promisify(execFile)
const shared = acquireControlPlane()
const hasGo = (await goVersion()) !== undefined
const NAMESPACE = 'styrmin-chart'
const RELEASE = { name: 'charted', namespace: NAMESPACE }
const BUILD_MS = 15 * 60_000

describe.skipIf(shared === undefined)('the chart of Styrmin on a real API server', () => {
  const plane = shared as SharedControlPlane
  const folder = mkdtempSync(join(tmpdir(), 'styrmin-chart-'))

  beforeAll(async () => {
    const kube = kubeHttp(plane)
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    await kube.post('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE, labels },
    })
    kube.close()
  })

  afterAll(async () => {
    const kube = kubeHttp(plane)
    await kube.delete(`/api/v1/namespaces/${NAMESPACE}`)
    const rights = '/apis/rbac.authorization.k8s.io/v1'
    await kube.delete(`${rights}/clusterrolebindings/${NAMESPACE}-charted-styrmin-agent`)
    await kube.delete(`${rights}/clusterroles/${NAMESPACE}-charted-styrmin-agent`)
    kube.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const cases = [
    { title: 'the least', values: LEAST },
    { title: 'everything', values: ALL },
    { title: 'all rights', values: { ...LEAST, rbac: { profile: 'cluster-admin' } } },
    { title: 'no volume', values: { ...LEAST, server: { ...LEAST.server, persistence: { enabled: false } } } },
  ]

  test.for(cases)('gives objects that are taken without a warning, with $title', async ({ values }) => {
    const items = [...styrminObjects(values, RELEASE).values()]
    const { stdout, stderr } = await kubectl(plane, folder, items, '--dry-run=server', '--validate=strict')
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n').length).toBe(items.length)
    // Pod security judges pods alone; of what makes them it only warns.
    const pods = items.filter(({ kind }) => kind === 'Deployment').map(podOf)
    await kubectl(plane, folder, pods, '--dry-run=server', '--validate=strict')
  })

  test('would not get a pod that asks for more than the restricted level', async () => {
    const deployment = styrminObjects(LEAST, RELEASE).get('Deployment/charted-styrmin-agent') ?? {}
    const pod = podOf(deployment)
    const open = { ...pod, spec: { ...objectAt(pod, 'spec'), securityContext: {} } }
    await expect(kubectl(plane, folder, [open], '--dry-run=server')).rejects.toThrow(/violates PodSecurity "restricted/)
  })

  test('lets the account of the agent do what the agent does, and nothing to nodes', async () => {
    const objects = [...styrminObjects(LEAST, RELEASE).values()]
    await kubectl(
      plane,
      folder,
      objects.filter(({ kind }) => kind === 'ClusterRole' || kind === 'ClusterRoleBinding'),
    )
    const usual = CHART_RESOURCES.map(([group, resource]) => [group, resource, CHART_VERBS] as const)
    const refused: string[] = []
    for (const [group, resource, verbs, name] of [...AGENT_RIGHTS, ...usual]) {
      for (const verb of verbs.split(' ')) {
        if (!(await mayAgent(plane, { group, resource, verb, name }))) refused.push(`${verb} ${resource}.${group}`)
      }
    }
    expect(refused).toEqual([])
    expect(await mayAgent(plane, { group: '', resource: 'nodes', verb: 'delete' })).toBe(false)
    expect(await mayAgent(plane, { group: '', resource: 'namespaces', verb: 'delete' })).toBe(false)
  })

  describe.skipIf(!hasGo)('through Helm itself', () => {
    let helm = ''
    beforeAll(async () => {
      helm = await helmProgram((await readRecord()).helmVersion)
    }, BUILD_MS)

    test('is installed, upgraded after the agent has applied its definitions, removed, and installed again', async () => {
      const values = join(folder, 'values.json')
      writeFileSync(values, JSON.stringify({ ...LEAST, fullnameOverride: 'by-helm' }))
      const call = (...args: readonly string[]) =>
        run(helm, [...args, '-n', NAMESPACE, '--kubeconfig', plane.kubeconfig], { env: { HOME: folder } })
      await call('install', 'by-helm', STYRMIN_CHART, '-f', values)
      const api = await openKubeApi({ kind: 'file', path: plane.kubeconfig })
      await installCrds(api, MACHINE_CLOCK, AbortSignal.timeout(30_000))
      api.close()
      await call('upgrade', 'by-helm', STYRMIN_CHART, '-f', values, '--set', 'rbac.profile=cluster-admin')
      await call('uninstall', 'by-helm')
      const kube = kubeHttp(plane)
      const claims = `/api/v1/namespaces/${NAMESPACE}/persistentvolumeclaims`
      const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
      expect((await kube.get(`${crds}/styrmindeployments.styrmin.io`)).status).toBe(200)
      expect((await kube.get(`${claims}/by-helm-data`)).status).toBe(200)
      await call('install', 'by-helm', STYRMIN_CHART, '-f', values)
      expect((await kube.get(`/apis/apps/v1/namespaces/${NAMESPACE}/deployments/by-helm-agent`)).status).toBe(200)
      await call('uninstall', 'by-helm')
      kube.close()
    })
  })
})

/** Applies objects on the server's side; an error tells what kubectl said. */
async function kubectl(
  plane: SharedControlPlane,
  folder: string,
  items: readonly JsonObject[],
  ...more: readonly string[]
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const file = join(folder, 'objects.json')
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  const flags = ['apply', '--server-side', '--field-manager=chart-test', '--force-conflicts', '-f', file]
  return run(plane.kubectl, ['--kubeconfig', plane.kubeconfig, ...flags, ...more])
}

/** The pod that a Deployment would make. */
function podOf(deployment: JsonObject): JsonObject {
  const template = objectAt(deployment, 'spec', 'template')
  const name = textAt(deployment, 'metadata', 'name') ?? ''
  const spec = { ...objectAt(template, 'spec'), serviceAccountName: 'default', priorityClassName: '' }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: NAMESPACE }, spec }
}

interface Asked {
  readonly group: string
  readonly resource: string
  readonly verb: string
  readonly name?: string | undefined
}

async function mayAgent(plane: SharedControlPlane, { group, resource, verb, name }: Asked): Promise<boolean> {
  const [main = '', subresource = ''] = resource.split('/')
  const resourceAttributes = { group, resource: main, subresource, verb, name: name ?? '', namespace: '' }
  const spec = { user: `system:serviceaccount:${NAMESPACE}:charted-styrmin-agent`, resourceAttributes }
  const kube = kubeHttp(plane)
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec }
  const reply = await kube.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', body)
  kube.close()
  if (reply.status !== 201) throw new Error(reply.text)
  return reply.at('status', 'allowed') === true
}
