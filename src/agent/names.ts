import type { DeploymentRef } from '../domain/wire.ts'

/** Group and version of our custom resources. */
export const API_VERSION = 'styrmin.io/v1'
/** Field manager of everything the agent applies. */
export const MANAGER = 'styrmin'
/** Field manager that holds replicas and suspension while they are not the chart's. */
export const SCALE_MANAGER = 'styrmin-scale'

export const LABEL_ID = 'styrmin.io/deployment-id'
export const LABEL_ENVIRONMENT = 'styrmin.io/environment'
export const LABEL_MANAGED_BY = 'app.kubernetes.io/managed-by'
export const ANNOTATION_INSTANCE = 'styrmin.io/instance'
/** Which run made a Job, a hook or an object of a run. */
export const ANNOTATION_RUN = 'styrmin.io/run'
/** On a deployment whose record was lost in this cluster: what it has done before is not known. */
export const ANNOTATION_LOST = 'styrmin.io/record-lost'
/** Seen in a pod, it never becomes ready, so no Service sends it anything. */
export const NEVER_READY_GATE = 'styrmin.io/not-a-server'

const MAX_NAME = 63

/** Name of the deployment's custom resource: `<name>-<id>`. */
export function resourceName({ name, id }: Pick<DeploymentRef, 'name' | 'id'>): string {
  return `${name.slice(0, MAX_NAME - id.length - 1)}-${id}`
}

/** Where the deployment's custom resource is, and nowhere else: `<namespace>/<name>-<id>`. */
export function resourceKey(deployment: Pick<DeploymentRef, 'namespace' | 'name' | 'id'>): string {
  return `${deployment.namespace}/${resourceName(deployment)}`
}

/** Name of the run of an epoch. */
export function runName(deployment: string, epoch: number): string {
  return `${deployment}-${epoch}`
}

/** Name of the Secret that holds the key of generated values. */
export function keySecretName(id: string): string {
  return `styrmin-key-${id}`
}
