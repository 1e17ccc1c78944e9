import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/** A value that SQLite takes and gives. */
export type SqlValue = string | number | bigint | null | Uint8Array

/** One statement with its parameters. */
export interface SqlStatement {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
}

/** A list of statements: a single one runs as it is, several run in one transaction. */
export interface SqlRequest {
  readonly id: number
  readonly statements: readonly SqlStatement[]
}

export interface SqlAnswer {
  readonly id: number
  readonly rows?: readonly Readonly<Record<string, unknown>>[]
  readonly changes?: number
  readonly lastId?: number
  readonly error?: { readonly message: string; readonly code: number }
}

/** What `workerData` holds. */
export interface WorkerStart {
  readonly file: string
}

const KEPT_STATEMENTS = 300
const BUSY_WAIT_MS = 2_000

if (parentPort !== null) serve(parentPort, (workerData as WorkerStart).file)

function serve(port: NonNullable<typeof parentPort>, file: string): void {
  let open: ((request: SqlRequest) => SqlAnswer) | undefined
  port.on('message', (request: SqlRequest | 'close') => {
    if (request === 'close') {
      port.close()
      return
    }
    try {
      open ??= openFile(file)
      port.postMessage(open(request))
    } catch (cause) {
      port.postMessage({ id: request.id, error: errorOf(cause) } satisfies SqlAnswer)
    }
  })
}

/**
 * Opens the file for this process alone: in exclusive mode SQLite holds the operating system's lock until the process
 * ends, however it ends, so a second server on the same file is refused and no stale lock is ever left.
 */
function openFile(file: string): (request: SqlRequest) => SqlAnswer {
  const database = new DatabaseSync(file, { timeout: BUSY_WAIT_MS })
  database.exec('pragma locking_mode = exclusive')
  database.exec('pragma journal_mode = wal')
  database.exec('pragma synchronous = full')
  database.exec('pragma foreign_keys = on')
  database.exec('begin immediate; commit')
  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    if (prepared.size >= KEPT_STATEMENTS) prepared.clear()
    const statement = database.prepare(sql)
    prepared.set(sql, statement)
    return statement
  }
  const run = ({ sql, parameters }: SqlStatement): Omit<SqlAnswer, 'id'> => {
    const statement = prepare(sql)
    if (statement.columns().length > 0) return { rows: statement.all(...parameters) }
    const { changes, lastInsertRowid } = statement.run(...parameters)
    return { changes: Number(changes), lastId: Number(lastInsertRowid) }
  }
  return ({ id, statements }) => {
    const [only] = statements
    if (statements.length === 1 && only !== undefined) return { id, ...run(only) }
    database.exec('begin immediate')
    try {
      for (const statement of statements) run(statement)
      database.exec('commit')
    } catch (cause) {
      database.exec('rollback')
      throw cause
    }
    return { id }
  }
}

function errorOf(cause: unknown): { readonly message: string; readonly code: number } {
  const message = cause instanceof Error ? cause.message : String(cause)
  const code = cause instanceof Error && 'errcode' in cause && typeof cause.errcode === 'number' ? cause.errcode : 0
  return { message, code }
}
