import { readFileSync } from 'node:fs'
import { describe } from 'vitest'
import { killChecks } from '../agent/kit/kill-checks.ts'
import { ownControlPlane } from './own-plane.ts'
import { acquireControlPlane } from './shared.ts'

describe.skipIf(acquireControlPlane() === undefined)('an agent process on a real API server', () => {
  // Over all lives every write of a life is a point at which it is killed.
  const schedules = Array.from({ length: 13 }, (_, index) => ({ first: index + 1, stride: 13 }))
  const open = ownControlPlane()
  killChecks(async () => {
    const { url, token, ca, kubeconfig } = await open()
    return { url, token, ca, kubeconfig: readFileSync(kubeconfig, 'utf8'), close: () => Promise.resolve() }
  }, schedules)
})
