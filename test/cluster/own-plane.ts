import { afterAll } from 'vitest'
import { type ControlPlane, startControlPlane } from './control-plane.ts'

/**
 * A control plane for one test file alone, started when it is first asked for.
 *
 * An agent pins the key of its server in its cluster, so two files with agents cannot share one.
 */
export function ownControlPlane(): () => Promise<ControlPlane> {
  let plane: Promise<ControlPlane> | undefined
  afterAll(async () => {
    await (await plane)?.stop()
  })
  return () => {
    plane ??= startControlPlane({ kubeApiQps: 200 })
    return plane
  }
}
