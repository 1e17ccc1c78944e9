import { UnreachableError, SetupError } from '../domain/errors.ts'
import type { Json, JsonObject } from '../util/json.ts'

/** Where a server is and how to be let in. */
export interface Connection {
  readonly url: string
  readonly token?: string
  readonly fetch?: typeof fetch
}

/** A read-only client of the GraphQL API. */
export interface StyrminClient {
  /** Errors: UnreachableError STY606 when nothing answers; SetupError STY607 when the server refuses or the query is wrong. */
  query<T>(text: string, variables: JsonObject, signal: AbortSignal): Promise<T>
  /** Each `next` event's data, until the server or the signal ends it. */
  subscribe<T>(text: string, variables: JsonObject, signal: AbortSignal): AsyncIterable<T>
}

interface GraphqlAnswer {
  readonly data?: Json
  readonly errors?: readonly { readonly message: string }[]
}

/** Opens a client; nothing is sent before the first query. */
export function connect(connection: Connection): StyrminClient {
  return {
    query: async <T>(text: string, variables: JsonObject, signal: AbortSignal) => {
      const response = await post(connection, { query: text, variables }, 'application/json', signal)
      return dataOf<T>((await response.json()) as GraphqlAnswer)
    },
    subscribe: (text, variables, signal) => events(connection, { query: text, variables }, signal),
  }
}

async function* events<T>(connection: Connection, body: JsonObject, signal: AbortSignal): AsyncIterable<T> {
  const response = await post(connection, body, 'text/event-stream', signal)
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = readEvent(block)
      if (event.name === 'complete') return
      if (event.name === 'next') yield dataOf<T>(JSON.parse(event.data) as GraphqlAnswer)
    }
  }
}

function readEvent(block: string): { readonly name: string; readonly data: string } {
  const lines = block.split('\n')
  const field = (name: string): string[] =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim())
  return { name: field('event')[0] ?? 'message', data: field('data').join('\n') }
}

async function post(connection: Connection, body: JsonObject, accept: string, signal: AbortSignal): Promise<Response> {
  const send = connection.fetch ?? fetch
  const headers: Record<string, string> = { 'content-type': 'application/json', accept }
  if (connection.token !== undefined) headers['authorization'] = `Bearer ${connection.token}`
  const url = `${connection.url.replace(/\/$/, '')}/graphql`
  const response = await send(url, { method: 'POST', headers, body: JSON.stringify(body), signal }).catch(
    (cause: unknown) => {
      signal.throwIfAborted()
      throw new UnreachableError('STY606', `no answer from ${connection.url}`, {
        hint: 'Check --server, and that the server is running.',
        cause,
      })
    },
  )
  if (response.status === 401 || response.status === 403) {
    throw new SetupError('STY607', `${connection.url} refused with ${response.status}`, {
      hint: 'Give a valid token with --token-file.',
    })
  }
  return response
}

function dataOf<T>(answer: GraphqlAnswer): T {
  const [first] = answer.errors ?? []
  if (first !== undefined)
    throw new SetupError('STY607', `the server refused the query: ${first.message}`, {
      hint: "Use a styrminctl of the server's version.",
    })
  return answer.data as T
}
