/** How a list of commands is run. */
export interface CommandOptions {
  readonly image: string
  /** Environment variables, service account, pull secrets and security context are borrowed from this component's workload; volumes are not. */
  readonly envFromComponent?: string
  /** Labels are borrowed from this component's workload, so that network policies hold; its Services never send it anything. */
  readonly labelsFromComponent?: string
  /** All commands together; 3600 when left out. */
  readonly timeoutSeconds?: number
}

/**
 * The only way for an action to touch the cluster.
 *
 * Each call is a recorded step: written down before its effect and after it, and never done twice.
 * Errors: a call that fails throws, and the run ends as failed unless the action catches it.
 */
export interface Primitives {
  /** Scales the components' workloads to 0, suspends their CronJobs, and waits until their pods are gone. They stay stopped until started. */
  stopComponents(input: { readonly components: readonly string[] }): Promise<void>
  /** Gives the components their replicas back and waits until they are ready. */
  startComponents(input: { readonly components: readonly string[] }): Promise<void>
  scaleComponent(input: { readonly component: string; readonly replicas: number }): Promise<void>
  /** Runs each argv in a Job of its own, in order; an argv is never read by a shell. */
  executeCommands(commands: readonly (readonly string[])[], options: CommandOptions): Promise<void>
  /** Images of the containers of the component's workloads, as the target Instance has them, sorted. */
  getComponentImages(input: { readonly component: string }): Promise<readonly string[]>
  /** Applies this Instance's objects and removes those that it no longer has; a second call does nothing. */
  upgradeDeploymentVersion(input: { readonly targetVersion: string }): Promise<void>
  /** Waits until the workloads of these components (all when left out) that are not stopped are ready. */
  waitReady(input?: { readonly components?: readonly string[]; readonly timeoutSeconds?: number }): Promise<void>
  /** A line in the run's record. */
  log(message: string): Promise<void>
}

/** Names of all primitives, in the order they are documented. */
export const PRIMITIVES = [
  'stopComponents',
  'startComponents',
  'scaleComponent',
  'executeCommands',
  'getComponentImages',
  'upgradeDeploymentVersion',
  'waitReady',
  'log',
] as const satisfies readonly (keyof Primitives)[]

/** The name of a primitive. */
export type PrimitiveName = (typeof PRIMITIVES)[number]
