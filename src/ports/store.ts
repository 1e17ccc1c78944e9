import type { ChangeClass, Plan } from '../domain/plan.ts'
import type { CommitSha, DeploymentKey, Digest, StableId } from '../domain/ids.ts'
import type { ResolvedInstance } from '../domain/instance.ts'
import type { Problem } from '../domain/problem.ts'
import type { DeploymentReport, Intent } from '../domain/wire.ts'
import type { JsonObject } from '../util/json.ts'

/** What is kept of a Cluster document. */
export interface KnownCluster {
  readonly name: string
  readonly agentTokenHash?: Digest
  readonly kubernetes: string
}

/** What is kept of an Environment document. */
export interface KnownEnvironment {
  readonly name: string
  readonly cluster: string
  readonly namespace: string
  readonly protect: boolean
}

/** What the newest commit that was looked at says as a whole. */
export interface Head {
  readonly commit: CommitSha
  readonly clusters: readonly KnownCluster[]
  readonly environments: readonly KnownEnvironment[]
  readonly problems: readonly Problem[]
}

/**
 * One deployment as the server keeps it.
 *
 * `desired` is what the newest commit wants, left out when it wants the deployment gone or could never resolve it;
 * `active` is what the agent finished last; `intended` is the newest intent.
 */
export interface DeploymentState {
  readonly key: DeploymentKey
  readonly environment: string
  readonly name: string
  /** Left out until it resolves for the first time. */
  readonly id?: StableId
  readonly cluster?: string
  readonly namespace?: string
  /** Where it is declared; left out when it is no longer declared. */
  readonly file?: string
  readonly blocked: boolean
  /** The change to `desired` was refused; it is judged again with each commit. */
  readonly refused?: boolean
  /** The document said that deleting it deletes its data. */
  readonly deleteData?: boolean
  readonly driver?: { readonly name: string; readonly version: string }
  readonly version?: string
  readonly desired?: Digest
  /** The commit that brought `desired`, or took it away. */
  readonly commit?: CommitSha
  readonly active?: Digest
  readonly activeVersion?: string
  readonly intended?: IntendedState
  /** What the agent said it is on; left out when it is on nothing. */
  readonly running?: Attempt
  /** The last attempt, when it failed after it had changed something. */
  readonly failed?: Attempt
  /** Highest epoch ever given or seen. */
  readonly epoch: number
}

/** One try to reach an Instance; without `instance` it is a deletion. */
export interface Attempt {
  readonly epoch: number
  readonly instance?: Digest
}

/** The newest intent of a deployment and how far it is. */
export interface IntendedState {
  readonly intent: Intent
  readonly cluster: string
  readonly state: 'waiting' | 'started' | 'done' | 'failed'
}

export type StoredCommit = {
  readonly sha: CommitSha
  readonly subject: string
  readonly author: string
  readonly committedAtSeconds: number
  /** Milliseconds since 1970, of the server's clock. */
  readonly resolvedAtMs: number
  readonly outcome: 'resolved' | 'held' | 'skipped'
  /** Over the sorted digests of the commit's plans. */
  readonly planDigest: Digest
  readonly problems: readonly Problem[]
}

/** One line for the record in git. */
export interface NoteLine {
  readonly sha: CommitSha
  readonly line: string
}

/** A commit status as forges have it: the newest of its context counts. */
export interface CommitStatus {
  readonly sha: CommitSha
  readonly context: string
  readonly state: 'pending' | 'success' | 'failure' | 'error'
  readonly description: string
  readonly digest: Digest | undefined
  readonly atMs: number
}

/** How far the deployments of one commit are in one environment: what its deploy status is made of. */
export interface Rollout {
  readonly sha: CommitSha
  /** `styrmin/deploy/<cluster>/<environment>` */
  readonly context: string
  /** Over the plans of the commit. */
  readonly digest: Digest
  readonly parts: Readonly<Record<DeploymentKey, IntendedState['state'] | 'superseded'>>
}

/** A plan with the commit that it was made for. */
export interface StoredPlan {
  readonly commit: CommitSha
  readonly atMs: number
  readonly plan: Plan
}

/** A bundle's bytes, and from which commit its render request can be made again. */
export interface StoredBundle {
  readonly digest: Digest
  readonly text: string
  readonly commit: CommitSha
  readonly key: DeploymentKey
}

