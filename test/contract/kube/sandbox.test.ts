import { startSandbox } from '../../../src/sandbox/main.ts'
import { kubeContract } from './suite.ts'

kubeContract(async () => {
  const sandbox = await startSandbox()
  return {
    url: sandbox.url,
    token: sandbox.token,
    compact: () => Promise.resolve(sandbox.compact()),
    stop: () => sandbox.stop(),
  }
})
