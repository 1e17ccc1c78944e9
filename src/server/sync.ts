// In:    a repository that moves.
// Out:   each new commit of the tracked branch, resolved in order, with everything it changes in one transaction.
// Never: a deletion that a rewound or empty branch would mean; a commit that is half done.
import { setTimeout as delay } from 'node:timers/promises'
import { SetupError, StyrminError, UnreachableError } from '../domain/errors.ts'
import { type CommitSha, parseCommitSha, toDigest } from '../domain/ids.ts'
import type { Problem } from '../domain/problem.ts'
import { resolveTree } from '../pipeline/resolve-tree.ts'
import type { CommitFacts } from '../ports/git-source.ts'
import type { Changes, StoredCommit } from '../ports/store.ts'
import { digestOf } from '../util/digest.ts'
import { advance, type Taken } from './advance.ts'
import { noteLine } from './notes.ts'
import { PLAN_CONTEXT } from './plan-status.ts'
import type { ServerTools } from './tools.ts'

export interface SyncOptions {
  readonly pollMs: number
  /** The commits at the end of a long range that are resolved; what lies before is only recorded. */
  readonly depth: number
}

/** How far back a rewound branch is searched for the trailer. */
const TRAILER_DEPTH = 200
const MAX_BACKOFF_MS = 5 * 60_000
/** Tries of a commit whose renders ran out of time or memory, before it is taken as it is. */
const CROWDED_TRIES = 3
/** What a slow or crowded machine did, not the input. */
const CROWDED = new Set<string>(['STY310', 'STY311', 'STY312', 'STY313'])

export interface Sync {
  /** Look now; many calls while it looks give one more look. */
  wake(): void
  /** Runs until the signal; never throws for what the repository or the renderer does. */
  run(signal: AbortSignal): Promise<void>
}

/** What the loop remembers of the commit it took last. */
interface Memory {
  last?: Taken | undefined
}

interface Loop {
  readonly tools: ServerTools
  readonly options: SyncOptions
  readonly memory: Memory
}

