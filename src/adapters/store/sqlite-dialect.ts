import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { SqlAnswer, SqlRequest, SqlStatement, SqlValue, WorkerStart } from './sqlite-worker.ts'

/** What SQLite refused, with its result code. */
export class SqlError extends Error {
  readonly code: number

  constructor({ message, code }: { readonly message: string; readonly code: number }) {
    super(message)
    this.name = 'SqlError'
    this.code = code
  }
}

/** A database file in a thread of its own, so that a large write never holds up the server. */
export interface SqliteThread {
  /** Several statements run in one transaction: all or none. */
  run(statements: readonly SqlStatement[]): Promise<SqlAnswer>
  close(): Promise<void>
}

/** Starts the thread; the file is opened by the first statement. */
export function startSqlite(file: string): SqliteThread {
  const code = new URL(`./sqlite-worker${extname(import.meta.url)}`, import.meta.url)
  const worker = new Worker(code, { workerData: { file } satisfies WorkerStart })
  const waiting = new Map<number, { resolve: (answer: SqlAnswer) => void; reject: (cause: Error) => void }>()
  let lastId = 0
  let ended: Error | undefined
  const end = (cause: Error): void => {
    ended = cause
    for (const { reject } of waiting.values()) reject(cause)
    waiting.clear()
  }
  worker.on('message', (answer: SqlAnswer) => {
    const one = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (answer.error === undefined) one?.resolve(answer)
    else one?.reject(new SqlError(answer.error))
  })
  worker.on('error', (cause) => end(cause instanceof Error ? cause : new Error(String(cause))))
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      end(new Error('the store is closed'))
      resolve()
    })
  })
  return {
    run: (statements) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended)
        const id = ++lastId
        waiting.set(id, { resolve, reject })
        worker.postMessage({ id, statements } satisfies SqlRequest)
      }),
    close: () => {
      worker.postMessage('close')
      return exited
    },
  }
}

/** Kysely over the thread. */
export function sqliteDialect(thread: SqliteThread): Dialect {
  return {
    createAdapter: () => new TransactionalAdapter(),
    createDriver: () => new ThreadDriver(thread),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/** SQLite changes tables inside transactions like rows; a killed migration leaves nothing behind. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/** One connection, given to one user at a time. */
class ThreadDriver implements Driver {
  readonly #connection: DatabaseConnection
  #free: Promise<void> = Promise.resolve()
  #release: () => void = () => undefined

  constructor(thread: SqliteThread) {
    this.#connection = new ThreadConnection(thread)
  }

  init(): Promise<void> {
    return Promise.resolve()
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#free
    let release = (): void => undefined
    this.#free = new Promise((resolve) => {
      release = resolve
    })
    await before
    this.#release = release
    return this.#connection
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(plain('begin immediate'))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(plain('commit'))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(plain('rollback'))
  }

  releaseConnection(): Promise<void> {
    this.#release()
    return Promise.resolve()
  }

  destroy(): Promise<void> {
    return Promise.resolve()
  }
}

class ThreadConnection implements DatabaseConnection {
  readonly #thread: SqliteThread

  constructor(thread: SqliteThread) {
    this.#thread = thread
  }

  async executeQuery<R>(query: Pick<CompiledQuery, 'sql' | 'parameters'>): Promise<QueryResult<R>> {
    const answer = await this.#thread.run([statementOf(query)])
    return {
      rows: (answer.rows ?? []) as R[],
      ...(answer.changes === undefined ? {} : { numAffectedRows: BigInt(answer.changes) }),
      ...(answer.lastId === undefined ? {} : { insertId: BigInt(answer.lastId) }),
    }
  }

  // biome-ignore lint/correctness/useYield: refuses at the first pull
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streaming is not supported')
  }
}

/** A compiled query as the thread takes it. */
export function statementOf({ sql, parameters }: Pick<CompiledQuery, 'sql' | 'parameters'>): SqlStatement {
  return { sql, parameters: parameters as readonly SqlValue[] }
}

function plain(sql: string): CompiledQuery {
  return { sql, parameters: [] } as unknown as CompiledQuery
}
