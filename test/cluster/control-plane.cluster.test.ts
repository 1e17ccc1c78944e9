import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubeHttp } from '../contract/kube/http.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { acquireControlPlane } from './shared.ts'

const run = promisify(execFile)
const shared = acquireControlPlane()

describe.skipIf(shared === undefined)('the shared control plane', () => {
  test('is reached by its own kubectl with its kubeconfig', async () => {
    if (shared === undefined) throw new Error('skipped without a control plane')
    const { stdout } = await run(shared.kubectl, ['--kubeconfig', shared.kubeconfig, 'get', 'nodes', '-o', 'name'])
    expect(stdout.trim().split('\n').length).toBeGreaterThan(0)
  })
})

// A control plane of its own can be built where the shared one was; a container gives only the shared one.
describe.skipIf(shared?.etcdUrl === undefined)('a control plane of a test', () => {
  let plane: ControlPlane | undefined

  beforeAll(async () => {
    plane = await startControlPlane({ controllers: false, scheduler: false, kwok: false })
  })

  afterAll(async () => {
    await plane?.stop()
  })

  test('keeps its objects and its address when the API server is killed and started again', async () => {
    if (plane === undefined) throw new Error('not started')
    const kube = kubeHttp(plane)
    const maps = '/api/v1/namespaces/default/configmaps'
    await kube.post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' } })
    await plane.killApiServer()
    await expect(kube.get(maps)).rejects.toThrow()
    await plane.startApiServer()
    expect((await kube.get(`${maps}/kept`)).status).toBe(200)
    kube.close()
  })

  test('tells every watch from before a compaction and a restart that its version is gone', async () => {
    if (plane === undefined) throw new Error('not started')
    const kube = kubeHttp(plane)
    const maps = '/api/v1/namespaces/default/configmaps'
    const version = (await kube.get(maps)).textAt('metadata', 'resourceVersion')
    await kube.post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'later' } })
    await plane.compact()
    await plane.killApiServer()
    await plane.startApiServer()
    const watch = await kube.watch(`${maps}?watch=true&resourceVersion=${version}`)
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } })
    watch.close()
    kube.close()
  })
})
