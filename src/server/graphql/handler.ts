import { createYoga, type Plugin } from 'graphql-yoga'
import type { ServerTools } from '../tools.ts'
import type { ReadContext } from './builder.ts'
import { limitRule, QUERY_LIMITS } from './limits.ts'
import { createSchema } from './schema.ts'

/** Answers `/graphql`: queries as JSON, subscriptions as server-sent events. */
export function createGraphql({
  state,
  store,
  now,
  log,
}: Pick<ServerTools, 'state' | 'store' | 'now' | 'log'>): (request: Request) => Promise<Response> {
  const context: ReadContext = { state, store, now }
  const limits: Plugin = {
    onValidate: ({ addValidationRule }) => addValidationRule(limitRule(QUERY_LIMITS)),
  }
  const yoga = createYoga({
    schema: createSchema(),
    graphqlEndpoint: '/graphql',
    context,
    graphiql: false,
    landingPage: false,
    logging: {
      debug: () => undefined,
      info: () => undefined,
      warn: (...parts: unknown[]) => log.warn({ parts }, 'graphql'),
      error: (...parts: unknown[]) => log.error({ err: parts[0] }, 'graphql'),
    },
    plugins: [limits],
  })
  return async (request) => yoga.fetch(request, {})
}
