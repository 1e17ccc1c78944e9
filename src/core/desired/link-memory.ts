import type {
  ClusterDocument,
  DeploymentDocument,
  DriverDocument,
  EnvironmentDocument,
} from '../../domain/documents.ts'
import { type DeploymentKey, deploymentKey } from '../../domain/ids.ts'
import type { DocumentIndex, SubjectNames } from './index-documents.ts'
import { type LinkedDeployment, linkDeployment } from './link-deployment.ts'

/**
 * What is remembered between two linkings, so that a commit costs what it changed.
 *
 * A document is known by its identity: a file that did not change must give the same objects again.
 */
export interface LinkMemory {
  readonly names: SubjectNames
  readonly linked: WeakMap<DeploymentDocument, Remembered>
}

interface Remembered {
  readonly from: Sources
  readonly linked: LinkedDeployment
}

/** Everything that linking a deployment without problems looks at. */
interface Sources {
  readonly environment: EnvironmentDocument | undefined
  readonly cluster: ClusterDocument | undefined
  readonly versions: readonly DriverDocument[]
  readonly unusable: number
  readonly locked: string | undefined
}

/** An empty memory. */
export function createLinkMemory(): LinkMemory {
  return { names: new WeakMap(), linked: new WeakMap() }
}

/** Links a deployment, or finds it linked already to the same documents; only what has no problems is remembered. */
export function linkRemembered(
  key: DeploymentKey,
  document: DeploymentDocument,
  {
    index,
    lock,
    memory,
  }: { readonly index: DocumentIndex; readonly lock: ReadonlyMap<string, string>; readonly memory: LinkMemory },
): LinkedDeployment {
  const from = sourcesOf(document, index, lock)
  const known = memory.linked.get(document)
  if (known !== undefined && sameSources(known.from, from) && allDeclared(document, index)) return known.linked
  const linked = linkDeployment(key, document, index, lock)
  if (linked.findings.length === 0) memory.linked.set(document, { from, linked })
  return linked
}

function sourcesOf(document: DeploymentDocument, index: DocumentIndex, lock: ReadonlyMap<string, string>): Sources {
  const environment = index.environments.get(document.environment)
  return {
    environment,
    cluster: environment === undefined ? undefined : index.clusters.get(environment.cluster),
    versions: index.drivers.get(document.driver.name) ?? [],
    unusable: index.unusableDrivers.get(document.driver.name)?.length ?? 0,
    locked: lock.get(document.driver.name),
  }
}

function sameSources(a: Sources, b: Sources): boolean {
  return (
    a.environment === b.environment &&
    a.cluster === b.cluster &&
    a.unusable === 0 &&
    b.unusable === 0 &&
    a.locked === b.locked &&
    a.versions.length === b.versions.length &&
    a.versions.every((version, at) => version === b.versions[at])
  )
}

function allDeclared({ environment, dependsOn }: DeploymentDocument, { declared }: DocumentIndex): boolean {
  return dependsOn.every((name) => declared.has(`Deployment ${deploymentKey(environment, name)}`))
}
