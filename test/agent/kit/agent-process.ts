import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { TOKEN } from './intent-server.ts'

/** An agent in a process of its own that is started again whenever it was killed. */
export interface AgentProcess {
  /** Ends it with SIGKILL; it comes back at once. */
  kill(): void
  readonly starts: () => number
  stop(): Promise<void>
}

const ENTRY = join(import.meta.dirname, '../../../src/agent/process.ts')

export function startAgentProcess(serverUrl: string, kubeconfigFile: string): AgentProcess {
  let child: ChildProcess
  let stopped = false
  let starts = 0
  const start = (): void => {
    starts++
    const args = ['--no-warnings', ENTRY, '--server', serverUrl, '--kubeconfig', kubeconfigFile, '--name', 'killed']
    const level = process.env['TEST_AGENT_LOG'] === undefined ? 'error' : 'info'
    child = spawn(process.execPath, [...args, '--log-level', level], {
      env: { STYRMIN_TOKEN: TOKEN },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    child.once('exit', () => {
      if (!stopped) start()
    })
  }
  start()
  return {
    kill: () => void child.kill('SIGKILL'),
    starts: () => starts,
    stop: async () => {
      stopped = true
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
