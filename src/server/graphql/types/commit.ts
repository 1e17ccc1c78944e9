import type { CommitStatus, StoredCommit } from '../../../ports/store.ts'
import { type Builder, timeOf } from '../builder.ts'
import { type connectionTypes, historyPage } from '../connections.ts'
import type { PlanTypes } from './plan.ts'
import type { ProblemType } from './problem.ts'

export interface CommitParts {
  readonly connections: ReturnType<typeof connectionTypes>
  readonly problem: ProblemType
  readonly plans: PlanTypes
}

/** Commits of the tracked branch and what is said of them. */
export function commitTypes(builder: Builder, { connections, problem, plans }: CommitParts) {
  const status = builder.objectRef<CommitStatus>('CommitStatus').implement({
    description: 'The newest status of one context, as a forge shows it.',
    fields: (t) => ({
      context: t.exposeString('context'),
      state: t.exposeString('state', { description: 'pending, success, failure or error' }),
      description: t.exposeString('description'),
      digest: t.string({ nullable: true, resolve: ({ digest }) => digest ?? null }),
      at: t.field({ type: 'DateTime', resolve: ({ atMs }) => timeOf(atMs) }),
    }),
  })
  const commit = builder.objectRef<StoredCommit>('Commit').implement({
    description: 'A commit of the tracked branch.',
    fields: (t) => ({
      sha: t.string({ resolve: ({ sha }) => sha }),
      subject: t.exposeString('subject'),
      author: t.exposeString('author'),
      time: t.field({ type: 'DateTime', resolve: ({ committedAtSeconds }) => timeOf(committedAtSeconds * 1000) }),
      resolvedAt: t.field({ type: 'DateTime', resolve: ({ resolvedAtMs }) => timeOf(resolvedAtMs) }),
      outcome: t.string({ description: 'resolved, held or skipped', resolve: ({ outcome }) => outcome }),
      planDigest: t.string({ resolve: ({ planDigest }) => planDigest }),
      problems: t.field({ type: [problem], resolve: ({ problems }) => [...problems] }),
      statuses: t.field({
        type: [status],
        resolve: async ({ sha }, _, { store }) => [...(await store.history.statusesOf(sha))],
      }),
      plans: t.field({
        type: plans.planConnection,
        args: { first: t.arg.int(), after: t.arg.string() },
        resolve: ({ sha }, args, { store }) =>
          historyPage(
            (page) => store.history.plans({ commit: sha }, page),
            args,
            (plan) => plan,
          ),
      }),
    }),
  })
  return { commit, commitConnection: connections.of('Commit', commit) }
}

export type CommitTypes = ReturnType<typeof commitTypes>
