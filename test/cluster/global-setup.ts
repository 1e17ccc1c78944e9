import type { TestProject } from 'vitest/node'
import { chooseControlPlane } from './choose.ts'
import { startControlPlane } from './control-plane.ts'
import { machineFacts } from './facts.ts'
import { builtGitea, giteaMissing } from './gitea.ts'
import type { SharedAddress } from './shared.ts'

/**
 * Starts the control plane that the cluster tests share, and ends it after them.
 *
 * Errors: rejects when `STYRMIN_REQUIRE_CLUSTER=1` and none can be had; without it the tests are skipped.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await prepareGitea()
  const choice = chooseControlPlane(await machineFacts())
  switch (choice.kind) {
    case 'none': {
      if (process.env['STYRMIN_REQUIRE_CLUSTER'] === '1') throw new Error(`no real control plane: ${choice.reason}`)
      process.stderr.write(`not run: tests against a real Kubernetes API (${choice.reason})\n`)
      project.provide('controlPlane', { missing: choice.reason })
      return () => Promise.resolve()
    }
    case 'engine': {
      const { startK3s } = await import('./k3s.ts')
      const k3s = await startK3s()
      project.provide('controlPlane', k3s.address)
      return () => k3s.stop()
    }
    case 'assets':
    case 'go': {
      const plane = await startControlPlane()
      const { url, token, ca, caFile, kubeconfig, kubectl, etcdUrl } = plane
      const address: SharedAddress = { url, token, ca, caFile, kubeconfig, kubectl, etcdUrl }
      project.provide('controlPlane', address)
      return () => plane.stop()
    }
    default:
      return choice satisfies never
  }
}

/** Built here, where no test's time limit runs; only the tests that need it start it. */
async function prepareGitea(): Promise<void> {
  const missing = await giteaMissing()
  if (missing === undefined) await builtGitea()
  else process.stderr.write(`not run: tests against a real Gitea (${missing})\n`)
}
