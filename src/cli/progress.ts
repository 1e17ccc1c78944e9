import { setTimeout as sleep } from 'node:timers/promises'
import type { StyrminClient } from '../sdk/index.ts'
import type { CliWorld } from './world.ts'

interface Change {
  readonly deploymentChanged: {
    readonly environment: { readonly name: string }
    readonly name: string
    readonly version: string | null
    readonly phase: string
    readonly ready: boolean
    readonly message: string
    readonly problems: readonly {
      readonly code: string
      readonly message: string
      readonly file: string | null
      readonly line: number | null
    }[]
  }
}

const SUBSCRIPTION = `subscription { deploymentChanged {
  environment { name } name version phase ready message problems { code message file line }
} }`

const AGAIN_MS = 1_000

/** Prints each change of a deployment as a line on stderr, until the signal. */
export async function reportProgress(client: StyrminClient, world: CliWorld, signal: AbortSignal): Promise<void> {
  const shown = new Map<string, string>()
  while (!signal.aborted) {
    try {
      for await (const { deploymentChanged } of client.subscribe<Change>(SUBSCRIPTION, {}, signal))
        show(deploymentChanged, shown, world)
    } catch {
      // The stream ended with the server or the signal; the loop decides which.
    }
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined)
  }
}

function show(change: Change['deploymentChanged'], shown: Map<string, string>, world: CliWorld): void {
  const key = `${change.environment.name}/${change.name}`
  const problems = change.problems.map(
    ({ code, message, file, line }) => `\n    ${file === null ? '' : `${file}:${line}: `}${code}: ${message}`,
  )
  const text = `${change.version ?? ''} ${change.phase}${change.ready ? ', ready' : ''}${change.message === '' ? '' : `: ${change.message}`}${problems.join('')}`
  if (shown.get(key) === text) return
  shown.set(key, text)
  world.err(`${key.padEnd(24)} ${text}\n`)
}
