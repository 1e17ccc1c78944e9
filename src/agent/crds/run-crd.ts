import type { JsonObject } from '../../util/json.ts'
import { anything, CONDITIONS, column, definition, field, list, number, object, time } from './schema.ts'

const SPEC = object(
  'Which plan is carried out; never changes.',
  {
    deployment: field('string', 'The StyrminDeployment it belongs to.'),
    epoch: number('The epoch of the intent.', { minimum: 0 }),
    class: field('string', 'What kind of change the plan is.'),
    phase: field('string', 'What the deployment should become.'),
    commit: field('string', 'The commit that asked for it.'),
    from: field('string', 'The Instance it starts from.'),
    instance: field('string', 'The Instance it brings about.'),
    plan: field('string', 'The plan.'),
    bundle: field('string', 'The bundle.'),
    version: field('string', 'The version of the application.'),
    seed: field('string', 'What chance in actions comes from.'),
    startedAt: time('When it was made; what the clock in actions starts from.'),
  },
  ['deployment', 'epoch', 'class', 'phase', 'plan', 'bundle', 'seed', 'startedAt'],
)

const STEPS = list(
  object(
    'A step, recorded before its effect and after it.',
    {
      number: number('Its place.', { minimum: 1 }),
      name: field('string', 'Its name in the plan.'),
      digest: field('string', 'Of its arguments.'),
      attempt: number('How often it was begun.', { minimum: 1 }),
      state: field('string', 'running, succeeded or failed.', { enum: ['running', 'succeeded', 'failed'] }),
      result: anything('What it answered; given again when the run is resumed.'),
      message: field('string', 'Why it failed.'),
      code: field('string', 'The code of the problem.'),
      hint: field('string', 'What to do now.'),
      startedAt: time('When it was begun first.'),
      finishedAt: time('When its end was recorded.'),
    },
    ['number', 'name', 'digest', 'attempt', 'state', 'startedAt'],
  ),
  'The journal.',
)

/** One execution of a plan with its journal. */
export const RUN_CRD: JsonObject = definition({
  kind: 'StyrminRun',
  plural: 'styrminruns',
  singular: 'styrminrun',
  shortName: 'sr',
  columns: [
    column('Phase', '.status.phase'),
    column('Class', '.spec.class'),
    column('Version', '.spec.version'),
    column('Step', '.status.step'),
    column('Message', '.status.message', { priority: 1 }),
    column('Age', '.metadata.creationTimestamp', { type: 'date' }),
  ],
  schema: object('One execution of a plan.', {
    spec: {
      ...SPEC,
      'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'a run never changes what it carries out' }],
    },
    status: object('How far it is.', {
      observedGeneration: number('The generation this status speaks of.', { minimum: 0 }),
      phase: field('string', 'Running, Succeeded, Failed, Superseded or NeedsAttention.'),
      step: field('string', 'The step it is at.'),
      message: field('string', 'Why it ended so.'),
      finishedAt: time('When it ended.'),
      steps: STEPS,
      conditions: CONDITIONS,
    }),
  }),
})
