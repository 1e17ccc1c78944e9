import { checkImmutable } from '../core/instances/check-immutable.ts'
import { type CommitSha, type DeploymentKey, type Digest, toDigest } from '../domain/ids.ts'
import type { ResolvedInstance } from '../domain/instance.ts'
import { compareProblems, type Problem } from '../domain/problem.ts'
import { findGone } from '../pipeline/find-gone.ts'
import type { Declarations, Resolution } from '../pipeline/resolution.ts'
import type { CommitFacts } from '../ports/git-source.ts'
import type { Changes, DeploymentState, StoredCommit } from '../ports/store.ts'
import { digestOf, digestOfBytes } from '../util/digest.ts'
import { byText, compareText } from '../util/json.ts'
import { joinChanges } from './journal.ts'
import { nextHead } from './next-head.ts'
import { nextStates } from './next-states.ts'
import { type NoteFact, noteLine } from './notes.ts'
import { type Planned, planIntents, type PlanTools } from './plan-intents.ts'
import { planStatus } from './plan-status.ts'
import { instanceFinder } from './recall.ts'
import { moveParts, type PartMove } from './rollouts.ts'
import type { ServerState } from './state.ts'
import { needsIntent } from './targets.ts'
import type { ServerTools } from './tools.ts'

/** A commit and what its tree says. */
export interface ResolvedCommit {
  readonly commit: CommitFacts
  readonly resolution: Resolution
}

/** What is worth remembering of a commit until the next one; it can always be left out. */
export interface Taken {
  readonly sha: CommitSha
  /** As it counted: without drivers that changed under their version. */
  readonly resolution: Resolution
  readonly nothingHeld: boolean
}

/** What a commit changes, and what to remember of it. */
export interface Advanced {
  readonly changes: Changes
  readonly taken: Taken
}

/**
 * Everything that a commit changes: what is desired, the plans that lead there, their intents, and what is said of it.
 *
 * Shape: a commit that was looked at before changes nothing but what is still open.
 */
export async function advance(
  { commit, resolution: whole, last }: ResolvedCommit & { readonly last: Taken | undefined },
  tools: ServerTools,
  signal: AbortSignal,
): Promise<Advanced> {
  const { state } = tools
  const resolution = withoutChangedDrivers(whole, state.drivers())
  const before = last?.sha === state.head()?.commit ? last : undefined
  const { deletions, held } = findGone(declared(before, state), resolution)
  const wanted = { commit: commit.sha, resolution, before: before?.resolution, deletions }
  const next = nextStates(wanted, state)
  const moving = movingStates(next, state)
  const planned = await planIntents(moving, planTools(resolution, tools, signal), signal)
  for (const { key } of moving) state.setTrouble(`plan of ${key}`, [])
  const problems = [...resolution.problems, ...heldProblems(held, resolution), ...planned.problems]
  const changes = joinChanges(
    desiredChanges({ commit, resolution, held, next, moving, planned }, problems, tools),
    saidOf({ commit, resolution, planned, problems }, tools),
  )
  return { changes, taken: { sha: commit.sha, resolution, nothingHeld: held.length === 0 } }
}

function planTools(resolution: Resolution, tools: ServerTools, signal: AbortSignal): PlanTools {
  const { renderer, key, state, now } = tools
  const find = instanceFinder(tools, signal)
  return {
    renderer,
    privateKey: key.privateKey,
    instance: async (digest, of) => {
      const here = resolution.instances.get(of)
      return here?.instance.digest === digest ? here : find(digest, of)
    },
    sequence: (cluster) => state.sequence(cluster),
    atMs: now(),
  }
}

/** A driver version whose content changed blocks what uses it, and nothing else. */
function withoutChangedDrivers(resolution: Resolution, known: ReadonlyMap<string, Digest>): Resolution {
  const drivers = resolution.drivers.map((driver) => ({ ...driver, spec: { version: driver.version } }))
  const problems = checkImmutable(known, drivers)
  if (problems.length === 0) return resolution
  const changed = drivers.filter(({ at }) => problems.some((problem) => problem.at === at))
  const uses = ({ instance }: ResolvedInstance): boolean =>
    changed.some(({ digest }) => digest === instance.driver.digest)
  const blocked = [...resolution.instances].flatMap(([key, resolved]) => (uses(resolved) ? [key] : []))
  const affecting = problems.map((problem) => ({ ...problem, ...(blocked.length === 0 ? {} : { affects: blocked }) }))
  return {
    ...resolution,
    instances: new Map([...resolution.instances].filter(([key]) => !blocked.includes(key))),
    blocked: [...resolution.blocked, ...blocked].sort(compareText),
    drivers: resolution.drivers.filter(({ at }) => !changed.some((driver) => driver.at === at)),
    problems: [...resolution.problems, ...affecting].sort(compareProblems),
  }
}

/** What was declared: what the last commit said, and what was held then although it no longer said so. */
function declared(last: Taken | undefined, state: ServerState): Declarations {
  const environments = state.head()?.environments ?? []
  if (last?.nothingHeld === true) return { ...last.resolution, environments }
  const states = state.deployments()
  const files = states.flatMap(({ key, file }) => (file === undefined ? [] : [[key, file] as const]))
  const marked = states.filter(({ deleteData }) => deleteData === true).map(({ key }) => key)
  return { files: new Map(files), deleteData: new Set(marked), environments }
}

