import type { EnvironmentDocument } from '../domain/documents.ts'
import type { CommitSha, DeploymentKey } from '../domain/ids.ts'
import type { Problem } from '../domain/problem.ts'
import type { Resolution } from '../pipeline/resolution.ts'
import type { Head, KnownCluster, KnownEnvironment } from '../ports/store.ts'
import { byText } from '../util/json.ts'

/** What a head is made from. */
export interface HeadFacts {
  readonly commit: CommitSha
  readonly resolution: Resolution
  readonly held: readonly { readonly key: DeploymentKey }[]
  readonly problems: readonly Problem[]
}

/**
 * What a commit says as a whole.
 *
 * Shape: where a deletion is held, its environment and cluster stay known too, so that neither the protection of the
 *        one nor the agent of the other goes away by the same mistake.
 */
export function nextHead({ commit, resolution, held, problems }: HeadFacts, before: Head | undefined): Head {
  const environments = resolution.environments.map(knownEnvironment)
  const clusters = resolution.clusters.map(knownCluster)
  const keptNames = new Set(held.map(({ key }) => key.slice(0, key.indexOf('/'))))
  const keptEnvironments = missing(before?.environments ?? [], environments).filter(({ name }) => keptNames.has(name))
  const keptClusterNames = new Set(keptEnvironments.map(({ cluster }) => cluster))
  const keptClusters = missing(before?.clusters ?? [], clusters).filter(({ name }) => keptClusterNames.has(name))
  return {
    commit,
    environments: [...environments, ...keptEnvironments].sort(byText(({ name }) => name)),
    clusters: [...clusters, ...keptClusters].sort(byText(({ name }) => name)),
    problems,
  }
}

function missing<T extends { readonly name: string }>(before: readonly T[], now: readonly T[]): readonly T[] {
  const names = new Set(now.map(({ name }) => name))
  return before.filter(({ name }) => !names.has(name))
}

function knownEnvironment({ name, cluster, namespace, protect }: EnvironmentDocument): KnownEnvironment {
  return { name, cluster, namespace, protect }
}

function knownCluster({ name, agentTokenHash, capabilities }: Resolution['clusters'][number]): KnownCluster {
  const { kubernetes } = capabilities
  return { name, kubernetes, ...(agentTokenHash === undefined ? {} : { agentTokenHash }) }
}
