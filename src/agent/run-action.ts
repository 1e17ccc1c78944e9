import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { InputError } from '../domain/errors.ts'
import type { LinkedAction } from '../domain/instance.ts'
import type { Json, JsonObject } from '../util/json.ts'
import type { ActionTask, FromAction, ToAction } from './action-worker.ts'

/** An action may think for so long between two calls; the rehearsal has shown that it does not need it. */
const THINKING_MS = 60_000
const MEMORY_MB = 128

/** What an action is run with. */
export interface ActionRun {
  readonly action: LinkedAction
  readonly context: JsonObject
  readonly targetVersion: string
  readonly seed: string
  /** Milliseconds since 1970, from the journal. */
  readonly now: () => number
  readonly call: (primitive: string, args: JsonObject) => Promise<Json>
}

/**
 * Runs an action in a thread of its own, which can be ended whatever its code does.
 *
 * Errors: InputError STY515 with what it threw, or when it thinks too long.
 */
export async function runAction(run: ActionRun, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { action, context, targetVersion, seed, now } = run
  const worker = new Worker(new URL(`./action-worker${extname(import.meta.filename)}`, import.meta.url), {
    workerData: { action, context, targetVersion, seed, nowMs: now() } satisfies ActionTask,
    execArgv: ['--experimental-vm-modules', '--no-warnings'],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  })
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const fail = (why: string): void => reject(failed(action, why))
  let thinking = setTimeout(() => {}, 0)
  const think = (): void => {
    clearTimeout(thinking)
    thinking = setTimeout(() => fail(`it did nothing for ${THINKING_MS / 1000} s`), THINKING_MS).unref()
  }
  const abort = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  worker.on('error', (error) => fail(error instanceof Error ? error.message : String(error)))
  worker.on('exit', () => fail('its thread ended'))
  worker.on('message', (message: FromAction) => {
    clearTimeout(thinking)
    if (message.kind === 'done') return resolve(undefined)
    if (message.kind === 'failed') return fail(message.message)
    void answer(run, message).then((reply) => {
      worker.postMessage(reply)
      think()
    })
  })
  think()
  try {
    await promise
  } finally {
    clearTimeout(thinking)
    signal.removeEventListener('abort', abort)
    await worker.terminate()
  }
}

async function answer(
  { call, now }: ActionRun,
  { id, primitive, args }: Extract<FromAction, { kind: 'call' }>,
): Promise<ToAction> {
  try {
    return { id, result: await call(primitive, args), nowMs: now() }
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error), nowMs: now() }
  }
}

function failed({ name, entry }: LinkedAction, why: string): InputError {
  return new InputError('STY515', `the action "${name}" failed: ${why}`, {
    hint: `Correct ${entry.file} of the driver, and raise the driver's version.`,
  })
}
