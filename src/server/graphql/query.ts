import { deploymentKey, parseCommitSha, parseDigest } from '../../domain/ids.ts'
import { allProblems, allViews, viewOf } from '../views.ts'
import type { Builder } from './builder.ts'
import { type connectionTypes, historyPage, pageOf } from './connections.ts'
import type { CommitTypes } from './types/commit.ts'
import type { DeploymentTypes } from './types/deployment.ts'
import type { PlaceTypes } from './types/places.ts'
import type { PlanTypes } from './types/plan.ts'
import type { ProblemType } from './types/problem.ts'

export interface QueryParts {
  readonly connections: ReturnType<typeof connectionTypes>
  readonly problem: ProblemType
  readonly plans: PlanTypes
  readonly commits: CommitTypes
  readonly places: PlaceTypes
  readonly deployments: DeploymentTypes
}

/** Adds the root of all queries. */
export function addQuery(builder: Builder, parts: QueryParts): void {
  builder.queryType({})
  addCurrent(builder, parts)
  addHistory(builder, parts)
}

interface Status {
  readonly head: string | null
  readonly commits: number
  readonly statuses: number
}

function addCurrent(builder: Builder, { connections, problem, places, deployments }: QueryParts): void {
  const problemConnection = connections.of('Problem', problem)
  const status = builder.objectRef<Status>('Status').implement({
    fields: (t) => ({
      head: t.exposeString('head', { nullable: true, description: 'The newest commit that was taken up.' }),
      commits: t.exposeInt('commits', { description: 'Commits looked at since the beginning.' }),
      statuses: t.exposeInt('statuses', { description: 'Commit statuses set since the beginning.' }),
    }),
  })
  builder.queryFields((t) => ({
    status: t.field({
      type: status,
      resolve: async (_, __, { state, store }) => ({
        head: state.head()?.commit ?? null,
        ...(await store.history.counts()),
      }),
    }),
    clusters: t.field({ type: [places.cluster], resolve: (_, __, { state }) => [...(state.head()?.clusters ?? [])] }),
    environments: t.field({
      type: [places.environment],
      resolve: (_, __, { state }) => [...(state.head()?.environments ?? [])],
    }),
    deployments: t.field({
      type: deployments.deploymentConnection,
      description: 'In order of environment and name.',
      args: { first: t.arg.int(), after: t.arg.string(), environment: t.arg.string(), cluster: t.arg.string() },
      resolve: (_, args, { state, now }) => {
        const views = allViews(state, now()).filter(
          (view) =>
            (args.environment == null || view.state.environment === args.environment) &&
            (args.cluster == null || view.state.cluster === args.cluster),
        )
        return pageOf(views, args, (view) => view.state.key)
      },
    }),
    deployment: t.field({
      type: deployments.deployment,
      nullable: true,
      args: { environment: t.arg.string({ required: true }), name: t.arg.string({ required: true }) },
      resolve: (_, { environment, name }, { state, now }) => {
        const found = state.deployments().find(({ key }) => key === deploymentKey(environment, name))
        return found === undefined ? null : viewOf(found, state, now())
      },
    }),
    problems: t.field({
      type: problemConnection,
      args: { first: t.arg.int(), after: t.arg.string() },
      resolve: (_, args, { state, now }) => {
        const numbered = allProblems(state, now()).map((one, index) => ({ name: String(index), one }))
        const page = pageOf(numbered, args, ({ name }) => name)
        return { ...page, edges: page.edges.map(({ cursor, node }) => ({ cursor, node: node.one })) }
      },
    }),
  }))
}

function addHistory(builder: Builder, { plans, commits }: QueryParts): void {
  builder.queryFields((t) => ({
    commits: t.field({
      type: commits.commitConnection,
      description: 'Newest first.',
      args: { first: t.arg.int(), after: t.arg.string() },
      resolve: (_, args, { store }) =>
        historyPage(
          (page) => store.history.commits(page),
          args,
          (one) => one,
        ),
    }),
    commit: t.field({
      type: commits.commit,
      nullable: true,
      args: { sha: t.arg.string({ required: true }) },
      resolve: async (_, args, { store }) => {
        const sha = parseCommitSha(args.sha)
        return (sha && (await store.history.commit(sha))) ?? null
      },
    }),
    plan: t.field({
      type: plans.plan,
      nullable: true,
      args: { digest: t.arg.string({ required: true }) },
      resolve: async (_, args, { store }) => {
        const digest = parseDigest(args.digest)
        return (digest && (await store.plan(digest))) ?? null
      },
    }),
    plans: t.field({
      type: plans.planConnection,
      description: 'Newest first.',
      args: { first: t.arg.int(), after: t.arg.string() },
      resolve: (_, args, { store }) =>
        historyPage(
          (page) => store.history.plans({}, page),
          args,
          (one) => one,
        ),
    }),
    runs: t.field({
      type: plans.runConnection,
      description: 'Newest first.',
      args: { first: t.arg.int(), after: t.arg.string() },
      resolve: (_, args, { store }) =>
        historyPage(
          (page) => store.history.runs({}, page),
          args,
          (one) => one,
        ),
    }),
  }))
}
