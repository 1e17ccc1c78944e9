import { describe } from 'vitest'
import { agentChecks } from '../agent/kit/checks.ts'
import { ownControlPlane } from './own-plane.ts'
import { acquireControlPlane } from './shared.ts'

describe.skipIf(acquireControlPlane() === undefined)('an agent on a real API server', () => {
  const open = ownControlPlane()
  agentChecks(async () => ({ kubeconfig: (await open()).kubeconfig, close: () => Promise.resolve() }))
})
