import { type Kysely, sql } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'
import { SetupError } from '../../domain/errors.ts'
import type { Tables } from './tables.ts'

/** In order of name; one that was released is never changed. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-first': { up: first },
}

/**
 * Brings the tables up to date, each migration whole or not at all.
 *
 * Errors: SetupError STY409 when the store was written by a newer version.
 */
export async function migrate(database: Kysely<Tables>): Promise<void> {
  const provider: MigrationProvider = { getMigrations: () => Promise.resolve(MIGRATIONS) }
  const { error } = await new Migrator({ db: database, provider }).migrateToLatest()
  if (error === undefined) return
  const newer = error instanceof Error && error.message.includes('corrupted migrations')
  if (!newer) throw error
  throw new SetupError('STY409', 'the store was written by a newer version', {
    hint: 'Start the newer version, or name another data folder: desired state is rebuilt from git.',
    cause: error,
  })
}

async function first(database: Kysely<never>): Promise<void> {
  for (const [table, columns] of Object.entries(FIRST_TABLES)) {
    await sql.raw(`create table ${table} (${columns})`).execute(database)
  }
  for (const [index, target] of Object.entries(FIRST_INDEXES)) {
    await sql.raw(`create index ${index} on ${target}`).execute(database)
  }
}

const POSITION = 'position integer primary key'

const FIRST_TABLES = {
  head: 'only integer primary key check (only = 1), commit_sha text not null, json text not null',
  commits: `${POSITION}, sha text not null unique, outcome text not null, resolved_at integer not null, json text not null`,
  instances: `${POSITION}, digest text not null unique, deployment text not null, commit_sha text not null, json text not null, beside text not null`,
  plans: `${POSITION}, commit_sha text not null, deployment text not null, digest text not null, made_at integer not null, json text not null, unique (commit_sha, deployment, digest)`,
  bundles: 'digest text primary key, commit_sha text not null, deployment text not null, text text not null',
  intents:
    'cluster text not null, sequence integer not null, deployment text not null, epoch integer not null, json text not null, primary key (cluster, sequence), unique (deployment, epoch)',
  deployments: 'deployment text primary key, json text not null',
  observed: 'deployment text primary key, received_at integer not null, json text not null',
  runs: `${POSITION}, deployment text not null, epoch integer not null, json text not null, unique (deployment, epoch)`,
  rollouts:
    'commit_sha text not null, context text not null, ended integer not null, json text not null, primary key (commit_sha, context)',
  agents: 'cluster text primary key, json text not null',
  driver_versions:
    'name text not null, version text not null, digest text not null, commit_sha text not null, primary key (name, version)',
  notes:
    'id integer primary key, commit_sha text not null, line text not null, sent integer not null, unique (commit_sha, line)',
  statuses:
    'commit_sha text not null, context text not null, state text not null, description text not null, digest text, at integer not null, sent integer not null, primary key (commit_sha, context)',
}

const FIRST_INDEXES = {
  instances_by_deployment: 'instances (deployment, position)',
  plans_by_deployment: 'plans (deployment, position)',
  plans_by_digest: 'plans (digest)',
  notes_to_send: 'notes (id) where sent = 0',
  rollouts_open: 'rollouts (commit_sha) where ended = 0',
  statuses_to_send: 'statuses (at) where sent = 0',
}
