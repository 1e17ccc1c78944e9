import { ApiError } from '../domain/api-error.ts'
import { UnreachableError } from '../domain/errors.ts'
import type { Reflector } from '../adapters/kube/reflector.ts'
import type { ClusterApi } from '../ports/cluster.ts'
import type { JsonObject } from '../util/json.ts'
import type { Journal, StepRecord } from '../workflow/journal.ts'
import { readRun, type RunPhase, type RunResource, withStatus } from './resources.ts'

/** The end of a run, or where it stands. */
export interface RunEnd {
  readonly phase: RunPhase
  readonly message: string
}

/**
 * The journal of a StyrminRun, in its status.
 *
 * Every write carries the resourceVersion of the one before: whoever else writes this run makes ours fail,
 * and the run is then taken up again from what is recorded.
 */
export class RunJournal implements Journal {
  readonly #api: ClusterApi
  readonly #runs: Pick<Reflector<unknown>, 'note'>
  #object: JsonObject
  readonly #steps: StepRecord[]
  readonly #startedAt: string

  constructor(api: ClusterApi, runs: Pick<Reflector<unknown>, 'note'>, run: RunResource) {
    this.#api = api
    this.#runs = runs
    this.#object = run.object
    this.#steps = [...run.steps]
    this.#startedAt = run.startedAt
  }

  read(): Promise<readonly StepRecord[]> {
    return Promise.resolve([...this.#steps])
  }

  async write(record: StepRecord, signal: AbortSignal): Promise<void> {
    this.#steps[record.number - 1] = record
    await this.#save({ phase: 'Running', message: '' }, record, signal)
  }

  /** Records the end of the run. */
  async end(end: RunEnd, now: string, signal: AbortSignal): Promise<RunResource | undefined> {
    await this.#save({ ...end, finishedAt: now }, this.#steps.at(-1), signal)
    return readRun(this.#object)
  }

  async #save(
    end: RunEnd & { readonly finishedAt?: string },
    at: StepRecord | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const status = {
      observedGeneration: 1, // its spec never changes
      ...end,
      step: at?.name ?? '',
      steps: this.#steps,
      conditions: conditions(end, end.finishedAt ?? this.#startedAt),
    }
    try {
      this.#object = await this.#api.replace(withStatus(this.#object, status), { subresource: 'status' }, signal)
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 409)) throw error
      throw new UnreachableError('STY517', 'somebody else has written this run', {
        hint: 'Nothing to do: it is taken up again from its record.',
        cause: error,
      })
    }
    this.#runs.note(this.#object)
  }
}

/** As kstatus reads them: Ready once it has ended well, Stalled when it never will. */
function conditions({ phase, message }: RunEnd, time: string): readonly object[] {
  const common = { observedGeneration: 1, lastTransitionTime: time }
  const ready = { type: 'Ready', status: phase === 'Succeeded' ? 'True' : 'False', reason: phase, message, ...common }
  if (phase === 'Running') return [ready, { ...ready, type: 'Reconciling', status: 'True' }]
  return phase === 'Failed' || phase === 'NeedsAttention'
    ? [ready, { ...ready, type: 'Stalled', status: 'True' }]
    : [ready]
}
