import { startDefinitions } from './definitions.ts'
import type { World } from '../world.ts'

/** What keeps the sandbox's objects moving. */
export interface Controllers {
  readonly stop: () => void
}

/** How controllers behave. */
export interface ControllerOptions {
  readonly readyDelayMs: number
}

/** Starts every controller. */
export function startControllers(world: World, _options: ControllerOptions): Controllers {
  const stops = [startDefinitions(world)]
  return {
    stop: () => {
      for (const stop of stops) stop()
    },
  }
}
