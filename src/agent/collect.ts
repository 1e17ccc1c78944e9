import { API_VERSION } from './names.ts'
import type { RunResource } from './resources.ts'
import type { AgentWorld } from './world.ts'

const EVERY_MS = 10 * 60_000
const KEPT_RUNS = 5

/** Now and then removes old runs, and bundles that nothing refers to. Ends with the signal. */
export async function collect(world: AgentWorld, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await world.clock.sleep(EVERY_MS, signal).catch(() => undefined)
    if (signal.aborted) return
    try {
      await removeOldRuns(world, signal)
      await world.bundles.collect(() => bundlesInUse(world), signal)
    } catch (error) {
      world.log.warn({ err: error }, 'old records could not be removed')
    }
  }
}

async function removeOldRuns(world: AgentWorld, signal: AbortSignal): Promise<void> {
  const byDeployment = Map.groupBy(
    [...world.runs.entries()].flatMap(([, run]) => (run === undefined ? [] : [run])),
    ({ key, deployment }) => `${key.split('/')[0] ?? ''}/${deployment}`,
  )
  for (const runs of byDeployment.values()) {
    const old = [...runs].sort((a, b) => b.epoch - a.epoch).slice(KEPT_RUNS)
    for (const run of old.filter(({ phase }) => phase !== 'Running')) await removeRun(world, run, signal)
  }
}

async function removeRun(world: AgentWorld, { key }: RunResource, signal: AbortSignal): Promise<void> {
  const [namespace = '', name = ''] = key.split('/')
  await world.api.remove({ apiVersion: API_VERSION, kind: 'StyrminRun', namespace, name }, {}, signal)
}

/** What a deployment may still need to begin, to resume, to settle or to repair. */
function bundlesInUse(world: AgentWorld): ReadonlySet<string> {
  const used = new Set<string>()
  for (const [, deployment] of world.deployments.entries()) {
    if (deployment === undefined) continue
    used.add(deployment.intent.bundle)
    if (deployment.status.activeBundle !== undefined) used.add(deployment.status.activeBundle)
    const run = world.runs.get(`${deployment.key.split('/')[0] ?? ''}/${deployment.status.run ?? ''}`)
    if (run !== undefined) used.add(run.bundle)
  }
  return used
}
