import { type DeploymentKey, deploymentKey } from '../../domain/ids.ts'
import type { ServerState } from '../state.ts'
import { type DeploymentView, viewOf } from '../views.ts'
import type { Builder, ReadContext } from './builder.ts'
import type { DeploymentTypes } from './types/deployment.ts'

/** Adds what can be followed. */
export function addSubscription(builder: Builder, { deployment }: DeploymentTypes): void {
  builder.subscriptionType({
    fields: (t) => ({
      deploymentChanged: t.field({
        type: deployment,
        description:
          'A deployment each time it changes; many changes at once give one event. One that is named comes at once, as it is.',
        args: { environment: t.arg.string(), name: t.arg.string() },
        subscribe: (_, args, context) => changes(args, context),
        resolve: (view: DeploymentView) => view,
      }),
    }),
  })
}

interface Wanted {
  readonly environment?: string | null | undefined
  readonly name?: string | null | undefined
}

async function* changes(wanted: Wanted, { state, now }: ReadContext): AsyncGenerator<DeploymentView> {
  const waiting = new Set<DeploymentKey>()
  let wake = (): void => undefined
  const stop = state.listen((event) => {
    if (event.kind !== 'deployment' || !matches(event.key, wanted)) return
    waiting.add(event.key)
    wake()
  })
  try {
    if (wanted.environment != null && wanted.name != null) waiting.add(deploymentKey(wanted.environment, wanted.name))
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve
      })
      const keys = [...waiting]
      waiting.clear()
      yield* viewsOf(keys, state, now())
      if (waiting.size === 0) await changed
    }
  } finally {
    stop()
  }
}

function viewsOf(keys: readonly DeploymentKey[], state: ServerState, nowMs: number): readonly DeploymentView[] {
  return keys.flatMap((key) => {
    const found = state.deployment(key)
    return found === undefined ? [] : [viewOf(found, state, nowMs)]
  })
}

function matches(key: DeploymentKey, { environment, name }: Wanted): boolean {
  const [inEnvironment, itsName] = key.split('/')
  return (environment == null || environment === inEnvironment) && (name == null || name === itsName)
}
