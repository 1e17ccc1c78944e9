import type { Digest } from '../domain/ids.ts'
import { type DeploymentKey, deploymentKey } from '../domain/ids.ts'
import type { Problem } from '../domain/problem.ts'
import type { Changes, DeploymentState, Head, KnownAgent, Observed, Rollout, StoredState } from '../ports/store.ts'
import { compareText } from '../util/json.ts'

/** What just became true; listeners look for themselves. */
export type StateEvent =
  | { readonly kind: 'head' }
  | { readonly kind: 'deployment'; readonly key: DeploymentKey }
  | { readonly kind: 'intent'; readonly cluster: string }

/** Parts of the server that can be in trouble; each has its own list, replaced as a whole. */
export type TroubleSource = 'sync' | 'notes' | 'forge' | `plan of ${DeploymentKey}`

/**
 * Everything current, in memory: what resolvers and the agent API answer from.
 *
 * It changes only by `apply`, after the same changes are durable.
 */
export interface ServerState {
  head(): Head | undefined
  /** Also of one that is deleted, whose epoch must not be given again. */
  deployment(key: DeploymentKey): DeploymentState | undefined
  /** Those that are declared, or of which something is still there. In order of key. */
  deployments(): readonly DeploymentState[]
  /** Those whose change was refused; few, and kept apart because every commit looks at them. */
  refused(): readonly DeploymentState[]
  observed(key: DeploymentKey): Observed | undefined
  /** Also of deployments that are not known. */
  allObserved(): ReadonlyMap<DeploymentKey, Observed>
  agent(cluster: string): KnownAgent | undefined
  /** By `driverVersionKey`. */
  drivers(): ReadonlyMap<string, Digest>
  sequence(cluster: string): number
  /** An agent has seen a higher one: the store is older than the cluster. */
  raiseSequence(cluster: string, seen: number): void
  rollouts(): readonly Rollout[]
  troubles(): readonly Problem[]
  setTrouble(source: TroubleSource, problems: readonly Problem[]): void
  apply(changes: Changes): void
  /** An agent said that it is alive; kept in memory between writes. */
  seen(agent: KnownAgent): void
  /** Gives the function that ends it. */
  listen(listener: (event: StateEvent) => void): () => void
}

/** Makes the state from what was stored. */
export function createState(stored: StoredState): ServerState {
  let head = stored.head
  /** Sorting is dear where there are many, and rarely needed: most changes leave the keys as they are. */
  let keys: readonly DeploymentKey[] | undefined
  let ordered: readonly DeploymentState[] | undefined
  const refused = new Set(stored.deployments.flatMap((one) => (one.refused === true ? [one.key] : [])))
  const deployments = new Map(stored.deployments.map((state) => [state.key, state]))
  const observed = new Map(stored.observed.map((one) => [observedKey(one), one]))
  const agents = new Map(stored.agents.map((agent) => [agent.cluster, agent]))
  const drivers = new Map(stored.drivers.map(({ name, version, digest }) => [`${name}@${version}`, digest]))
  const sequences = new Map(stored.sequences)
  const rollouts = new Map(stored.rollouts.map((rollout) => [rolloutKey(rollout), rollout]))
  const troubles = new Map<TroubleSource, readonly Problem[]>()
  const listeners = new Set<(event: StateEvent) => void>()

  const tell = (event: StateEvent): void => {
    for (const listener of listeners) listener(event)
  }
  const setDeployment = (next: DeploymentState): void => {
    const before = deployments.get(next.key)
    deployments.set(next.key, next)
    ordered = undefined
    if (isVisible(next) !== (before !== undefined && isVisible(before))) keys = undefined
    if (next.refused === true) refused.add(next.key)
    else refused.delete(next.key)
  }
  const lookUp = (some: Iterable<DeploymentKey>): readonly DeploymentState[] =>
    [...some].flatMap((key) => deployments.get(key) ?? [])
  const applyDesired = (changes: Changes): void => {
    head = changes.head ?? head
    for (const one of changes.deployments ?? []) setDeployment(one)
    for (const { name, version, digest } of changes.drivers ?? []) drivers.set(`${name}@${version}`, digest)
    for (const { cluster, intent } of changes.intents ?? []) sequences.set(cluster, intent.sequence)
    setAll(rollouts, changes.rollouts, rolloutKey)
    for (const rollout of rollouts.values()) if (isOver(rollout)) rollouts.delete(rolloutKey(rollout))
  }
  const applySeen = (changes: Changes): void => {
    setAll(observed, changes.observed, observedKey)
    for (const key of changes.unobserved ?? []) observed.delete(key)
    setAll(agents, changes.agents, ({ cluster }) => cluster)
  }
  return {
    head: () => head,
    deployment: (key) => deployments.get(key),
    deployments: () => {
      keys ??= [...deployments.values()].flatMap((one) => (isVisible(one) ? [one.key] : [])).sort(compareText)
      ordered ??= lookUp(keys)
      return ordered
    },
    refused: () => lookUp(refused),
    observed: (key) => observed.get(key),
    allObserved: () => observed,
    agent: (cluster) => agents.get(cluster),
    drivers: () => drivers,
    sequence: (cluster) => sequences.get(cluster) ?? 0,
    raiseSequence: (cluster, seen) => void sequences.set(cluster, Math.max(seen, sequences.get(cluster) ?? 0)),
    rollouts: () => [...rollouts.values()],
    troubles: () => [...troubles.values()].flat(),
    setTrouble: (source, problems) => {
      const before = troubles.get(source) ?? []
      if (problems.length === 0) troubles.delete(source)
      else troubles.set(source, problems)
      if (before.length > 0 || problems.length > 0) tell({ kind: 'head' })
    },
    apply: (changes) => {
      applyDesired(changes)
      applySeen(changes)
      for (const event of eventsOf(changes)) tell(event)
    },
    seen: (agent) => void agents.set(agent.cluster, agent),
    listen: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function setAll<K, V>(map: Map<K, V>, values: readonly V[] | undefined, keyOf: (value: V) => K): void {
  for (const value of values ?? []) map.set(keyOf(value), value)
}

function eventsOf({
  head,
  deployments = [],
  observed = [],
  unobserved = [],
  intents = [],
}: Changes): readonly StateEvent[] {
  const keys = new Set([...deployments.map(({ key }) => key), ...observed.map(observedKey), ...unobserved])
  const clusters = new Set(intents.map(({ cluster }) => cluster))
  return [
    ...[...clusters].map((cluster): StateEvent => ({ kind: 'intent', cluster })),
    ...[...keys].map((key): StateEvent => ({ kind: 'deployment', key })),
    ...(head === undefined ? [] : [{ kind: 'head' } as const]),
  ]
}

function observedKey({ report }: Observed): DeploymentKey {
  return deploymentKey(report.deployment.environment, report.deployment.name)
}

function isVisible({ file, active, intended }: DeploymentState): boolean {
  return file !== undefined || active !== undefined || intended !== undefined
}

function rolloutKey({ sha, context }: Rollout): string {
  return `${sha} ${context}`
}

function isOver({ parts }: Rollout): boolean {
  return Object.values(parts).every((state) => state !== 'waiting' && state !== 'started')
}
