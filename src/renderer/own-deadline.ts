import { createContext, Script } from 'node:vm'

/**
 * Does synchronous work and ends it, even inside WebAssembly, when it takes too long.
 *
 * The parent kills sooner; this is for the child whose parent is gone, which would else compute for ever.
 * Errors: the work's own, or an Error with code ERR_SCRIPT_EXECUTION_TIMEOUT.
 */
export function withinMs<T>(timeout: number, work: () => T): T {
  const box: { result?: T; work: () => void } = {
    work: () => {
      box.result = work()
    },
  }
  new Script('work()').runInContext(createContext(box), { timeout })
  return box.result as T
}
