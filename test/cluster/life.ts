import { readFileSync } from 'node:fs'

/** Whether a process runs; one that has ended and only waits to be collected does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  return statOf(pid)?.[0] !== 'Z'
}

/** When a process was started, in ticks since the machine was; known on Linux only. */
export function startTimeOf(pid: number): string | undefined {
  return statOf(pid)?.[19]
}

/** The command line of a process, each word ended by a zero byte; known on Linux only. */
export function commandLineOf(pid: number): string | undefined {
  return readProc(pid, 'cmdline')
}

/** The words of proc(5)'s `stat` from the state on; the name before them may hold blanks. */
function statOf(pid: number): readonly string[] | undefined {
  const stat = readProc(pid, 'stat')
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return undefined
  }
}
