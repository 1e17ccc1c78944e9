import type { Digest } from '../../../domain/ids.ts'
import type { ComponentReport, DriftReport } from '../../../domain/wire.ts'
import type { InstanceRecord } from '../../../ports/store.ts'
import { type JsonObject, objectAt, textAt } from '../../../util/json.ts'
import { type DeploymentView, problemsOf } from '../../views.ts'
import type { Builder, ReadContext } from '../builder.ts'
import { type connectionTypes, historyPage } from '../connections.ts'
import type { PlaceTypes } from './places.ts'
import type { PlanTypes } from './plan.ts'
import type { ProblemType } from './problem.ts'

export interface DeploymentParts {
  readonly connections: ReturnType<typeof connectionTypes>
  readonly problem: ProblemType
  readonly plans: PlanTypes
  readonly places: PlaceTypes
}

/** An Instance by its digest; what memory does not have is read from the store. */
interface InstanceNode {
  readonly digest: Digest
  readonly appVersion: string | undefined
  readonly record: InstanceRecord | undefined
}

/** Deployments with what is declared and what was observed. */
export function deploymentTypes(builder: Builder, { connections, problem, plans, places }: DeploymentParts) {
  const instance = instanceType(builder)
  const instanceConnection = connections.of('Instance', instance)
  const { component, drift, driver } = partTypes(builder)
  const deployment = builder.objectRef<DeploymentView>('Deployment').implement({
    description: 'One application in one environment.',
    fields: (t) => ({
      environment: t.field({ type: places.environment, resolve: environmentOf }),
      name: t.string({ resolve: ({ state }) => state.name }),
      id: t.string({ nullable: true, description: 'The stable id.', resolve: ({ state }) => state.id ?? null }),
      cluster: t.string({ nullable: true, resolve: ({ state }) => state.cluster ?? null }),
      namespace: t.string({ nullable: true, resolve: ({ state }) => state.namespace ?? null }),
      file: t.string({
        nullable: true,
        description: 'Where it is declared.',
        resolve: ({ state }) => state.file ?? null,
      }),
      blocked: t.boolean({
        description: 'An error keeps the newest commit from changing it; it keeps what it runs.',
        resolve: ({ state }) => state.blocked || state.refused === true,
      }),
      version: t.string({
        nullable: true,
        description: 'The application version that is declared.',
        resolve: ({ state }) => state.version ?? null,
      }),
      driver: t.field({ type: driver, nullable: true, resolve: ({ state }) => state.driver ?? null }),
      desired: t.field({
        type: instance,
        nullable: true,
        description: 'Declared: what the newest good commit wants; null when it is to be deleted.',
        resolve: ({ state }) => node(state.desired, state.version),
      }),
      active: t.field({
        type: instance,
        nullable: true,
        description: 'Observed: what the agent finished last.',
        resolve: ({ state }) => node(state.active, state.activeVersion),
      }),
      ready: t.exposeBoolean('ready', { description: 'The desired Instance was observed and is ready.' }),
      phase: t.string({ resolve: ({ phase }) => phase }),
      reason: t.exposeString('reason'),
      message: t.exposeString('message'),
      health: t.string({ resolve: ({ health }) => health }),
      sync: t.string({ resolve: ({ sync }) => sync }),
      observedAt: t.field({
        type: 'DateTime',
        nullable: true,
        resolve: ({ report }) => report?.observedAt ?? null,
      }),
      components: t.field({ type: [component], resolve: ({ report }) => [...(report?.components ?? [])] }),
      drift: t.field({ type: [drift], resolve: ({ report }) => [...(report?.drift ?? [])] }),
      problems: t.field({
        type: [problem],
        resolve: (view, _, { state }) => [...problemsOf(view, state)],
      }),
      plan: t.field({
        type: plans.plan,
        nullable: true,
        description: 'The plan that was made last.',
        resolve: async ({ state }, _, { store }) =>
          (await store.history.plans({ key: state.key }, { first: 1 }))[0]?.item ?? null,
      }),
      plans: t.field({
        type: plans.planConnection,
        args: { first: t.arg.int(), after: t.arg.string() },
        resolve: ({ state }, args, { store }) =>
          historyPage(
            (page) => store.history.plans({ key: state.key }, page),
            args,
            (one) => one,
          ),
      }),
      runs: t.field({
        type: plans.runConnection,
        args: { first: t.arg.int(), after: t.arg.string() },
        resolve: ({ state }, args, { store }) =>
          historyPage(
            (page) => store.history.runs({ key: state.key }, page),
            args,
            (one) => one,
          ),
      }),
      instances: t.field({
        type: instanceConnection,
        args: { first: t.arg.int(), after: t.arg.string() },
        resolve: ({ state }, args, { store }) =>
          historyPage(
            (page) => store.history.instances(state.key, page),
            args,
            (record): InstanceNode => ({
              digest: record.digest,
              appVersion: textAt(record.instance, 'appVersion'),
              record,
            }),
          ),
      }),
    }),
  })
  return { deployment, deploymentConnection: connections.of('Deployment', deployment) }
}

