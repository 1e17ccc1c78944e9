import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe } from 'vitest'
import { killChecks } from '../agent/kit/kill-checks.ts'
import { LEAST, styrminObjects } from '../charts/styrmin-chart.ts'
import { kubeHttp } from '../contract/kube/http.ts'
import { startControlPlane } from './control-plane.ts'
import { acquireControlPlane } from './shared.ts'

const run = promisify(execFile)
const NAMESPACE = 'styrmin-system'
const NEEDED = ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding']

// The shared control plane has agents with all rights that would do this one's work.
describe.skipIf(acquireControlPlane()?.etcdUrl === undefined)('an agent with no right but those of its chart', () => {
  killChecks(async () => {
    const plane = await startControlPlane()
    const kube = kubeHttp(plane)
    await kube.post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
    const items = [...styrminObjects(LEAST).values()].filter(({ kind }) => NEEDED.some((one) => one === kind))
    const folder = mkdtempSync(join(tmpdir(), 'styrmin-chart-'))
    const file = join(folder, 'objects.json')
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
    await run(plane.kubectl, ['--kubeconfig', plane.kubeconfig, 'apply', '-f', file])
    rmSync(folder, { recursive: true })
    const account = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/styrmin-agent`
    const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } }
    const token = (await kube.post(`${account}/token`, asked)).textAt('status', 'token')
    kube.close()
    return {
      url: plane.url,
      token,
      ca: plane.ca,
      kubeconfig: readFileSync(plane.kubeconfig, 'utf8'),
      close: () => plane.stop(),
    }
  }, [])
})
