import type { ComponentSpec } from '../../domain/documents.ts'
import type { ComponentReport } from '../../domain/wire.ts'
import { byText } from '../../util/json.ts'
import type { Health } from './health-of.ts'
import { belongsTo, type WorkloadFacts } from './workload-facts.ts'

/** A live workload with what it says of itself. */
export interface SeenWorkload {
  readonly facts: WorkloadFacts
  readonly health: Health
}

/**
 * The state of each component from its workloads.
 *
 * Order: by name.
 */
export function componentStates(
  components: Readonly<Record<string, ComponentSpec>>,
  workloads: readonly SeenWorkload[],
): readonly ComponentReport[] {
  return Object.entries(components)
    .map(([name, { labels }]) =>
      stateOf(
        name,
        workloads.filter(({ facts }) => belongsTo(facts.podLabels, labels)),
      ),
    )
    .sort(byText(({ name }) => name))
}

function stateOf(name: string, workloads: readonly SeenWorkload[]): ComponentReport {
  const desired = workloads.reduce((sum, { facts }) => sum + facts.desired, 0)
  const ready = workloads.reduce((sum, { facts }) => sum + facts.ready, 0)
  const counted = { name, desired, ready }
  if (workloads.length === 0) return { ...counted, state: 'Missing', message: 'no workload carries its labels' }
  const bad = workloads.find(({ health }) => health.state === 'failed')
  if (bad !== undefined) return { ...counted, state: 'Degraded', message: describe(bad) }
  const busy = workloads.find(({ health }) => health.state !== 'current')
  if (busy !== undefined) return { ...counted, state: 'Progressing', message: describe(busy) }
  const still = workloads.every(({ facts }) => facts.desired === 0 && (facts.kind !== 'CronJob' || facts.suspended))
  return { ...counted, state: still ? 'Stopped' : 'Running', message: '' }
}

function describe({ facts, health }: SeenWorkload): string {
  return `${facts.kind}/${facts.name}: ${health.message}`
}
