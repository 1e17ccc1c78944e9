import { describe } from 'vitest'
import { startSandbox } from '../../src/sandbox/main.ts'
import { killChecks } from './kit/kill-checks.ts'

describe('an agent process on the sandbox', () => {
  // Five or more kills a life; test/cluster kills at the writes between them too.
  // A stride below what one step writes after a restart would kill it for ever.
  const schedules = [2, 5, 8, 11].map((first) => ({ first, stride: 13 }))
  killChecks(async () => {
    const sandbox = await startSandbox()
    const { url, token } = sandbox
    return { url, token, kubeconfig: sandbox.kubeconfig(), close: () => sandbox.stop() }
  }, schedules)
})
