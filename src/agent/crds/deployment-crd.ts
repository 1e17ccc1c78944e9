import type { JsonObject } from '../../util/json.ts'
import { anything, CONDITIONS, column, definition, field, list, number, object, time } from './schema.ts'

const DIGEST = { pattern: '^sha256:[0-9a-f]{64}$' }

const SPEC = object(
  'What the server asked for; signed, and written by the agent only.',
  {
    environment: field('string', 'The environment in the repository.'),
    name: field('string', 'The name of the deployment in its environment.'),
    id: field('string', 'The stable id.', { pattern: '^[0-9a-f]{8}$' }),
    sequence: number('The place of the intent in the order of the cluster.', { minimum: 0 }),
    epoch: number('Rises with each intent of the deployment.', { minimum: 0 }),
    phase: field('string', 'What should become of it.', { enum: ['running', 'stopped', 'deleting'] }),
    class: field('string', 'What kind of change the plan is: create, config, scale, upgrade, stop, start, delete, …'),
    commit: field('string', 'The commit that asked for it.'),
    from: field('string', 'The Instance that the plan starts from.', DIGEST),
    instance: field('string', 'The Instance to bring about; absent when it is deleted.', DIGEST),
    plan: field('string', 'The plan that is carried out.', DIGEST),
    bundle: field('string', 'Manifests and actions, kept in Secrets of the agent’s namespace.', DIGEST),
    signature: field('string', 'ed25519 over the intent, by the key pinned at registration.'),
    version: field('string', 'The version of the application.'),
    release: field('string', 'The name of the Helm release.'),
    driver: object('The driver that knows the application.', {
      name: field('string', 'Its name.'),
      version: field('string', 'Its version.'),
    }),
    context: anything('The resolved Context that templates and actions read; left out when larger than 256 KiB.'),
  },
  ['environment', 'name', 'id', 'epoch', 'phase', 'class', 'plan', 'bundle', 'signature'],
)

const INVENTORY = list(
  object(
    'An object that was applied.',
    {
      apiVersion: field('string', 'Its API version.'),
      kind: field('string', 'Its kind.'),
      namespace: field('string', 'Its namespace; empty for cluster-scoped kinds.'),
      name: field('string', 'Its name.'),
      uid: field('string', 'Empty until it was applied.'),
      fields: field('string', 'A digest of the fields that were ours after it was applied.'),
    },
    ['apiVersion', 'kind', 'namespace', 'name'],
  ),
  'What belongs to the deployment; pruned when an Instance no longer has it.',
)

const STOPPED = object('What stays at 0 until it is started.', {
  all: field('boolean', 'Everything, because the deployment’s state is stopped.'),
  components: list(field('string', 'A component.'), 'Components that an action has stopped.'),
  by: field('string', 'The run that stopped them.'),
  workloads: list(
    object('A stopped workload.', {
      kind: field('string', 'Its kind.'),
      name: field('string', 'Its name.'),
      replicas: number('How many it had.', { minimum: 0 }),
    }),
    'The replicas to give back where the chart does not say them.',
  ),
})

const COMPONENTS = list(
  object('A component.', {
    name: field('string', 'Its name.'),
    state: field('string', 'Running, Progressing, Stopped, Degraded or Missing.'),
    desired: number('Pods it should have.', { minimum: 0 }),
    ready: number('Pods that are ready.', { minimum: 0 }),
    message: field('string', 'What is not as it should be.'),
  }),
  'The components as they were when the status was written last.',
)

const DRIFT = list(
  object('A field that somebody else changed.', {
    object: field('string', 'Kind and name.'),
    pointer: field('string', 'The field; empty for the whole object.'),
    state: field('string', 'found, repaired or ignored.'),
    manager: field('string', 'Who changed it.'),
    at: time('When.'),
  }),
  'The last differences between what was applied and what was found.',
)

const STATUS = object('What the agent did and saw.', {
  observedGeneration: number('The generation this status speaks of.', { minimum: 0 }),
  epoch: number('The highest epoch that was acted on.', { minimum: 0 }),
  phase: field('string', 'pending, applying, applied, failed, stopped, deleting, deleted or needs-attention.'),
  active: field('string', 'The Instance whose run succeeded last.'),
  activeVersion: field('string', 'The version of the application in it.'),
  activeBundle: field('string', 'Its bundle.'),
  attempted: field('string', 'The Instance a run began to bring about and did not finish.'),
  run: field('string', 'The StyrminRun of the newest plan.'),
  stopped: STOPPED,
  inventory: INVENTORY,
  components: COMPONENTS,
  drift: DRIFT,
  conditions: CONDITIONS,
})

/** One application in one environment, as the server asked for it and as it is. */
export const DEPLOYMENT_CRD: JsonObject = definition({
  kind: 'StyrminDeployment',
  plural: 'styrmindeployments',
  singular: 'styrmindeployment',
  shortName: 'sd',
  columns: [
    column('Ready', '.status.conditions[?(@.type=="Ready")].status'),
    column('Status', '.status.conditions[?(@.type=="Ready")].reason'),
    column('Version', '.status.activeVersion', { description: 'Version of the application that runs' }),
    column('Phase', '.status.phase'),
    column('Message', '.status.conditions[?(@.type=="Ready")].message', { priority: 1 }),
    column('Instance', '.status.active', { priority: 1 }),
    column('Age', '.metadata.creationTimestamp', { type: 'date' }),
  ],
  schema: object('One application in one environment.', {
    spec: {
      ...SPEC,
      'x-kubernetes-validations': [
        { rule: 'self.epoch >= oldSelf.epoch', message: 'an older intent never replaces a newer one' },
        {
          rule: 'self.id == oldSelf.id && self.environment == oldSelf.environment && self.name == oldSelf.name',
          message: 'a deployment keeps its identity',
        },
      ],
    },
    status: STATUS,
  }),
})
