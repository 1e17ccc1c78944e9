import type { KnownAgent, KnownCluster, KnownEnvironment } from '../../../ports/store.ts'
import { silentSinceMs } from '../../views.ts'
import { type Builder, timeOf } from '../builder.ts'

/** Clusters, their agents, and environments. */
export function placeTypes(builder: Builder) {
  const agent = builder.objectRef<KnownAgent>('Agent').implement({
    description: 'What carries out plans in a cluster.',
    fields: (t) => ({
      name: t.exposeString('agent'),
      kubernetes: t.exposeString('kubernetes', { description: 'The version that it found.' }),
      lastSeen: t.field({ type: 'DateTime', resolve: ({ lastSeenMs }) => timeOf(lastSeenMs) }),
      silentSince: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'Set when it was not heard for three beats: what is shown of the cluster is what was seen last.',
        resolve: ({ cluster }, _, { state, now }) => {
          const since = silentSinceMs(cluster, state, now())
          return since === undefined ? null : timeOf(since)
        },
      }),
    }),
  })
  const environment = builder.objectRef<KnownEnvironment>('Environment').implement({
    fields: (t) => ({
      name: t.exposeString('name'),
      cluster: t.exposeString('cluster'),
      namespace: t.exposeString('namespace'),
      protected: t.exposeBoolean('protect', { description: 'Nothing in it may be deleted by a commit.' }),
    }),
  })
  const cluster = builder.objectRef<KnownCluster>('Cluster').implement({
    fields: (t) => ({
      name: t.exposeString('name'),
      kubernetes: t.exposeString('kubernetes', { description: 'The version that charts are rendered for.' }),
      agent: t.field({
        type: agent,
        nullable: true,
        description: 'Null until one was heard.',
        resolve: ({ name }, _, { state }) => state.agent(name) ?? null,
      }),
      environments: t.field({
        type: [environment],
        resolve: ({ name }, _, { state }) => (state.head()?.environments ?? []).filter((one) => one.cluster === name),
      }),
    }),
  })
  return { agent, environment, cluster }
}

export type PlaceTypes = ReturnType<typeof placeTypes>
