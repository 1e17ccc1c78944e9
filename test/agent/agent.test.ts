import { describe } from 'vitest'
import { startSandbox } from '../../src/sandbox/main.ts'
import { agentChecks } from './kit/checks.ts'

describe('an agent on the sandbox', () => {
  agentChecks(async () => {
    const sandbox = await startSandbox()
    return { kubeconfig: sandbox.kubeconfig(), close: () => sandbox.stop() }
  })
})