/** The loop that follows the repository. */
export function createSync(tools: ServerTools, options: SyncOptions): Sync {
  const memory: Memory = {}
  let wake = (): void => undefined
  let woken = false
  return {
    wake: () => {
      woken = true
      wake()
    },
    run: async (signal) => {
      let failures = 0
      while (!signal.aborted) {
        woken = false
        failures = (await look({ tools, options, memory }, signal)) ? 0 : failures + 1
        const waitMs = failures === 0 ? options.pollMs : Math.min(MAX_BACKOFF_MS, 500 * 2 ** Math.min(failures, 20))
        const wakened = new Promise<void>((resolve) => {
          wake = resolve
        })
        // With jitter, so that many servers do not ask one forge at the same moment.
        if (!woken) await Promise.race([wakened, pause(waitMs * (0.9 + Math.random() * 0.2), signal)])
      }
    },
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}

/** One look at the repository; false when it must be tried again soon. */
async function look(loop: Loop, signal: AbortSignal): Promise<boolean> {
  const { tools } = loop
  const { state, metrics, log, now } = tools
  try {
    const end = metrics.gitSeconds.startTimer()
    await tools.git.fetch(signal).finally(end)
    await follow(loop, signal)
    metrics.syncs.inc({ result: 'ok' })
    metrics.lastSync.set(now() / 1000)
    return true
  } catch (cause) {
    if (signal.aborted) return true
    metrics.syncs.inc({ result: 'failed' })
    log.warn({ err: cause }, 'sync failed')
    state.setTrouble('sync', [problemOf(cause)])
    return false
  }
}

function problemOf(cause: unknown): Problem {
  if (cause instanceof StyrminError) return cause.toProblem()
  const message = cause instanceof Error ? cause.message : String(cause)
  const error = new UnreachableError('STY414', `the newest commit could not be resolved: ${message}`, {
    hint: 'Nothing to do: it is tried again. Look at the log of the server when it stays.',
  })
  return error.toProblem()
}

async function follow({ tools, options, memory }: Loop, signal: AbortSignal): Promise<void> {
  const { git, state, metrics } = tools
  const to = await git.head(signal)
  if (to === undefined) {
    throw new SetupError('STY403', 'the repository has no such branch, or no commit yet', {
      hint: 'Push a first commit, or set `branch` in the configuration.',
    })
  }
  const from = state.head()?.commit
  if (from === to) return state.setTrouble('sync', [])
  const range = await unseen(from, to, tools, signal)
  if (range === undefined) return hold(from, to, tools, signal)
  const start = from === undefined ? range.length - 1 : Math.max(0, range.length - options.depth)
  if (from !== undefined) await skip(range.slice(0, start), tools)
  for (const commit of range.slice(start)) {
    const end = metrics.syncSeconds.startTimer()
    await take(commit, memory, tools, signal)
    end()
  }
  state.setTrouble('sync', [])
}

/** Commits to take, oldest first; `undefined` when the branch was rewound and nothing says that it was meant. */
async function unseen(
  from: CommitSha | undefined,
  to: CommitSha,
  { git }: ServerTools,
  signal: AbortSignal,
): Promise<readonly CommitFacts[] | undefined> {
  const line = await git.walk({ ...(from === undefined ? {} : { from }), to }, signal)
  if (line !== undefined || from === undefined) return line
  const whole = (await git.walk({ to }, signal)) ?? []
  const recent = whole.slice(-TRAILER_DEPTH)
  const meant = recent.findLastIndex(({ body }) => rewindsFrom(body) === from)
  return meant < 0 ? undefined : recent.slice(meant)
}

/** The commit that a rewind says it leaves behind. */
function rewindsFrom(body: string): CommitSha | undefined {
  const trailer = /^Styrmin-Rewind-From:\s*([0-9a-f]{40})\s*$/im.exec(body)?.[1]
  return trailer === undefined ? undefined : parseCommitSha(trailer.toLowerCase())
}

async function hold(
  from: CommitSha | undefined,
  to: CommitSha,
  tools: ServerTools,
  signal: AbortSignal,
): Promise<void> {
  const { state, store, git, now } = tools
  const problem: Problem = {
    code: 'STY406',
    severity: 'error',
    message: `the branch was rewound: ${to.slice(0, 12)} does not descend from ${(from ?? '').slice(0, 12)}, which was applied`,
    hint: `Push a commit with the trailer "Styrmin-Rewind-From: ${from ?? ''}" when it was meant.`,
  }
  if ((await store.history.commit(to)) === undefined) {
    const commit = (await git.walk({ to }, signal))?.at(-1)
    if (commit !== undefined) await tools.journal.change(() => heldChanges(commit, problem, { ...tools, atMs: now() }))
  }
  state.setTrouble('sync', [problem])
}

function heldChanges(
  commit: CommitFacts,
  problem: Problem,
  { key, notes, atMs }: Pick<ServerTools, 'key' | 'notes'> & { readonly atMs: number },
): Changes {
  const digest = toDigest(digestOf([]))
  const { sha } = commit
  const description = `held: ${problem.message}`
  const line = noteLine({ sha, state: 'held', digest, message: problem.message }, { atMs, privateKey: key.privateKey })
  return {
    commits: [storedCommit(commit, { outcome: 'held', problems: [problem], atMs })],
    statuses: [{ sha, context: PLAN_CONTEXT, state: 'failure', description, digest, atMs }],
    ...(notes ? { notes: [line] } : {}),
  }
}

/** Far behind, only the newest commits are resolved; the others are recorded as seen and superseded. */
async function skip(commits: readonly CommitFacts[], { journal, now }: ServerTools): Promise<void> {
  if (commits.length === 0) return
  const atMs = now()
  await journal.change(() => ({
    commits: commits.map((commit) => storedCommit(commit, { outcome: 'skipped', problems: [], atMs })),
  }))
}

function storedCommit(
  { sha, subject, author, committedAtSeconds }: CommitFacts,
  { outcome, problems, atMs }: Pick<StoredCommit, 'outcome' | 'problems'> & { readonly atMs: number },
): StoredCommit {
  const planDigest = toDigest(digestOf([]))
  return { sha, subject, author, committedAtSeconds, resolvedAtMs: atMs, outcome, planDigest, problems }
}

async function take(commit: CommitFacts, memory: Memory, tools: ServerTools, signal: AbortSignal): Promise<void> {
  const { git, renderer, cache, journal, log } = tools
  const resolve = () => resolveTree(git.tree(commit.sha), { renderer, cache }, signal)
  let resolution = await resolve()
  for (let tries = 1; tries < CROWDED_TRIES && resolution.problems.some(({ code }) => CROWDED.has(code)); tries++) {
    resolution = await resolve()
  }
  let taken: Taken | undefined
  const changes = await journal.change(async () => {
    const advanced = await advance({ commit, resolution, last: memory.last }, tools, signal)
    taken = advanced.taken
    return advanced.changes
  })
  memory.last = taken
  const { plans = [], intents = [] } = changes
  const problems = changes.head?.problems.length ?? 0
  log.info({ commit: commit.sha, plans: plans.length, intents: intents.length, problems }, 'commit resolved')
}