function partTypes(builder: Builder) {
  const component = builder.objectRef<ComponentReport>('Component').implement({
    fields: (t) => ({
      name: t.exposeString('name'),
      state: t.string({ resolve: ({ state }) => state }),
      desired: t.exposeInt('desired'),
      ready: t.exposeInt('ready'),
      message: t.exposeString('message'),
    }),
  })
  const drift = builder.objectRef<DriftReport>('Drift').implement({
    description: 'A live object that differed from what was applied.',
    fields: (t) => ({
      object: t.exposeString('object'),
      pointer: t.exposeString('pointer'),
      state: t.string({ description: 'found, repaired or ignored', resolve: ({ state }) => state }),
      manager: t.exposeString('manager', { description: 'Who changed it.' }),
      at: t.field({ type: 'DateTime', resolve: ({ at }) => at }),
    }),
  })
  const driver = builder.objectRef<{ readonly name: string; readonly version: string }>('DriverVersion').implement({
    fields: (t) => ({ name: t.exposeString('name'), version: t.exposeString('version') }),
  })
  return { component, drift, driver }
}

function instanceType(builder: Builder) {
  const read = async ({ digest, record }: InstanceNode, { store }: ReadContext): Promise<JsonObject> => {
    if (record !== undefined) return record.instance
    const found = await store.instance(digest)
    return found === undefined ? {} : { ...(found.instance as unknown as JsonObject) }
  }
  return builder.objectRef<InstanceNode>('Instance').implement({
    description: 'One application in one environment, frozen.',
    fields: (t) => ({
      digest: t.string({ resolve: ({ digest }) => digest }),
      appVersion: t.string({
        nullable: true,
        resolve: async (parent, _, context) =>
          parent.appVersion ?? textAt(await read(parent, context), 'appVersion') ?? null,
      }),
      commit: t.string({
        nullable: true,
        description: 'The commit that brought it first, where history is asked.',
        resolve: ({ record }) => record?.commit ?? null,
      }),
      context: t.field({
        type: 'JSON',
        resolve: async (parent, _, context) => objectAt(await read(parent, context), 'context'),
      }),
      values: t.field({
        type: 'JSON',
        resolve: async (parent, _, context) => objectAt(await read(parent, context), 'values'),
      }),
      services: t.field({
        type: 'JSON',
        resolve: async (parent, _, context) => (await read(parent, context))['services'] ?? [],
      }),
    }),
  })
}

function node(digest: Digest | undefined, appVersion: string | undefined): InstanceNode | null {
  return digest === undefined ? null : { digest, appVersion, record: undefined }
}

function environmentOf({ state }: DeploymentView, _: unknown, { state: server }: ReadContext) {
  const declared = server.head()?.environments.find(({ name }) => name === state.environment)
  const { environment: name, cluster = '', namespace = '' } = state
  return declared ?? { name, cluster, namespace, protect: false }
}

export type DeploymentTypes = ReturnType<typeof deploymentTypes>
