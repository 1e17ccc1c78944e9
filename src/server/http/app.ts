import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import type { Logger } from 'pino'
import { StyrminError } from '../../domain/errors.ts'
import type { ServerConfig } from '../config.ts'
import type { ServerTools } from '../tools.ts'
import { MAX_QUERY_BYTES } from '../graphql/limits.ts'
import { allViews } from '../views.ts'
import { agentApi, type AgentEnv } from './agent-api.ts'
import { callerOf, mayDo } from './authorize.ts'

/** What the HTTP side is made from. */
export interface AppParts {
  readonly config: ServerConfig
  readonly tools: ServerTools
  readonly version: string
  /** Answers `/graphql`. */
  readonly graphql: (request: Request) => Promise<Response> | Response
  /** Aborted when the server stops: long-polls end at once. */
  readonly stopping: AbortSignal
}

/** Everything that the server answers over HTTP. */
export function createApp({ config, tools, version, graphql, stopping }: AppParts): Hono {
  const app = new Hono()
  const who = (request: Request) => callerOf(request.headers.get('authorization') ?? undefined, config, tools.state)
  app.get('/healthz', (context) => context.text('ok'))
  app.get('/readyz', (context) => (stopping.aborted ? context.text('stopping', 503) : context.text('ok')))

  app.get('/metrics', async (context) => {
    if (!mayDo(who(context.req.raw), 'read', config)) return context.text('unauthorized', 401)
    const { state, metrics, now } = tools
    const clusters = (state.head()?.clusters ?? []).map(({ name }) => name)
    const lastSeen = clusters.flatMap((name) => {
      const seen = state.agent(name)?.lastSeenMs
      return seen === undefined ? [] : [[name, seen] as const]
    })
    const text = await metrics.text(allViews(state, now()), new Map(lastSeen))
    return context.body(text, 200, { 'content-type': metrics.contentType })
  })

  app.all('/graphql', bodyLimit({ maxSize: MAX_QUERY_BYTES }), (context) => {
    if (!mayDo(who(context.req.raw), 'read', config))
      return context.json({ errors: [{ message: 'unauthorized' }] }, 401)
    return graphql(context.req.raw)
  })

  const guarded = new Hono<AgentEnv>()
  guarded.use(async (context, next) => {
    const caller = who(context.req.raw)
    if (!mayDo(caller, 'agent-api', config) || caller.kind !== 'agent')
      return context.json({ error: 'unauthorized' }, 401)
    context.set('cluster', caller.cluster)
    return next()
  })
  guarded.route('/', agentApi(tools, version, stopping))
  app.route('/agent/v1', guarded)

  app.onError((cause, context) => failed(cause, tools.log, () => context.json({ error: messageOf(cause) }, 503)))
  return app
}

function failed(cause: Error, log: Logger, answer: () => Response): Response {
  if (cause instanceof HTTPException) return cause.getResponse()
  log.error({ err: cause }, 'a request failed')
  return answer()
}

/** What may leave the process: our own sentences, never another library's. */
function messageOf(cause: Error): string {
  return cause instanceof StyrminError ? `${cause.code}: ${cause.message}` : 'internal error'
}
