import type { Changes, Store } from '../ports/store.ts'
import type { ServerState } from './state.ts'

/** The one way in which anything changes. */
export interface Journal {
  /**
   * Decides on the current state, makes the changes durable, and only then lets them be seen.
   *
   * Order:  one after another, in the order of the calls, so a decision never rests on what another is changing.
   * Errors: what `decide` throws and SetupError STY409 of the store; nothing is changed then.
   */
  change(decide: () => Promise<Changes> | Changes): Promise<Changes>
}

/** Makes the journal of a store and the state that was loaded from it. */
export function createJournal(store: Pick<Store, 'write'>, state: ServerState): Journal {
  let last: Promise<unknown> = Promise.resolve()
  const once = async (decide: () => Promise<Changes> | Changes): Promise<Changes> => {
    const changes = await decide()
    await store.write(changes)
    state.apply(changes)
    return changes
  }
  return {
    change: (decide) => {
      const next = last.then(() => once(decide))
      last = next.catch(() => undefined)
      return next
    },
  }
}

/** Changes that happen together. Order: later ones count where both say something. */
export function joinChanges(...all: readonly Changes[]): Changes {
  const joined: Record<string, unknown> = {}
  for (const changes of all) {
    for (const [key, value] of Object.entries(changes) as readonly (readonly [string, unknown])[]) {
      const before = joined[key]
      joined[key] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value
    }
  }
  return joined
}
