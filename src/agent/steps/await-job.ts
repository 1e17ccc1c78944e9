import { healthOf } from '../../core/health/health-of.ts'
import { SetupError } from '../../domain/errors.ts'
import type { ObjectRef } from '../../domain/manifest.ts'
import { refKey } from '../../domain/object-ref.ts'
import { maskSecrets } from '../../core/report/mask-secrets.ts'
import { type JsonObject, textAt } from '../../util/json.ts'
import type { EffectInput } from '../../workflow/run-steps.ts'
import type { RunScope } from './scope.ts'
import { waitUntil } from './wait.ts'

const LOG_LINES = 20

/**
 * Waits for the end of a Job.
 *
 * Errors: SetupError STY510 with the last lines of its log when it failed or vanished, STY511 when time is up.
 */
export async function awaitJob(
  scope: RunScope,
  job: { readonly ref: ObjectRef; readonly title: string; readonly timeoutSeconds: number },
  input: Pick<EffectInput, 'say' | 'signal'>,
): Promise<void> {
  const key = refKey(job.ref)
  await waitUntil(scope, input, { timeoutMs: job.timeoutSeconds * 1000 }, async () => {
    const live = scope.world.watches.of(scope.id).get(key)
    if (live === undefined) return vanished(scope, job, input.signal)
    if (live.health.state === 'failed') throw await failure(scope, job, live.health.message, input.signal)
    return live.health.state === 'current' ? undefined : `${job.title} runs in Job/${job.ref.name}`
  })
}

/** A Job that the watch does not know: not yet, or not any more. */
async function vanished(
  scope: RunScope,
  job: { readonly ref: ObjectRef; readonly title: string },
  signal: AbortSignal,
): Promise<string> {
  const live = await scope.world.api.get(job.ref, signal)
  if (live === undefined) {
    throw new SetupError('STY510', `Job/${job.ref.name} (${job.title}) was deleted before its end was seen`, {
      hint: 'See what it has done before you let a new commit run it again.',
    })
  }
  scope.world.watches.note(live)
  return `${job.title} runs in Job/${job.ref.name}: ${healthOf(live).message}`
}

async function secretsOf({ world, namespace }: RunScope, signal: AbortSignal): Promise<readonly JsonObject[]> {
  return (await world.api.list({ apiVersion: 'v1', kind: 'Secret', namespace }, signal)).items
}

async function failure(
  scope: RunScope,
  job: { readonly ref: ObjectRef; readonly title: string },
  why: string,
  signal: AbortSignal,
): Promise<SetupError> {
  const { api } = scope.world
  const labelSelector = `batch.kubernetes.io/job-name=${job.ref.name}`
  const query = { apiVersion: 'v1', kind: 'Pod', namespace: job.ref.namespace, labelSelector }
  const pods = (await api.list(query, signal)).items
  const name = textAt(pods.at(-1), 'metadata', 'name')
  const log = name === undefined ? '' : await api.tail({ namespace: job.ref.namespace, name }, LOG_LINES, signal)
  const said = log.trim() === '' ? '' : maskSecrets(log.trim(), await secretsOf(scope, signal))
  const tail = said === '' ? '' : `; its last lines: ${said}`
  return new SetupError('STY510', `${job.title} failed in Job/${job.ref.name}: ${why}${tail}`, {
    hint: `Look at \`kubectl logs -n ${job.ref.namespace} job/${job.ref.name}\`; a new commit tries again.`,
  })
}
