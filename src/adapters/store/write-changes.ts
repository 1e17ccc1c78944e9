import type { CompiledQuery, Kysely } from 'kysely'
import { deploymentKey } from '../../domain/ids.ts'
import type { Changes, Rollout } from '../../ports/store.ts'
import { instanceTexts } from './rows.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>

/** The statements that write one event's changes, to be run in one transaction. */
export function changeQueries(db: Db, changes: Changes): readonly CompiledQuery[] {
  return [
    ...fromGit(db, changes),
    ...planned(db, changes),
    ...deployments(db, changes),
    ...reported(db, changes),
    ...outbox(db, changes),
  ]
}

function fromGit(db: Db, { head, commits = [], instances = [], drivers = [] }: Changes): readonly CompiledQuery[] {
  return [
    ...commits.map((commit) => {
      const row = { outcome: commit.outcome, resolved_at: commit.resolvedAtMs, json: JSON.stringify(commit) }
      return db
        .insertInto('commits')
        .values({ sha: commit.sha, ...row })
        .onConflict((conflict) => conflict.column('sha').doUpdateSet(row))
        .compile()
    }),
    ...instances.map(({ commit, resolved }) =>
      db
        .insertInto('instances')
        .values({
          digest: resolved.instance.digest,
          deployment: resolved.key,
          commit_sha: commit,
          ...instanceTexts(resolved),
        })
        .onConflict((conflict) => conflict.column('digest').doNothing())
        .compile(),
    ),
    ...drivers.map(({ name, version, digest, commit }) =>
      db
        .insertInto('driver_versions')
        .values({ name, version, digest, commit_sha: commit })
        .onConflict((conflict) => conflict.columns(['name', 'version']).doNothing())
        .compile(),
    ),
    ...(head === undefined
      ? []
      : [
          db
            .insertInto('head')
            .values({ only: 1, commit_sha: head.commit, json: JSON.stringify(head) })
            .onConflict((conflict) =>
              conflict.column('only').doUpdateSet({ commit_sha: head.commit, json: JSON.stringify(head) }),
            )
            .compile(),
        ]),
  ]
}

function planned(db: Db, { plans = [], bundles = [], intents = [] }: Changes): readonly CompiledQuery[] {
  return [
    ...plans.map(({ commit, atMs, plan }) =>
      db
        .insertInto('plans')
        .values({
          commit_sha: commit,
          deployment: plan.key,
          digest: plan.digest,
          made_at: atMs,
          json: JSON.stringify(plan),
        })
        .onConflict((conflict) => conflict.doNothing())
        .compile(),
    ),
    ...bundles.map(({ digest, commit, key, text }) =>
      db
        .insertInto('bundles')
        .values({ digest, commit_sha: commit, deployment: key, text })
        .onConflict((conflict) => conflict.doNothing())
        .compile(),
    ),
    ...intents.map(({ cluster, intent }) =>
      db
        .insertInto('intents')
        .values({
          cluster,
          sequence: intent.sequence,
          deployment: deploymentKey(intent.deployment.environment, intent.deployment.name),
          epoch: intent.epoch,
          json: JSON.stringify(intent),
        })
        .compile(),
    ),
  ]
}

function deployments(db: Db, changes: Changes): readonly CompiledQuery[] {
  const { deployments: written = [], unobserved = [], rollouts = [] } = changes
  return [
    ...written.map((state) => {
      const json = JSON.stringify(state)
      return db
        .insertInto('deployments')
        .values({ deployment: state.key, json })
        .onConflict((conflict) => conflict.column('deployment').doUpdateSet({ json }))
        .compile()
    }),
    ...unobserved.map((key) => db.deleteFrom('observed').where('deployment', '=', key).compile()),
    ...rollouts.map((rollout) => {
      const row = { json: JSON.stringify(rollout), ended: isEnded(rollout) ? 1 : 0 }
      return db
        .insertInto('rollouts')
        .values({ commit_sha: rollout.sha, context: rollout.context, ...row })
        .onConflict((conflict) => conflict.columns(['commit_sha', 'context']).doUpdateSet(row))
        .compile()
    }),
  ]
}

function isEnded({ parts }: Rollout): boolean {
  return Object.values(parts).every((state) => state !== 'waiting' && state !== 'started')
}

function reported(db: Db, { observed = [], runs = [], agents = [] }: Changes): readonly CompiledQuery[] {
  return [
    ...observed.map(({ report, receivedAtMs }) => {
      const row = { received_at: receivedAtMs, json: JSON.stringify(report) }
      return db
        .insertInto('observed')
        .values({ deployment: deploymentKey(report.deployment.environment, report.deployment.name), ...row })
        .onConflict((conflict) => conflict.column('deployment').doUpdateSet(row))
        .compile()
    }),
    ...runs.map((run) => {
      const json = JSON.stringify(run)
      return db
        .insertInto('runs')
        .values({ deployment: run.key, epoch: run.epoch, json })
        .onConflict((conflict) => conflict.columns(['deployment', 'epoch']).doUpdateSet({ json }))
        .compile()
    }),
    ...agents.map((agent) => {
      const json = JSON.stringify(agent)
      return db
        .insertInto('agents')
        .values({ cluster: agent.cluster, json })
        .onConflict((conflict) => conflict.column('cluster').doUpdateSet({ json }))
        .compile()
    }),
  ]
}

function outbox(db: Db, { notes = [], statuses = [] }: Changes): readonly CompiledQuery[] {
  return [
    ...notes.map(({ sha, line }) =>
      db
        .insertInto('notes')
        .values({ commit_sha: sha, line, sent: 0 })
        .onConflict((conflict) => conflict.doNothing())
        .compile(),
    ),
    ...statuses.map(({ sha, context, state, description, digest, atMs }) => {
      const row = { state, description, digest: digest ?? null, at: atMs, sent: 0 }
      return db
        .insertInto('statuses')
        .values({ commit_sha: sha, context, ...row })
        .onConflict((conflict) => conflict.columns(['commit_sha', 'context']).doUpdateSet(row))
        .compile()
    }),
  ]
}
