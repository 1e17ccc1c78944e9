import type { DesiredDeployment } from '../../src/domain/desired.ts'
import type {
  ClusterDocument,
  DeploymentDocument,
  DriverDocument,
  DriverSpec,
  EnvironmentDocument,
} from '../../src/domain/documents.ts'
import { deploymentKey, parseStableId, toDigest } from '../../src/domain/ids.ts'
import type { Instance } from '../../src/domain/instance.ts'
import type { Manifest } from '../../src/domain/manifest.ts'
import type { SourceRef } from '../../src/domain/source.ts'
import { digestOf } from '../../src/util/digest.ts'
import { type JsonObject, plainJson } from '../../src/util/json.ts'

/** A place that tells which pointer was asked for by its line: pointers are counted as they come. */
function placesIn(file: string): (pointer: string) => SourceRef {
  return (pointer) => ({ file, line: pointer.length + 1, col: 1 })
}

const at = (file: string): SourceRef => ({ file, line: 1, col: 1 })

export function aCluster(more: Partial<ClusterDocument> = {}): ClusterDocument {
  const file = 'clusters/prod.yml'
  return {
    kind: 'Cluster',
    name: 'prod',
    at: at(file),
    placeOf: placesIn(file),
    capabilities: { kubernetes: '1.34', apiVersions: [] },
    config: {},
    ...more,
  }
}

export function anEnvironment(more: Partial<EnvironmentDocument> = {}): EnvironmentDocument {
  const file = 'environments/live.yml'
  return {
    kind: 'Environment',
    name: 'live',
    at: at(file),
    placeOf: placesIn(file),
    cluster: 'prod',
    namespace: 'live',
    config: {},
    drift: 'repair',
    podSecurity: 'baseline',
    protect: false,
    ...more,
  }
}

export function aDeployment(more: Partial<DeploymentDocument> = {}): DeploymentDocument {
  const file = 'deployments/shop.yml'
  return {
    kind: 'Deployment',
    name: 'shop',
    environment: 'live',
    at: at(file),
    placeOf: placesIn(file),
    driver: { name: 'web' },
    version: '1.0.0',
    parameters: {},
    config: {},
    components: {},
    dependsOn: [],
    state: 'running',
    onFailure: 'hold',
    deleteData: false,
    ...more,
  }
}

export function aDriverSpec(more: Partial<DriverSpec> = {}): DriverSpec {
  return {
    version: '1',
    supportedVersions: '>=1.0',
    info: {},
    chart: { location: 'chart', version: '0.1.0' },
    components: { server: { labels: { app: 'web' } } },
    services: [],
    parameters: [],
    actions: [],
    clusterScoped: [],
    raw: {},
    ...more,
  }
}

export function aDriverDocument(spec: Partial<DriverSpec> = {}): DriverDocument {
  const file = 'drivers/web/driver.styrmin.yml'
  return {
    kind: 'ApplicationDriver',
    name: 'web',
    at: at(file),
    placeOf: placesIn(file),
    folder: 'drivers/web',
    spec: aDriverSpec(spec),
  }
}

export function aDesired(more: Partial<DesiredDeployment> = {}): DesiredDeployment {
  const document = more.document ?? aDeployment()
  const id = parseStableId('0a1b2c3d')
  if (id === undefined) throw new Error('the id of this builder is none')
  return {
    key: deploymentKey(document.environment, document.name),
    id,
    document,
    environment: anEnvironment(),
    cluster: aCluster(),
    driver: aDriverDocument(),
    appVersion: '1.0.0',
    config: {},
    parameters: {},
    origins: new Map(),
    ...more,
  }
}

/** An Instance whose digest is over what it was made from. */
export function anInstance(more: Partial<Instance> = {}): Instance {
  const desired = aDesired()
  const zero = toDigest(digestOf('nothing'))
  const content = {
    environment: 'live',
    name: 'shop',
    id: desired.id,
    cluster: 'prod',
    namespace: 'live',
    release: 'shop-0a1b2c3d',
    state: 'running' as const,
    driver: { name: 'web', version: '1', digest: zero },
    appVersion: '1.0.0',
    chart: { name: 'web', version: '0.1.0', digest: zero },
    engineVersion: 'helm.sh/helm/v4@v4.0.0',
    context: {},
    values: {},
    services: [],
    components: { server: { labels: { app: 'web' } }, worker: { labels: { app: 'worker' } } },
    policy: { onFailure: 'hold' as const, drift: 'repair' as const, podSecurity: 'baseline' },
    dependsOn: [],
    manifestsDigest: zero,
    ...more,
  }
  return { digest: toDigest(digestOf(plainJson(content))), ...content }
}

export function aManifest(object: JsonObject, more: Partial<Manifest> = {}): Manifest {
  return { object, source: 'web/templates/all.yaml', generated: [], crd: false, ...more }
}

export function anObject(kind: string, name: string, more: JsonObject = {}): JsonObject {
  const group = { Deployment: 'apps/v1', StatefulSet: 'apps/v1', Job: 'batch/v1', CronJob: 'batch/v1' }[kind]
  return { apiVersion: group ?? 'v1', kind, metadata: { name }, ...more }
}
