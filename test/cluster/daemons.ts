import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder } from './cache.ts'
import { commandLineOf, isAlive, startTimeOf } from './life.ts'

/** How a server process is started. */
export interface DaemonOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly uid?: number
  readonly gid?: number
}

/** A running server process of a test. */
export interface Daemon {
  readonly pid: number
  readonly logFile: string
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
  /** Ends the process at once, without a chance to tidy up. */
  kill(): Promise<void>
}

/** Starts the server processes of one test environment and ends all of them together. */
export interface Daemons {
  /** The folder for data and logs; removed by `stop`. */
  readonly folder: string
  start(name: string, options: DaemonOptions): Daemon
  stop(): Promise<void>
}

interface Started {
  readonly owner: { readonly pid: number; readonly startTime: string }
  readonly folder: string
  readonly daemons: readonly Seen[]
}

interface Seen {
  readonly pid: number
  readonly commandLine: string
}

/**
 * Opens a group of server processes that never outlives this process.
 *
 * A record of what was started is kept beside the cache; whoever opens the next group
 * ends what a killed test process has left behind, if its command line is still the recorded one.
 */
export function openDaemons(name: string): Daemons {
  sweepLeftovers()
  const folder = join(tmpdir(), `styrmin-${name}-${process.pid}-${Date.now().toString(36)}`)
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const recordFile = join(recordFolder(), `${name}-${process.pid}-${Date.now().toString(36)}.json`)
  const running = new Map<number, ChildProcess>()
  const daemons: Seen[] = []
  const killAll = (): void => {
    for (const child of running.values()) child.kill('SIGKILL')
  }
  const onSignal = (signal: NodeJS.Signals): void => {
    killAll()
    process.off(signal, onSignal)
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  process.on('exit', killAll)
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)

  function start(program: string, options: DaemonOptions): Daemon {
    const logFile = join(folder, `${program}.log`)
    const log = openSync(logFile, 'a')
    const { command, args, ...rest } = options
    const child = spawn(command, args, { ...rest, stdio: ['ignore', log, log] })
    closeSync(log)
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.once('error', () => resolve())
    })
    const pid = child.pid
    if (pid === undefined) throw new Error(`${command} could not be started`)
    running.set(pid, child)
    void ended.then(() => running.delete(pid))
    daemons.push({ pid, commandLine: commandLine([command, ...args]) })
    const owner = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' }
    writeFileSync(recordFile, JSON.stringify({ owner, folder, daemons } satisfies Started))
    return {
      pid,
      logFile,
      ended,
      kill: () => {
        child.kill('SIGKILL')
        return ended
      },
    }
  }

  async function stop(): Promise<void> {
    process.off('exit', killAll)
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
    const ends = [...running.values()].map((child) => new Promise((resolve) => child.once('exit', resolve)))
    killAll()
    await Promise.all(ends)
    rmSync(folder, { recursive: true, force: true })
    rmSync(recordFile, { force: true })
  }

  return { folder, start, stop }
}

/** The last lines of a daemon's log, for an error message. */
export function logTail(daemon: Daemon): string {
  return readFileSync(daemon.logFile, 'utf8').split('\n').slice(-15).join('\n')
}

function recordFolder(): string {
  const folder = join(cacheFolder(), 'running')
  mkdirSync(folder, { recursive: true })
  return folder
}

function sweepLeftovers(): void {
  for (const name of readdirSync(recordFolder())) {
    const file = join(recordFolder(), name)
    const record = readRecord(file)
    if (record === undefined || mayLive(record.owner)) continue
    for (const daemon of record.daemons) {
      if (isSame(daemon)) process.kill(daemon.pid, 'SIGKILL')
    }
    rmSync(record.folder, { recursive: true, force: true })
    rmSync(file, { force: true })
  }
}

/** `undefined` while another process is writing or has just removed it. */
function readRecord(file: string): Started | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Started
  } catch {
    return undefined
  }
}

/** In doubt it lives, and what it started is left alone; a test process may change its own command line. */
function mayLive(owner: Started['owner']): boolean {
  return isAlive(owner.pid) && (startTimeOf(owner.pid) ?? owner.startTime) === owner.startTime
}

/** In doubt it is another process, and is not ended. */
function isSame(seen: Seen): boolean {
  return isAlive(seen.pid) && commandLineOf(seen.pid) === seen.commandLine
}

function commandLine(words: readonly string[]): string {
  return words.map((word) => `${word}\0`).join('')
}
