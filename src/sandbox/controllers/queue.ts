import { ApiError } from '../status.ts'
import type { Place } from '../store.ts'

/** A queue of things to look at again; one that waits already is not added twice. */
export interface Queue {
  readonly add: (place: Place, afterMs?: number) => void
  readonly stop: () => void
}

/**
 * Runs a controller: level-based, one object at a time, never inside the change that woke it.
 *
 * Units:  `delayMs` is how long it waits before it looks, so that what comes together is looked at once.
 * Order:  as added. Errors: a refusal by the API is met by looking again; anything else is a bug and is thrown.
 */
export function makeQueue(look: (place: Place) => void, delayMs = 0): Queue {
  const waiting = new Map<string, Place>()
  const timers = new Set<NodeJS.Timeout>()
  let scheduled: NodeJS.Timeout | undefined
  let stopped = false

  const drain = (): void => {
    scheduled = undefined
    const batch = [...waiting.values()]
    waiting.clear()
    for (const place of batch) if (!stopped) lookAt(place)
  }
  const lookAt = (place: Place): void => {
    try {
      look(place)
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause
      if (cause.code === 409) add(place)
    }
  }
  const add = (place: Place): void => {
    if (stopped) return
    waiting.set(`${place.kind}\u0000${place.namespace}\u0000${place.name}`, place)
    scheduled ??= setTimeout(drain, delayMs)
  }
  return {
    add: (place, afterMs = 0) => {
      if (afterMs <= 0) return add(place)
      const timer = setTimeout(() => {
        timers.delete(timer)
        add(place)
      }, afterMs)
      timers.add(timer)
    },
    stop: () => {
      stopped = true
      waiting.clear()
      clearTimeout(scheduled)
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
