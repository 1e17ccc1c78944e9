import type { Kysely } from 'kysely'
import type { CommitSha, Digest } from '../../domain/ids.ts'
import type { HistoryStore, OutboxStore, StoredPlan, StoredRun } from '../../ports/store.ts'
import { fromJson, statusOf } from './rows.ts'
import type { Tables } from './tables.ts'

/** Further back than any row can lie. */
const NEWEST = Number.MAX_SAFE_INTEGER

/** What happened, newest first. */
export function historyStore(db: Kysely<Tables>): HistoryStore {
  return {
    commits: async ({ first, after = NEWEST }) => {
      const rows = await db
        .selectFrom('commits')
        .select(['position', 'json'])
        .where('position', '<', after)
        .orderBy('position', 'desc')
        .limit(first)
        .execute()
      return rows.map(({ position, json }) => ({ cursor: position, item: fromJson(json) }))
    },
    commit: async (sha) => {
      const row = await db.selectFrom('commits').select('json').where('sha', '=', sha).executeTakeFirst()
      return row && fromJson(row.json)
    },
    counts: async () => {
      const count = (table: 'commits' | 'statuses') =>
        db.selectFrom(table).select(({ fn }) => fn.countAll<number>().as('count'))
      const [commits, statuses] = await Promise.all([
        count('commits').executeTakeFirstOrThrow(),
        count('statuses').executeTakeFirstOrThrow(),
      ])
      return { commits: commits.count, statuses: statuses.count }
    },
    statusesOf: async (sha) => {
      const rows = await db
        .selectFrom('statuses')
        .selectAll()
        .where('commit_sha', '=', sha)
        .orderBy('context')
        .execute()
      return rows.map(statusOf)
    },
    plans: async ({ commit, key }, { first, after = NEWEST }) => {
      let query = db.selectFrom('plans').selectAll().where('position', '<', after)
      if (commit !== undefined) query = query.where('commit_sha', '=', commit)
      if (key !== undefined) query = query.where('deployment', '=', key)
      const rows = await query.orderBy('position', 'desc').limit(first).execute()
      return rows.map((row) => ({ cursor: row.position, item: planOf(row) }))
    },
    instances: async (key, { first, after = NEWEST }) => {
      const rows = await db
        .selectFrom('instances')
        .select(['position', 'digest', 'commit_sha', 'json'])
        .where('deployment', '=', key)
        .where('position', '<', after)
        .orderBy('position', 'desc')
        .limit(first)
        .execute()
      return rows.map(({ position, digest, commit_sha, json }) => ({
        cursor: position,
        item: { digest: digest as Digest, commit: commit_sha as CommitSha, instance: fromJson(json) },
      }))
    },
    runs: async ({ key }, { first, after = NEWEST }) => {
      let query = db.selectFrom('runs').select(['position', 'json']).where('position', '<', after)
      if (key !== undefined) query = query.where('deployment', '=', key)
      const rows = await query.orderBy('position', 'desc').limit(first).execute()
      return rows.map(({ position, json }) => ({ cursor: position, item: fromJson<StoredRun>(json) }))
    },
  }
}

/** The plan of a row. */
export function planOf(row: Pick<Tables['plans'], 'commit_sha' | 'made_at' | 'json'>): StoredPlan {
  return { commit: row.commit_sha as CommitSha, atMs: row.made_at, plan: fromJson(row.json) }
}

/** What still has to be told to others. */
export function outboxStore(db: Kysely<Tables>): OutboxStore {
  return {
    unsentNotes: async (limit) => {
      const rows = await db
        .selectFrom('notes')
        .select(['id', 'commit_sha', 'line'])
        .where('sent', '=', 0)
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(({ id, commit_sha, line }) => ({ id, sha: commit_sha as CommitSha, line }))
    },
    notesSent: async (ids) => {
      if (ids.length > 0) await db.updateTable('notes').set({ sent: 1 }).where('id', 'in', ids).execute()
    },
    unsentStatuses: async (limit) => {
      const rows = await db
        .selectFrom('statuses')
        .selectAll()
        .where('sent', '=', 0)
        .orderBy('at')
        .limit(limit)
        .execute()
      return rows.map(statusOf)
    },
    statusSent: async ({ sha, context, state, description, atMs }) => {
      await db
        .updateTable('statuses')
        .set({ sent: 1 })
        .where('commit_sha', '=', sha)
        .where('context', '=', context)
        .where('state', '=', state)
        .where('description', '=', description)
        .where('at', '=', atMs)
        .execute()
    },
  }
}
