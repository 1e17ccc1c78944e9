// In:    what commits, plans and reports change, event by event.
// Out:   all of an event on disk or none of it; the state to go on from after a restart; history.
// Never: two processes on one file, or a value of a generated leaf.
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Kysely } from 'kysely'
import { SetupError, StyrminError } from '../../domain/errors.ts'
import type { CommitSha, Digest } from '../../domain/ids.ts'
import type { Store, StoredState } from '../../ports/store.ts'
import { historyStore, outboxStore, planOf } from './history.ts'
import { migrate } from './migrations.ts'
import { bundleOf, fromJson, instanceOf } from './rows.ts'
import { SqlError, sqliteDialect, startSqlite, statementOf } from './sqlite-dialect.ts'
import type { Tables } from './tables.ts'
import { changeQueries } from './write-changes.ts'

/** SQLite's result codes, https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5

/**
 * Opens the store in a file, made when it is not there, for this process alone.
 *
 * Errors: SetupError STY408 when another process has it open; STY409 when it cannot be used.
 */
export async function openStore(file: string): Promise<Store> {
  await mkdir(dirname(file), { recursive: true })
  const thread = startSqlite(file)
  const db = new Kysely<Tables>({ dialect: sqliteDialect(thread) })
  try {
    await migrate(db)
  } catch (cause) {
    await thread.close()
    throw storeError(file, cause)
  }
  return {
    load: () => load(db),
    write: async (changes) => {
      const statements = changeQueries(db, changes).map(statementOf)
      if (statements.length === 0) return
      await thread.run(statements).catch((cause: unknown) => {
        throw storeError(file, cause)
      })
    },
    instance: async (digest) => {
      const row = await db
        .selectFrom('instances')
        .select(['json', 'beside'])
        .where('digest', '=', digest)
        .executeTakeFirst()
      return row && instanceOf(row)
    },
    bundle: async (digest) => {
      const row = await db.selectFrom('bundles').selectAll().where('digest', '=', digest).executeTakeFirst()
      return row && bundleOf(row)
    },
    plan: async (digest) => {
      const row = await db
        .selectFrom('plans')
        .select(['commit_sha', 'made_at', 'json'])
        .where('digest', '=', digest)
        .orderBy('position', 'desc')
        .executeTakeFirst()
      return row && planOf(row)
    },
    intent: async (key, epoch) => {
      const row = await db
        .selectFrom('intents')
        .select('json')
        .where('deployment', '=', key)
        .where('epoch', '=', epoch)
        .executeTakeFirst()
      return row && fromJson(row.json)
    },
    history: historyStore(db),
    outbox: outboxStore(db),
    close: () => thread.close(),
  }
}

async function load(db: Kysely<Tables>): Promise<StoredState> {
  const head = await db.selectFrom('head').select('json').executeTakeFirst()
  const deployments = await db.selectFrom('deployments').select('json').orderBy('deployment').execute()
  const observed = await db.selectFrom('observed').select(['json', 'received_at']).orderBy('deployment').execute()
  const agents = await db.selectFrom('agents').select('json').orderBy('cluster').execute()
  const drivers = await db.selectFrom('driver_versions').selectAll().orderBy('name').orderBy('version').execute()
  const sequences = await db
    .selectFrom('intents')
    .select(({ fn }) => ['cluster', fn.max('sequence').as('sequence')])
    .groupBy('cluster')
    .execute()
  const rollouts = await db.selectFrom('rollouts').select('json').where('ended', '=', 0).orderBy('commit_sha').execute()
  return {
    head: head && fromJson(head.json),
    deployments: deployments.map(({ json }) => fromJson(json)),
    observed: observed.map(({ json, received_at }) => ({ report: fromJson(json), receivedAtMs: received_at })),
    agents: agents.map(({ json }) => fromJson(json)),
    drivers: drivers.map(({ name, version, digest, commit_sha }) => ({
      name,
      version,
      digest: digest as Digest,
      commit: commit_sha as CommitSha,
    })),
    rollouts: rollouts.map(({ json }) => fromJson(json)),
    sequences: new Map(sequences.map(({ cluster, sequence }) => [cluster, sequence])),
  }
}

function storeError(file: string, cause: unknown): StyrminError {
  if (cause instanceof StyrminError) return cause
  const code = cause instanceof SqlError ? cause.code & 0xff : 0
  if (code === SQLITE_BUSY) {
    return new SetupError('STY408', `${file} is in use by another process`, {
      hint: 'Stop the other server, or name another data folder.',
      cause,
    })
  }
  const why = cause instanceof Error ? cause.message : String(cause)
  return new SetupError('STY409', `${file} cannot be used: ${why}`, {
    hint: 'Free space on the disk; when the file is damaged, move it away: desired state is rebuilt from git.',
    cause,
  })
}
