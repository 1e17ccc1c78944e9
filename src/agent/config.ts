/** What the agent is told at its start; read from flags, environment and files once, in `process.ts`. */
export interface AgentConfig {
  readonly serverUrl: string
  /** The token of the cluster. */
  readonly token: string
  /** Path of a kubeconfig, or its text. Left out inside a cluster. */
  readonly kubeconfig?: string
  readonly inCluster?: boolean
  /** The agent's own namespace; `styrmin-system` when left out. */
  readonly namespace?: string
  /** Name under which it reports; the host's name when left out. */
  readonly name?: string
  readonly logLevel?: 'silent' | 'error' | 'warn' | 'info' | 'debug'
  /** Port for `/healthz`, `/readyz` and `/metrics`; none when left out, a free one for 0. */
  readonly metricsPort?: number
  /** Deployments that are worked on at the same time; 20 when left out. */
  readonly concurrency?: number
}

export const NAMESPACE = 'styrmin-system'
export const CONCURRENCY = 20
