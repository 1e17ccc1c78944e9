import { belongsTo, podTemplate, workloadFacts } from '../../core/health/workload-facts.ts'
import { ApiError } from '../../domain/api-error.ts'
import { InputError } from '../../domain/errors.ts'
import type { ObjectRef } from '../../domain/manifest.ts'
import type { Bundle } from '../../domain/wire.ts'
import { at, type Json, type JsonObject, listAt, objectAt, textAt } from '../../util/json.ts'
import type { EffectInput } from '../../workflow/run-steps.ts'
import { ANNOTATION_RUN } from '../names.ts'
import { awaitJob } from './await-job.ts'
import { commandJob, jobName } from './command-job.ts'
import { checkComponents } from './scale.ts'
import { explain, type RunScope } from './scope.ts'

const TIMEOUT_SECONDS = 3600

/**
 * Runs a list of commands, each in a Job of its own, one after another.
 *
 * Order: a Job's name comes from run, step and place, so a retry finds the Job instead of running it twice.
 * Errors: SetupError STY510 when a command fails; the ones after it are not run.
 */
export async function executeCommands(scope: RunScope, args: JsonObject, input: EffectInput): Promise<void> {
  const timeoutSeconds = numberOr(args['timeoutSeconds'], TIMEOUT_SECONDS)
  const [envFrom, labelsFrom] = [
    await workloadOf(scope, textAt(args, 'envFromComponent'), input.signal),
    await workloadOf(scope, textAt(args, 'labelsFromComponent'), input.signal),
  ]
  await scope.world.watches.follow([{ apiVersion: 'batch/v1', kind: 'Job' }], input.signal)
  for (const [index, argv] of listAt(args, 'commands').entries()) {
    const name = jobName(scope.run.key.split('/')[1] ?? '', input.number, index)
    const words = (Array.isArray(argv) ? (argv as readonly Json[]) : []).map(String)
    const job = commandJob({
      name,
      namespace: scope.namespace,
      id: scope.id,
      run: { name: scope.run.key.split('/')[1] ?? '', uid: scope.runUid },
      argv: words,
      image: textAt(args, 'image') ?? '',
      timeoutSeconds,
      ...(envFrom === undefined ? {} : { envFrom }),
      ...(labelsFrom === undefined ? {} : { labelsFrom }),
      eagerSelectors: eagerSelectors(scope.bundle),
    })
    const ref: ObjectRef = { apiVersion: 'batch/v1', kind: 'Job', namespace: scope.namespace, name }
    await createOnce(scope, job, ref, input.signal)
    await awaitJob(scope, { ref, title: words.join(' '), timeoutSeconds }, input)
  }
}

/** Images of the containers of a component in the target Instance, sorted. */
export function componentImages(bundle: Bundle, component: string): readonly string[] {
  checkComponents(bundle, [component])
  const images = bundle.manifests
    .map(({ object }) => object)
    .filter((object) => isOf(object, bundle, component))
    .flatMap((object) => listAt(podTemplate(object), 'spec', 'containers'))
    .flatMap((container) => textAt(container, 'image') ?? [])
  return [...new Set(images)].sort()
}

async function createOnce(scope: RunScope, job: JsonObject, ref: ObjectRef, signal: AbortSignal): Promise<void> {
  const { api, watches } = scope.world
  try {
    watches.note(await api.create(job, signal))
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw explain(error, ref)
    const live = await api.get(ref, signal)
    if (live === undefined) return
    if (
      textAt(live, 'metadata', 'annotations', ANNOTATION_RUN) !== at(job, 'metadata', 'annotations', ANNOTATION_RUN)
    ) {
      throw new InputError('STY507', `Job/${ref.name} is there already and is not of this run`, {
        hint: 'Remove it, and push a new commit.',
      })
    }
    watches.note(live)
  }
}

/** The workload of a component: as it is in the cluster, so that what it refers to is there too; else as it will be. */
async function workloadOf(
  scope: RunScope,
  component: string | undefined,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  if (component === undefined) return undefined
  checkComponents(scope.bundle, [component])
  const labels = scope.bundle.components[component]?.labels ?? {}
  const live = [...scope.world.watches.of(scope.id).values()]
    .filter(({ facts }) => facts !== undefined && facts.kind !== 'Job' && belongsTo(facts.podLabels, labels))
    .sort((a, b) => (a.ref.name < b.ref.name ? -1 : 1))[0]
  const found = live === undefined ? undefined : await scope.world.api.get(live.ref, signal)
  const object =
    found ?? scope.bundle.manifests.find((manifest) => isOf(manifest.object, scope.bundle, component))?.object
  if (object !== undefined) return object
  throw new InputError('STY516', `the component "${component}" has no workload`, {
    hint: 'Name a component whose labels are on a workload of the chart.',
  })
}

function isOf(object: JsonObject, bundle: Bundle, component: string): boolean {
  const facts = workloadFacts(object)
  return facts !== undefined && belongsTo(facts.podLabels, bundle.components[component]?.labels ?? {})
}

function eagerSelectors({ manifests }: Bundle): readonly JsonObject[] {
  return manifests
    .filter(({ object }) => object['kind'] === 'Service' && at(object, 'spec', 'publishNotReadyAddresses') === true)
    .map(({ object }) => objectAt(object, 'spec', 'selector'))
}

function numberOr(value: Json | undefined, fallback: number): number {
  return typeof value === 'number' ? value : fallback
}
