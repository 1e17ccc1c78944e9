// Comes in: how to open a server that claims to speak the Kubernetes API.
// Goes out: tests that a real kube-apiserver passes, so that whatever else passes them may stand in for one.
// Never: a look behind the HTTP interface; the one exception is `compact`.
import { afterAll, beforeAll, describe } from 'vitest'
import { crudContract } from './crud.ts'
import type { Contract, KubeServer } from './fixtures.ts'
import { kubeHttp } from './http.ts'
import { watchContract } from './watches.ts'

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
    watchContract(opened)
  })
}

function contractOf(server: KubeServer): Contract {
  const kube = kubeHttp(server)
  return {
    kube,
    compact: server.compact === undefined ? undefined : () => server.compact?.() ?? Promise.resolve(),
    namespace: async () => {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { generateName: 'contract-' } }
      return String((await kube.post('/api/v1/namespaces', body)).at('metadata', 'name'))
    },
  }
}
