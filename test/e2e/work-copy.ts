import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { HistoryCommit } from '../../examples/history.ts'

const run = promisify(execFile)

/** A person's clone of the repository. */
export interface WorkCopy {
  readonly folder: string
  git(...args: readonly string[]): Promise<string>
  /** Edits, commits and pushes; the new commit. */
  push(commit: HistoryCommit): Promise<string>
}

/** Runs git in a folder as a person whose identity does not depend on the machine; what it prints. */
export function gitIn(folder: string): (...args: readonly string[]) => Promise<string> {
  return async (...args) => {
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false']
    const { stdout } = await run('git', [...identity, '-C', folder, ...args], { maxBuffer: 64 << 20 })
    return stdout.trim()
  }
}

/** Makes an empty clone that pushes to a remote; `remote` may carry credentials. */
export async function makeWorkCopy(folder: string, remote: string): Promise<WorkCopy> {
  const git = gitIn(folder)
  await run('git', ['init', '--quiet', '--initial-branch=main', folder])
  await git('remote', 'add', 'origin', remote)
  return {
    folder,
    git,
    push: async ({ subject, edit }) => {
      await edit(folder)
      await git('add', '--all')
      await git('commit', '--quiet', '-m', subject)
      await git('push', '--quiet', 'origin', 'HEAD:main')
      return git('rev-parse', 'HEAD')
    },
  }
}

/** Writes the hash of an agent's token into a Cluster document of the example. */
export async function allowAgent(folder: string, cluster: string, token: string): Promise<void> {
  const file = join(folder, 'clusters', `${cluster}.yml`)
  const hash = createHash('sha256').update(token).digest('hex')
  await writeFile(
    file,
    (await readFile(file, 'utf8')).replace('spec:\n', `spec:\n  agent_token_hash: sha256:${hash}\n`),
  )
}
