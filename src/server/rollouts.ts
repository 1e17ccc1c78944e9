import type { CommitSha, DeploymentKey, Digest } from '../domain/ids.ts'
import type { CommitStatus, IntendedState, Rollout } from '../ports/store.ts'

/** One deployment of a rollout gets to another state. */
export interface PartMove {
  readonly sha: CommitSha
  readonly cluster: string
  readonly environment: string
  readonly key: DeploymentKey
  readonly to: IntendedState['state'] | 'superseded'
}

/** The name of the deploy status of one environment. */
function deployContext(cluster: string, environment: string): string {
  return `styrmin/deploy/${cluster}/${environment}`
}

/**
 * The rollouts that moves change, with their new commit statuses.
 *
 * Shape: a move of a commit without an open rollout begins one, but only with `waiting`: what has ended stays ended.
 */
export function moveParts(
  open: readonly Rollout[],
  moves: readonly PartMove[],
  { digest, atMs }: { readonly digest: Digest; readonly atMs: number },
): { readonly rollouts: readonly Rollout[]; readonly statuses: readonly CommitStatus[] } {
  const known = new Map(open.map((rollout) => [`${rollout.sha} ${rollout.context}`, rollout]))
  const changed = new Map<string, Rollout>()
  for (const { sha, cluster, environment, key, to } of moves) {
    const context = deployContext(cluster, environment)
    const id = `${sha} ${context}`
    const before = changed.get(id) ?? known.get(id)
    if (before === undefined && to !== 'waiting') continue
    const { parts } = before ?? { parts: {} }
    changed.set(id, { sha, context, digest: before?.digest ?? digest, parts: { ...parts, [key]: to } })
  }
  const rollouts = [...changed.values()]
  return { rollouts, statuses: rollouts.map((rollout) => statusOf(rollout, atMs)) }
}

function statusOf({ sha, context, digest, parts }: Rollout, atMs: number): CommitStatus {
  const inState = (state: string): readonly string[] =>
    Object.entries(parts).flatMap(([key, value]) => (value === state ? [key.slice(key.indexOf('/') + 1)] : []))
  const all = Object.keys(parts).length
  const verdict = verdictOf({
    all,
    done: inState('done'),
    failed: inState('failed'),
    started: inState('started'),
    waiting: inState('waiting'),
  })
  return { sha, context, digest, atMs, ...verdict }
}

interface Tally {
  readonly all: number
  readonly done: readonly string[]
  readonly failed: readonly string[]
  readonly started: readonly string[]
  readonly waiting: readonly string[]
}

function verdictOf({ all, done, failed, started, waiting }: Tally): Pick<CommitStatus, 'state' | 'description'> {
  const applied = `${done.length} of ${all} applied`
  if (failed.length > 0) return { state: 'failure', description: `${failed.join(', ')} failed; ${applied}` }
  if (started.length > 0) return { state: 'pending', description: `${applied}; applying ${started.join(', ')}` }
  if (waiting.length > 0) return { state: 'pending', description: `${applied}; waiting for the agent` }
  if (done.length === all) return { state: 'success', description: `all ${all} applied` }
  if (done.length > 0) return { state: 'success', description: `${applied}, the rest superseded` }
  return { state: 'error', description: 'superseded by a newer commit before it was applied' }
}