/** One execution of a plan. */
export interface StoredRun {
  readonly key: DeploymentKey
  readonly epoch: number
  readonly plan: Digest
  readonly class: ChangeClass
  readonly commit: CommitSha
  readonly phase: DeploymentReport['phase']
  readonly message: string
  readonly steps: DeploymentReport['steps']
  readonly startedAtMs: number
  readonly finishedAtMs?: number
}

/** What an agent last said. */
export interface Observed {
  readonly report: DeploymentReport
  readonly receivedAtMs: number
}

export interface KnownAgent {
  readonly cluster: string
  readonly agent: string
  readonly kubernetes: string
  readonly lastSeenMs: number
}

/** A driver version never changes its content. */
export interface KnownDriverVersion {
  readonly name: string
  readonly version: string
  readonly digest: Digest
  readonly commit: CommitSha
}

/** Everything that must be in memory to go on after a restart. */
export interface StoredState {
  readonly head: Head | undefined
  readonly deployments: readonly DeploymentState[]
  readonly observed: readonly Observed[]
  readonly agents: readonly KnownAgent[]
  readonly drivers: readonly KnownDriverVersion[]
  /** Highest sequence given, by cluster. */
  readonly sequences: ReadonlyMap<string, number>
  /** Only those that have not ended. */
  readonly rollouts: readonly Rollout[]
}

/** What one event changes; all of it is durable at once, or none of it. */
export interface Changes {
  readonly head?: Head
  readonly commits?: readonly StoredCommit[]
  readonly instances?: readonly { readonly commit: CommitSha; readonly resolved: ResolvedInstance }[]
  readonly plans?: readonly StoredPlan[]
  readonly bundles?: readonly StoredBundle[]
  readonly intents?: readonly { readonly cluster: string; readonly intent: Intent }[]
  readonly deployments?: readonly DeploymentState[]
  /** Deployments of which nothing is seen any more. */
  readonly unobserved?: readonly DeploymentKey[]
  readonly rollouts?: readonly Rollout[]
  readonly observed?: readonly Observed[]
  readonly runs?: readonly StoredRun[]
  readonly agents?: readonly KnownAgent[]
  readonly drivers?: readonly KnownDriverVersion[]
  readonly notes?: readonly NoteLine[]
  readonly statuses?: readonly CommitStatus[]
}

/** Where a page of a list starts and how long it is; newest first. */
export interface Page {
  readonly first: number
  /** The `cursor` of the last item of the page before. */
  readonly after?: number
}

/** One item with its place in the list. */
export interface Paged<T> {
  readonly cursor: number
  readonly item: T
}

/** The server's memory that outlives it. */
export interface StateStore {
  load(): Promise<StoredState>
  /** Errors: SetupError STY409 when the disk is full or the store damaged; nothing is changed then. */
  write(changes: Changes): Promise<void>
  instance(digest: Digest): Promise<ResolvedInstance | undefined>
  bundle(digest: Digest): Promise<StoredBundle | undefined>
  plan(digest: Digest): Promise<StoredPlan | undefined>
  intent(key: DeploymentKey, epoch: number): Promise<Intent | undefined>
  close(): Promise<void>
}

/** What happened, for readers; newest first. */
export interface HistoryStore {
  commits(page: Page): Promise<readonly Paged<StoredCommit>[]>
  commit(sha: CommitSha): Promise<StoredCommit | undefined>
  counts(): Promise<{ readonly commits: number; readonly statuses: number }>
  statusesOf(sha: CommitSha): Promise<readonly CommitStatus[]>
  plans(
    filter: { readonly commit?: CommitSha; readonly key?: DeploymentKey },
    page: Page,
  ): Promise<readonly Paged<StoredPlan>[]>
  instances(key: DeploymentKey, page: Page): Promise<readonly Paged<InstanceRecord>[]>
  runs(filter: { readonly key?: DeploymentKey }, page: Page): Promise<readonly Paged<StoredRun>[]>
}

/** An Instance in the history of its deployment. */
export interface InstanceRecord {
  readonly digest: Digest
  readonly commit: CommitSha
  readonly instance: JsonObject
}

/** What still has to be told to others. */
export interface OutboxStore {
  /** Oldest first. */
  unsentNotes(limit: number): Promise<readonly (NoteLine & { readonly id: number })[]>
  notesSent(ids: readonly number[]): Promise<void>
  unsentStatuses(limit: number): Promise<readonly CommitStatus[]>
  /** Only when it did not change since it was read. */
  statusSent(status: CommitStatus): Promise<void>
}

export interface Store extends StateStore {
  readonly history: HistoryStore
  readonly outbox: OutboxStore
}
