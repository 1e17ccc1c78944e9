import type { DesiredDeployment } from '../domain/desired.ts'
import type { DeploymentKey } from '../domain/ids.ts'
import { mapLimited } from '../util/map-limited.ts'
import type { LoadedDriver } from './load-drivers.ts'
import type { PipelineTools } from './resolution.ts'
import type { Outcome, ResolveCache } from './resolve-cache.ts'
import { resolveOne } from './resolve-one.ts'

const RENDERS_AT_ONCE = 8

/** Resolves deployments, those that are remembered at once and the others by rendering. Order: of the deployments. */
export async function resolveOutcomes(
  deployments: readonly DesiredDeployment[],
  loaded: readonly LoadedDriver[],
  tools: PipelineTools,
  signal: AbortSignal,
): Promise<ReadonlyMap<DeploymentKey, Outcome>> {
  const drivers = new Map(loaded.map((driver) => [driver.document, driver]))
  const outcomes = new Map<DeploymentKey, Outcome>()
  const missing: { readonly desired: DesiredDeployment; readonly driver: LoadedDriver | undefined }[] = []
  for (const desired of deployments) {
    const driver = drivers.get(desired.driver)
    const known = driver === undefined ? undefined : tools.cache.outcomes.get(outcomeKey(desired, driver, tools.cache))
    outcomes.set(desired.key, known ?? { problems: [] })
    if (known === undefined) missing.push({ desired, driver })
  }
  await mapLimited(missing, RENDERS_AT_ONCE, async ({ desired, driver }) => {
    signal.throwIfAborted()
    if (driver !== undefined) outcomes.set(desired.key, await resolveWith(desired, driver, { tools, signal }))
  })
  return outcomes
}

async function resolveWith(
  desired: DesiredDeployment,
  loaded: LoadedDriver,
  { tools, signal }: { readonly tools: PipelineTools; readonly signal: AbortSignal },
): Promise<Outcome> {
  const { driver, actions } = loaded
  if (driver === undefined) return { problems: [] }
  const outcome = await resolveOne({ desired, driver, actions }, tools, signal)
  if (isLasting(outcome)) tools.cache.outcomes.set(outcomeKey(desired, loaded, tools.cache), outcome)
  return outcome
}

/** What a slow or crowded machine did is tried again; what the input did is not. */
const PASSING = new Set<string>(['STY310', 'STY311', 'STY312', 'STY313'])

/** Whether an outcome would be the same on another try. */
function isLasting({ problems }: Pick<Outcome, 'problems'>): boolean {
  return problems.every(({ code }) => !PASSING.has(code))
}

/** The documents by identity: a blob that was read before gives the same document. */
function outcomeKey(desired: DesiredDeployment, { driver }: LoadedDriver, { identities }: ResolveCache): string {
  const { document, environment, cluster } = desired
  const numbers = [document, environment, cluster, desired.driver].map((value) => identities.numberOf(value))
  return `${numbers.join(' ')} ${desired.appVersion} ${driver?.digest ?? ''}`
}
