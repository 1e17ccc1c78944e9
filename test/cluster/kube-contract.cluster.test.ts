import { describe } from 'vitest'
import { kubeContract } from '../contract/kube/suite.ts'
import { acquireControlPlane } from './shared.ts'

const plane = acquireControlPlane()

describe.skipIf(plane === undefined)('a real control plane keeps the contract of', () => {
  kubeContract(async () => {
    if (plane === undefined) throw new Error('skipped without a control plane')
    return { ...plane, stop: () => Promise.resolve() }
  })
})
