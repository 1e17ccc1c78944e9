import { describe } from 'vitest'
import { readFileSync } from 'node:fs'
import { killChecks } from '../agent/kit/kill-checks.ts'
import { acquireControlPlane } from './shared.ts'

const plane = acquireControlPlane()

describe.skipIf(plane === undefined)('an agent process on a real API server', () => {
  // Over all lives every write of a life is a point at which it is killed.
  const schedules = Array.from({ length: 13 }, (_, index) => ({ first: index + 1, stride: 13 }))
  killChecks(() => {
    const { url = '', token = '', ca = '', kubeconfig = '' } = plane ?? {}
    return Promise.resolve({
      url,
      token,
      ca,
      kubeconfig: readFileSync(kubeconfig, 'utf8'),
      close: () => Promise.resolve(),
    })
  }, schedules)
})
