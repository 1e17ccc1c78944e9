import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** A process of ours that can be killed at any moment and started again. */
export interface Restartable {
  /** Starts it if it does not run. */
  start(): void
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM, as a cluster ends it; resolves when it is gone. */
  stop(): Promise<void>
  /** `undefined` while it does not run. */
  pid(): number | undefined
  running(): boolean
  /** How often it was started. */
  starts(): number
}

/** Prepares one of our entry points with its arguments; output goes to a log file. */
export function restartable(script: string, args: readonly string[], logFile: string): Restartable {
  const log: WriteStream = createWriteStream(logFile, { flags: 'a' })
  let child: ChildProcess | undefined
  let starts = 0
  process.once('exit', () => child?.kill('SIGKILL'))
  const running = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || !running()) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  return {
    start: () => {
      if (running()) return
      starts++
      const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
      child = spawn(process.execPath, [...flags, join(root, script), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
      child.stdout?.pipe(log, { end: false })
      child.stderr?.pipe(log, { end: false })
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    pid: () => (running() ? child?.pid : undefined),
    running,
    starts: () => starts,
  }
}
