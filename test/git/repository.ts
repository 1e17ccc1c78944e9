import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A scratch folder that is removed by `[Symbol.dispose]`. */
export interface Scratch {
  readonly folder: string
  remove(): void
}

export function makeScratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), 'styrmin-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) }
}

/** Runs git with an identity and a clock of its own, whatever the machine's configuration; gives stdout, trimmed. */
export function git(folder: string, ...args: readonly string[]): string {
  return execFileSync('git', [...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: 'ada@example.com',
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.com',
    },
  }).trim()
}

/** An empty repository with the branch `main`. */
export function initRepository(folder: string, ...options: readonly string[]): string {
  mkdirSync(folder, { recursive: true })
  git(folder, 'init', '-q', '-b', 'main', ...options)
  return folder
}

/** Writes files (`null` removes one), commits all, and gives the id of the commit. */
export function commitFiles(folder: string, files: Readonly<Record<string, string | null>>, message: string): string {
  for (const [path, text] of Object.entries(files)) {
    const whole = join(folder, path)
    if (text === null) {
      rmSync(whole)
    } else {
      mkdirSync(dirname(whole), { recursive: true })
      writeFileSync(whole, text)
    }
  }
  git(folder, 'add', '-A')
  git(folder, 'commit', '-q', '--allow-empty', '-m', message)
  return git(folder, 'rev-parse', 'HEAD')
}
