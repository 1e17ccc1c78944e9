import type { Health } from '../../core/health/health-of.ts'
import { belongsTo, type WorkloadFacts } from '../../core/health/workload-facts.ts'
import { SetupError } from '../../domain/errors.ts'
import { objectTitle } from '../../domain/manifest.ts'
import { type EffectInput, LeaveRun } from '../../workflow/run-steps.ts'
import type { Live } from '../watches.ts'
import { bundleKeys, kindsOf } from './apply.ts'
import { isHeld } from './desired-object.ts'
import type { RunScope } from './scope.ts'
import { waitUntil } from './wait.ts'

/** Long enough for a large image on a slow line. */
const READY_SECONDS = 600
const SHOWN = 3

/**
 * Waits until every object of the bundle is what its spec asks for; what is stopped has to be at 0.
 *
 * Errors: SetupError STY510 when one says that it failed, STY511 when time is up, naming what is missing.
 */
export async function waitReady(
  scope: RunScope,
  options: {
    readonly components?: readonly string[]
    readonly timeoutSeconds?: number
    /** Whether a newer intent ends the wait: what never gets ready must not stand in the way of what mends it. */
    readonly yields?: boolean
  },
  input: Pick<EffectInput, 'say' | 'signal'>,
): Promise<void> {
  const objects = scope.bundle.manifests.filter(({ hook }) => hook === undefined)
  await scope.world.watches.follow(kindsOf(objects), input.signal)
  const keys = [...(await bundleKeys(scope, input.signal))]
  const timeoutMs = (options.timeoutSeconds ?? READY_SECONDS) * 1000
  await waitUntil(scope, input, { timeoutMs }, () => {
    const live = scope.world.watches.of(scope.id)
    const missing = keys
      .map((key) => ({ key, object: live.get(key) }))
      .filter(({ object }) => options.components === undefined || isOfComponents(object, options.components, scope))
      .flatMap(({ key, object }) => lacking(key, object, scope))
    if (missing.length === 0) return undefined
    if (options.yields === true && scope.isSuperseded()) throw new LeaveRun('a newer intent came')
    const more = missing.length > SHOWN ? ` and ${missing.length - SHOWN} more` : ''
    return `${missing.slice(0, SHOWN).join('; ')}${more}`
  })
}

function isOfComponents(object: Live | undefined, components: readonly string[], { bundle }: RunScope): boolean {
  const labels = object?.facts?.podLabels
  return labels !== undefined && components.some((name) => belongsTo(labels, bundle.components[name]?.labels ?? {}))
}

function lacking(key: string, object: Live | undefined, scope: RunScope): readonly string[] {
  const [name = '', , kind = ''] = key.split('/').toReversed()
  if (object === undefined) return [`${objectTitle({ kind, name })} is not there`]
  const { facts, health } = object
  const title = objectTitle(object.ref)
  if (facts !== undefined && isHeld(facts, scope.bundle.components, scope.stopped())) {
    return facts.pods === 0 ? [] : [`${title} is being stopped`]
  }
  failIfFailed(title, health, facts)
  return health.state === 'current' ? [] : [`${title}: ${health.message}`]
}

function failIfFailed(title: string, health: Health, facts: WorkloadFacts | undefined): void {
  if (health.state !== 'failed') return
  throw new SetupError('STY510', `${title}: ${health.message}`, {
    hint: `Look at ${facts === undefined ? 'its status' : 'the events and logs of its pods'}; a new commit tries again.`,
  })
}
