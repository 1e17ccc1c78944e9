import { describe } from 'vitest'
import { agentChecks } from '../agent/kit/checks.ts'
import { acquireControlPlane } from './shared.ts'

const plane = acquireControlPlane()

describe.skipIf(plane === undefined)('an agent on a real API server', () => {
  agentChecks(() => Promise.resolve({ kubeconfig: plane?.kubeconfig ?? '', close: () => Promise.resolve() }))
})
