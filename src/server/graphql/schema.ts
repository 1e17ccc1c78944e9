// In:    the read model: memory for what is, the store for what was.
// Out:   the GraphQL schema; its text is committed as `schema.graphql`.
// Never: a mutation, or a look at git, a forge or a cluster.
import type { GraphQLSchema } from 'graphql'
import { createBuilder } from './builder.ts'
import { connectionTypes } from './connections.ts'
import { addQuery } from './query.ts'
import { addSubscription } from './subscription.ts'
import { commitTypes } from './types/commit.ts'
import { deploymentTypes } from './types/deployment.ts'
import { placeTypes } from './types/places.ts'
import { planTypes } from './types/plan.ts'
import { problemType } from './types/problem.ts'

/** Makes the schema. */
export function createSchema(): GraphQLSchema {
  const builder = createBuilder()
  const connections = connectionTypes(builder)
  const problem = problemType(builder)
  const plans = planTypes(builder, connections)
  const commits = commitTypes(builder, { connections, problem, plans })
  const places = placeTypes(builder)
  const deployments = deploymentTypes(builder, { connections, problem, plans, places })
  addQuery(builder, { connections, problem, plans, commits, places, deployments })
  addSubscription(builder, deployments)
  return builder.toSchema()
}
