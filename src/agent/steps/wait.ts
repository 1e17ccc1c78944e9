import { SetupError } from '../../domain/errors.ts'
import type { EffectInput } from '../../workflow/run-steps.ts'
import type { RunScope } from './scope.ts'

/** What is still missing: `undefined` when nothing is. */
export type Look = () => string | undefined | Promise<string | undefined>

/** A change could be missed between a look and the wait for the next one; then it is seen after this long. */
const LOOK_AGAIN_MS = 5_000

/**
 * Waits for changes of the deployment's objects until nothing is missing.
 *
 * Errors: SetupError STY511 when time is up; whatever the look throws.
 */
export async function waitUntil(
  scope: RunScope,
  input: Pick<EffectInput, 'say' | 'signal'>,
  options: { readonly timeoutMs: number; readonly lookAgainMs?: number },
  look: Look,
): Promise<void> {
  const { clock, watches } = scope.world
  const endMs = clock.now() + options.timeoutMs
  let said = ''
  for (;;) {
    const changed = watches.changed(scope.id, options.lookAgainMs ?? LOOK_AGAIN_MS, input.signal)
    const missing = await look()
    if (missing === undefined) {
      changed.catch(() => {})
      return
    }
    if (clock.now() >= endMs) {
      changed.catch(() => {})
      throw new SetupError('STY511', `not ready after ${Math.round(options.timeoutMs / 1000)} s: ${missing}`, {
        hint: 'Look at the events and logs of what is named; a new commit tries again.',
      })
    }
    if (missing !== said) input.say(missing)
    said = missing
    await changed
  }
}
