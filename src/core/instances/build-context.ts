// Comes in: a desired deployment, a driver and its chart. Goes out: the frozen Context, and with what was rendered, the Instance.
// Never: a file that was not handed in; nothing here knows a commit.
import type { DesiredDeployment } from '../../domain/desired.ts'
import type { ComponentOverride } from '../../domain/documents.ts'
import type { Chart } from '../../domain/driver.ts'
import type { InstanceService } from '../../domain/instance.ts'
import { type JsonObject, plainJson } from '../../util/json.ts'
import { nameServices } from './name-services.ts'
import { releaseName } from './release-name.ts'

/** The Context with the names that were worked out for it. */
export interface BuiltContext {
  readonly context: JsonObject
  /** Sorted by name. */
  readonly services: readonly InstanceService[]
  readonly namespace: string
  readonly release: string
}

/**
 * Builds the one Context that the values template, the actions and the Instance get.
 *
 * Shape:  `cluster environment deployment instance app components parameters services`; every declared component
 *         and service is there, so that a template may name it without asking first.
 * Errors: none; what the deployment refers to was checked when it was linked.
 */
export function buildContext(desired: DesiredDeployment, chart: Pick<Chart, 'name' | 'version'>): BuiltContext {
  const { document, environment, cluster, driver, id, config, parameters } = desired
  const services = nameServices(desired)
  const release = releaseName(document.name, id)
  const context: JsonObject = {
    cluster: {
      name: cluster.name,
      config: cluster.config,
      capabilities: {
        kubernetes: cluster.capabilities.kubernetes,
        api_versions: cluster.capabilities.apiVersions,
      },
    },
    environment: { name: environment.name, config: environment.config },
    deployment: { name: document.name, id, config: document.config },
    instance: { config, namespace: environment.namespace, release },
    app: { name: driver.name, version: desired.appVersion, chart: { name: chart.name, version: chart.version } },
    components: componentsOf(desired),
    parameters,
    services: Object.fromEntries(services.map((service) => [service.name, plainJson(service)])),
  }
  return { context, services, namespace: environment.namespace, release }
}

function componentsOf({ driver, document }: DesiredDeployment): JsonObject {
  const names = [...new Set([...Object.keys(driver.spec.components), ...Object.keys(document.components)])].sort()
  return Object.fromEntries(
    names.map((name) => {
      const set = Object.hasOwn(document.components, name) ? document.components[name] : undefined
      return [name, set === undefined ? { env: {} } : componentJson(set)]
    }),
  )
}

function componentJson({ env, command, args }: ComponentOverride): JsonObject {
  return { env, ...(command === undefined ? {} : { command }), ...(args === undefined ? {} : { args }) }
}
