import type { DesiredDeployment } from '../../domain/desired.ts'
import type {
  ClusterDocument,
  DeploymentDocument,
  DriverDocument,
  EnvironmentDocument,
} from '../../domain/documents.ts'
import { type DeploymentKey, type JsonPointer, parseStableId, type StableId } from '../../domain/ids.ts'
import type { Origin } from '../../domain/source.ts'
import { digestOfBytes } from '../../util/digest.ts'
import { checkComponents, checkDependencies, checkEnvironmentReference, checkNames } from './check-deployment.ts'
import { checkVersion } from './check-version.ts'
import { chooseDriver } from './choose-driver.ts'
import type { Finding, Subject } from './findings.ts'
import type { DocumentIndex } from './index-documents.ts'
import { pointerTo } from '../../util/pointer.ts'
import { type ConfigLayer, mergeLayers, noteLeaves } from './merge-layers.ts'
import { resolveParameters } from './resolve-parameters.ts'

/** One deployment with its references followed; without `desired` when one of them leads nowhere. */
export interface LinkedDeployment {
  readonly id: StableId
  readonly desired?: DesiredDeployment
  /** What it depends on: an error about one of them blocks it. */
  readonly dependsOn: readonly Subject[]
  readonly findings: readonly Finding[]
}

/** Follows all references of a deployment and lists everything that is wrong, not only the first. */
export function linkDeployment(
  key: DeploymentKey,
  document: DeploymentDocument,
  index: DocumentIndex,
  lock: ReadonlyMap<string, string>,
): LinkedDeployment {
  const environment = index.environments.get(document.environment)
  const cluster = environment === undefined ? undefined : index.clusters.get(environment.cluster)
  const choice = chooseDriver(key, document, index, lock)
  const id = stableId(key, document)
  const linked = choice.driver === undefined ? undefined : linkDriver(key, document, choice.driver, index)
  return {
    id,
    ...whole({ key, id, document, environment, cluster, linked }),
    dependsOn: [
      `Deployment ${key}`,
      `Environment ${document.environment}`,
      ...(environment === undefined ? [] : [`Cluster ${environment.cluster}` as const]),
      ...choice.dependsOn,
    ],
    findings: [
      ...checkEnvironmentReference(key, document, index),
      ...choice.findings,
      ...(linked?.findings ?? []),
      ...checkDependencies(key, document, index),
      ...checkNames(key, document, { id, ...(choice.driver === undefined ? {} : { driver: choice.driver }) }),
    ],
  }
}

/** The id that a rename has written, else the first 8 hexadecimal digits of sha256 of the key. */
function stableId(key: DeploymentKey, { id }: Pick<DeploymentDocument, 'id'>): StableId {
  const worked = parseStableId(digestOfBytes(key).slice('sha256:'.length, 'sha256:'.length + 8))
  if (worked === undefined) throw new RangeError('a digest without hexadecimal digits')
  return id ?? worked
}

interface DriverPart {
  readonly driver: DriverDocument
  readonly appVersion?: string
  readonly parameters: DesiredDeployment['parameters']
  readonly origins: ReadonlyMap<JsonPointer, Origin>
  readonly findings: readonly Finding[]
}

function linkDriver(
  key: DeploymentKey,
  document: DeploymentDocument,
  driver: DriverDocument,
  index: DocumentIndex,
): DriverPart {
  const origins = new Map<JsonPointer, Origin>()
  const { parameters, findings } = resolveParameters(key, document, driver, origins)
  const version = checkVersion(key, document, driver, index.drivers.get(driver.name) ?? [])
  return {
    driver,
    ...('version' in version ? { appVersion: version.version } : {}),
    parameters,
    origins,
    findings: ['finding' in version ? [version.finding] : [], findings, checkComponents(key, document, driver)].flat(),
  }
}

interface Parts {
  readonly key: DeploymentKey
  readonly id: StableId
  readonly document: DeploymentDocument
  readonly environment: EnvironmentDocument | undefined
  readonly cluster: ClusterDocument | undefined
  readonly linked: DriverPart | undefined
}

function whole({ key, id, document, environment, cluster, linked }: Parts): { readonly desired?: DesiredDeployment } {
  if (environment === undefined || cluster === undefined || linked?.appVersion === undefined) return {}
  const config = mergeLayers([
    configLayer('cluster', cluster),
    configLayer('environment', environment),
    configLayer('deployment', document),
  ])
  const origins = new Map(linked.origins)
  for (const [pointer, origin] of config.origins) origins.set(`/config${pointer}`, origin)
  const { placeOf } = document
  for (const [name, override] of Object.entries(document.components)) {
    const base = pointerTo('/spec/components', name)
    noteLeaves({ ...override }, { layer: 'deployment', placeOf, base }, pointerTo('/components', name), origins)
  }
  const { driver, appVersion, parameters } = linked
  return {
    desired: { key, id, document, environment, cluster, driver, appVersion, config: config.value, parameters, origins },
  }
}

function configLayer(
  layer: ConfigLayer['layer'],
  document: ClusterDocument | EnvironmentDocument | DeploymentDocument,
): ConfigLayer {
  return { layer, value: document.config, placeOf: document.placeOf, base: '/spec/config' }
}
