import type { DesiredDeployment } from '../../domain/desired.ts'
import type { Driver } from '../../domain/driver.ts'
import { type Digest, toDigest } from '../../domain/ids.ts'
import type { Instance } from '../../domain/instance.ts'
import { digestOf } from '../../util/digest.ts'
import { type JsonObject, plainJson } from '../../util/json.ts'
import type { BuiltContext } from './build-context.ts'

/** Everything an Instance is made from. */
export interface InstanceParts {
  readonly desired: DesiredDeployment
  readonly driver: Driver
  readonly built: BuiltContext
  readonly values: JsonObject
  readonly manifestsDigest: Digest
  readonly engineVersion: string
}

/** The frozen Instance. Equal parts give an equal digest on every machine: it is taken over the RFC 8785 form of the rest. */
export function freezeInstance({
  desired,
  driver,
  built,
  values,
  manifestsDigest,
  engineVersion,
}: InstanceParts): Instance {
  const { document, environment, cluster } = desired
  const content: Omit<Instance, 'digest'> = {
    environment: environment.name,
    name: document.name,
    id: desired.id,
    cluster: cluster.name,
    namespace: built.namespace,
    release: built.release,
    state: document.state,
    driver: { name: driver.name, version: driver.spec.version, digest: driver.digest },
    appVersion: desired.appVersion,
    chart: { name: driver.chart.name, version: driver.chart.version, digest: driver.chart.digest },
    engineVersion,
    context: built.context,
    values,
    services: built.services,
    components: driver.spec.components,
    policy: {
      onFailure: document.onFailure,
      drift: document.drift ?? environment.drift,
      podSecurity: environment.podSecurity,
    },
    dependsOn: document.dependsOn,
    manifestsDigest,
  }
  return { digest: toDigest(digestOf(plainJson(content))), ...content }
}
