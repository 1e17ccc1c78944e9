// Comes in: how to open a server that claims to speak the Kubernetes API.
// Goes out: tests that a real kube-apiserver passes, so that whatever else passes them may stand in for one.
// Never: a look behind the HTTP interface; the one exception is `compact`.
import { afterAll, beforeAll, describe } from 'vitest'
import { applyContract } from './apply.ts'
import { crdContract } from './crds.ts'
import { crudContract } from './crud.ts'
import { deletionContract } from './deletion.ts'
import { discoveryContract } from './discovery.ts'
import type { Contract, KubeServer } from './fixtures.ts'
import { kubeHttp } from './http.ts'
import { listContract } from './lists.ts'
import { patchContract } from './patches.ts'
import { resourceContract } from './resources.ts'
import { watchContract } from './watches.ts'
import { workloadContract } from './workloads.ts'

/** Declares the contract of the Kubernetes API as tests over the server that `open` gives. */
export function kubeContract(open: () => Promise<KubeServer>): void {
  describe('the Kubernetes API', () => {
    let server: KubeServer | undefined
    let contract: Contract | undefined

    beforeAll(async () => {
      server = await open()
      contract = contractOf(server)
    })

    afterAll(async () => {
      contract?.kube.close()
      await server?.stop()
    })

    const opened = (): Contract => {
      if (contract === undefined) throw new Error('the server is not open yet')
      return contract
    }
    crudContract(opened)
    listContract(opened)
    watchContract(opened)
    applyContract(opened)
    patchContract(opened)
    deletionContract(opened)
    crdContract(opened)
    discoveryContract(opened)
    resourceContract(opened)
    workloadContract(opened)
  })
}

function contractOf(server: KubeServer): Contract {
  const kube = kubeHttp(server)
  return {
    kube,
    compact: server.compact === undefined ? undefined : () => server.compact?.() ?? Promise.resolve(),
    namespace: async () => {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { generateName: 'contract-' } }
      const made = await kube.post('/api/v1/namespaces', body)
      if (made.status !== 201) throw new Error(`no namespace: ${made.text}`)
      return made.textAt('metadata', 'name')
    },
  }
}
