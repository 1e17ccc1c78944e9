import { join } from 'node:path'
import { watch } from 'chokidar'

export interface RefWatch {
  close(): Promise<void>
}

/**
 * Calls back after branches of a local repository moved; many moves at once give one call.
 *
 * It only says "look now": a change may be missed by the file system, so a poll goes on beside it.
 */
export async function watchRefs(gitdir: string, onChange: () => void, debounceMs: number): Promise<RefWatch> {
  const places = ['HEAD', 'packed-refs', 'refs/heads', 'logs/HEAD'].map((name) => join(gitdir, name))
  const watcher = watch(places, { ignoreInitial: true, ignored: (path) => path.endsWith('.lock') })
  let timer: NodeJS.Timeout | undefined
  watcher.on('all', () => {
    clearTimeout(timer)
    timer = setTimeout(onChange, debounceMs)
  })
  await new Promise<void>((resolve) => watcher.once('ready', () => resolve()))
  return {
    close: async () => {
      clearTimeout(timer)
      await watcher.close()
    },
  }
}
