import type { Generated } from 'kysely'

/** The columns of every table; JSON is text, times are milliseconds since 1970, truth is 0 or 1. */
export interface Tables {
  readonly head: { readonly only: number; readonly commit_sha: string; readonly json: string }
  readonly commits: {
    readonly position: Generated<number>
    readonly sha: string
    readonly outcome: string
    readonly resolved_at: number
    readonly json: string
  }
  readonly instances: {
    readonly position: Generated<number>
    readonly digest: string
    readonly deployment: string
    readonly commit_sha: string
    readonly json: string
    /** Manifests, actions, origins: what is not in the digest. */
    readonly beside: string
  }
  readonly plans: {
    readonly position: Generated<number>
    readonly commit_sha: string
    readonly deployment: string
    readonly digest: string
    readonly made_at: number
    readonly json: string
  }
  readonly bundles: {
    readonly digest: string
    readonly commit_sha: string
    readonly deployment: string
    readonly text: string
  }
  readonly intents: {
    readonly cluster: string
    readonly sequence: number
    readonly deployment: string
    readonly epoch: number
    readonly json: string
  }
  readonly deployments: { readonly deployment: string; readonly json: string }
  readonly observed: { readonly deployment: string; readonly received_at: number; readonly json: string }
  readonly runs: {
    readonly position: Generated<number>
    readonly deployment: string
    readonly epoch: number
    readonly json: string
  }
  readonly rollouts: {
    readonly commit_sha: string
    readonly context: string
    readonly ended: number
    readonly json: string
  }
  readonly agents: { readonly cluster: string; readonly json: string }
  readonly driver_versions: {
    readonly name: string
    readonly version: string
    readonly digest: string
    readonly commit_sha: string
  }
  readonly notes: {
    readonly id: Generated<number>
    readonly commit_sha: string
    readonly line: string
    readonly sent: number
  }
  readonly statuses: {
    readonly commit_sha: string
    readonly context: string
    readonly state: string
    readonly description: string
    readonly digest: string | null
    readonly at: number
    readonly sent: number
  }
}