/** A change is planned once, when it becomes wanted; again only while it is refused. In order of key. */
function movingStates(next: readonly DeploymentState[], state: ServerState): readonly DeploymentState[] {
  const changed = new Map(next.map((one) => [one.key, one]))
  const refused = state.refused().filter(({ key }) => !changed.has(key))
  const wanted = next.filter((one) => one.refused === true || one.desired !== state.deployment(one.key)?.desired)
  return [...wanted, ...refused].filter(needsIntent).sort(byText(({ key }) => key))
}

function heldProblems(
  held: readonly { readonly key: DeploymentKey; readonly why: string }[],
  { files }: Resolution,
): readonly Problem[] {
  if (held.length > 0 && files.size === 0) {
    const message = `the commit declares nothing at all; the ${held.length} deployments there are kept`
    const hint = 'Remove deployments one after another, and the last one together with its environment.'
    return [{ code: 'STY407', severity: 'error', message, hint, affects: held.map(({ key }) => key) }]
  }
  return held.map(({ key, why }) => ({
    code: 'STY240',
    severity: 'error',
    message: `${key} is kept although its document is gone: ${why}`,
    hint: 'Mend that first, or bring the document back.',
    affects: [key],
  }))
}

interface Desired extends ResolvedCommit {
  readonly held: readonly { readonly key: DeploymentKey }[]
  readonly next: readonly DeploymentState[]
  readonly moving: readonly DeploymentState[]
  readonly planned: Planned
}

function desiredChanges(
  { commit, resolution, held, next, moving, planned }: Desired,
  problems: readonly Problem[],
  { state, now }: ServerTools,
): Changes {
  const written = new Map(next.map((one) => [one.key, one]))
  for (const one of planned.deployments) written.set(one.key, one)
  const fresh = resolution.drivers.filter(({ name, version }) => !state.drivers().has(`${name}@${version}`))
  const stored: StoredCommit = {
    sha: commit.sha,
    subject: commit.subject,
    author: commit.author,
    committedAtSeconds: commit.committedAtSeconds,
    resolvedAtMs: now(),
    outcome: 'resolved',
    planDigest: planDigestOf(planned),
    problems,
  }
  return {
    head: nextHead({ commit: commit.sha, resolution, held, problems }, state.head()),
    commits: [stored],
    deployments: [...written.values()],
    instances: moving.flatMap(({ key, desired }) => {
      const resolved = resolution.instances.get(key)
      return resolved?.instance.digest === desired && resolved !== undefined ? [{ commit: commit.sha, resolved }] : []
    }),
    drivers: fresh.map(({ name, version, digest }) => ({ name, version, digest, commit: commit.sha })),
    plans: planned.plans,
    bundles: planned.bundles ?? [],
    intents: planned.intents,
  }
}

/** Over the sorted digests of a commit's plans. */
function planDigestOf({ plans }: Planned): Digest {
  return toDigest(digestOf(plans.map(({ plan }) => plan.digest).sort()))
}

interface Said extends ResolvedCommit {
  readonly planned: Planned
  readonly problems: readonly Problem[]
}

function saidOf({ commit, resolution, planned, problems }: Said, tools: ServerTools): Changes {
  const making = { atMs: tools.now(), privateKey: tools.key.privateKey }
  const digest = planDigestOf(planned)
  const { sha } = commit
  // The digest looks at every deployment; without notes nobody asks for it.
  const facts = (): readonly NoteFact[] => [
    { sha, state: 'resolved', digest: resolutionDigest(resolution) },
    ...(planned.plans.length === 0 ? [{ sha, state: 'planned', digest } as const] : []),
    ...planned.plans.map(
      ({ plan }): NoteFact => ({
        sha,
        state: 'planned',
        digest: plan.digest,
        deployment: plan.key,
        class: plan.verdict.class,
        ...(plan.from === undefined ? {} : { from: plan.from }),
        ...(plan.to === undefined ? {} : { instance: plan.to }),
      }),
    ),
  ]
  const rolled = moveParts(tools.state.rollouts(), intentMoves(planned, tools), { digest, atMs: making.atMs })
  return {
    ...(tools.notes ? { notes: facts().map((fact) => noteLine(fact, making)) } : {}),
    rollouts: rolled.rollouts,
    statuses: [
      planStatus({ sha, plans: planned.plans.map(({ plan }) => plan), problems, digest, atMs: making.atMs }),
      ...rolled.statuses,
    ],
  }
}

/** What new intents mean for rollouts: their own begin to wait, those of the intents before them end. */
export function intentMoves(
  { intents }: Pick<Planned, 'intents'>,
  { state }: Pick<ServerTools, 'state'>,
): readonly PartMove[] {
  const moves = intents.flatMap(({ cluster, intent }): readonly PartMove[] => {
    const { environment, name } = intent.deployment
    const key = `${environment}/${name}` as DeploymentKey
    const before = state.deployment(key)?.intended
    const open = before?.state === 'waiting' || before?.state === 'started'
    const begun: PartMove = { sha: intent.commit as PartMove['sha'], cluster, environment, key, to: 'waiting' }
    if (before === undefined || !open || before.intent.commit === intent.commit) return [begun]
    const ended: PartMove = {
      ...begun,
      sha: before.intent.commit as PartMove['sha'],
      cluster: before.cluster,
      to: 'superseded',
    }
    return [ended, begun]
  })
  return moves
}

function resolutionDigest({ instances }: Resolution): Digest {
  const lines: string[] = []
  for (const [key, { instance }] of instances) lines.push(`${key} ${instance.digest}\n`)
  return toDigest(digestOfBytes(lines.join('')))
}
