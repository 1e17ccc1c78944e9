import { printPlan } from '../../../core/plan/print-plan.ts'
import type { Step } from '../../../domain/plan.ts'
import type { StepReport } from '../../../domain/wire.ts'
import type { StoredPlan, StoredRun } from '../../../ports/store.ts'
import { type Builder, timeOf } from '../builder.ts'
import type { connectionTypes } from '../connections.ts'

/** Plans and the runs that carry them out. */
export function planTypes(builder: Builder, connections: ReturnType<typeof connectionTypes>) {
  const step = builder.objectRef<Step>('Step').implement({
    description: 'One step of a plan.',
    fields: (t) => ({
      number: t.exposeInt('number'),
      name: t.exposeString('name'),
      kind: t.exposeString('kind'),
      title: t.exposeString('title', { description: 'One line for people.' }),
      hook: t.string({ nullable: true, resolve: ({ hook }) => hook ?? null }),
      mode: t.string({ nullable: true, resolve: ({ mode }) => mode ?? null }),
      args: t.field({ type: 'JSON', resolve: ({ args }) => args }),
      live: t.exposeBoolean('live', {
        description: 'An argument comes from an answer that only the cluster can give.',
      }),
    }),
  })
  const plan = builder.objectRef<StoredPlan>('Plan').implement({
    description: 'What will be, or was, done to one deployment.',
    fields: (t) => ({
      digest: t.string({ description: 'What was reviewed is what runs.', resolve: (one) => one.plan.digest }),
      deployment: t.string({ description: 'environment/name', resolve: (one) => one.plan.key }),
      class: t.string({ resolve: (one) => one.plan.verdict.class }),
      rule: t.string({ description: 'The rule that decided the class.', resolve: (one) => one.plan.verdict.rule }),
      evidence: t.stringList({ resolve: (one) => [...one.plan.verdict.evidence] }),
      commit: t.string({ resolve: (one) => one.commit }),
      at: t.field({ type: 'DateTime', resolve: (one) => timeOf(one.atMs) }),
      from: t.string({ nullable: true, resolve: (one) => one.plan.from ?? null }),
      to: t.string({ nullable: true, resolve: (one) => one.plan.to ?? null }),
      fromVersion: t.string({ nullable: true, resolve: (one) => one.plan.fromVersion ?? null }),
      toVersion: t.string({ nullable: true, resolve: (one) => one.plan.toVersion ?? null }),
      steps: t.field({ type: [step], resolve: (one) => [...one.plan.steps] }),
      generated: t.stringList({
        description: 'Leaves whose values are made in the cluster.',
        resolve: (one) => [...one.plan.generated],
      }),
      text: t.string({
        description: 'The plan as the command line prints it.',
        resolve: (one) => printPlan([one.plan], { color: false }),
      }),
    }),
  })
  const run = runType(builder)
  return {
    plan,
    run,
    planConnection: connections.of('Plan', plan),
    runConnection: connections.of('Run', run),
  }
}

function runType(builder: Builder) {
  const time = (text: string | undefined): string | null => text ?? null
  const step = builder.objectRef<StepReport>('RunStep').implement({
    description: 'How far one step of a run is.',
    fields: (t) => ({
      number: t.exposeInt('number'),
      name: t.exposeString('name'),
      title: t.exposeString('title'),
      state: t.exposeString('state', { description: 'pending, running, succeeded or failed' }),
      attempt: t.exposeInt('attempt'),
      message: t.exposeString('message'),
      startedAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ startedAt }) => time(startedAt) }),
      finishedAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ finishedAt }) => time(finishedAt) }),
    }),
  })
  return builder.objectRef<StoredRun>('Run').implement({
    description: 'One execution of a plan, as the agent reported it.',
    fields: (t) => ({
      deployment: t.string({ description: 'environment/name', resolve: ({ key }) => key }),
      epoch: t.exposeInt('epoch'),
      plan: t.string({ description: 'Digest of the plan.', resolve: (one) => one.plan }),
      class: t.string({ resolve: (one) => one.class }),
      commit: t.string({ resolve: ({ commit }) => commit }),
      phase: t.string({ resolve: ({ phase }) => phase }),
      message: t.exposeString('message'),
      startedAt: t.field({ type: 'DateTime', resolve: ({ startedAtMs }) => timeOf(startedAtMs) }),
      finishedAt: t.field({
        type: 'DateTime',
        nullable: true,
        resolve: ({ finishedAtMs }) => (finishedAtMs === undefined ? null : timeOf(finishedAtMs)),
      }),
      steps: t.field({ type: [step], resolve: ({ steps }) => [...steps] }),
    }),
  })
}

export type PlanTypes = ReturnType<typeof planTypes>
