/**
 * `npm run demo`: a repository with seven commits, carried out on two sandbox clusters.
 *
 * `--once` ends when all is done; the last line is one JSON object made of what the server's GraphQL answers.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startUp, type UpHandle } from '../src/cli/up.ts'
import type { CliWorld } from '../src/cli/world.ts'
import { HISTORY } from './history.ts'
import { look, type Overview, settled } from './overview.ts'

const run = promisify(execFile)
const once = process.argv.includes('--once')
const SETTLE_MS = 50_000

const world: CliWorld = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  color: false,
  now: () => Date.now(),
  cwd: process.cwd(),
  env: process.env,
}

/** What was printed of each deployment, so that only changes are. */
const shown = new Map<string, string>()

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(name)))

const folder = await mkdtemp(join(tmpdir(), 'styrmin-demo-'))
try {
  await main(stop.signal)
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function main(signal: AbortSignal): Promise<void> {
  await git('init', '--quiet', '--initial-branch=main')
  world.err(`Repository ${folder}\n`)
  const up = await startUp(folder, { branch: 'main', port: once ? 0 : 7070, notes: true }, world, signal)
  try {
    for (const [index, commit] of HISTORY.entries()) {
      await commit.edit(folder)
      const sha = await commitAll(commit.subject)
      world.err(`\ncommit ${index + 1}/${HISTORY.length} ${sha.slice(0, 10)} ${commit.subject}\n`)
      await settled(up.client, { sha, timeoutMs: SETTLE_MS, onLook: showProgress }, signal)
    }
    if (!once) await stayUp(up, signal)
    world.out(`${JSON.stringify(await outcome(up, signal))}\n`)
  } finally {
    await up.stop()
  }
}

async function git(...args: readonly string[]): Promise<string> {
  const identity = ['-c', 'user.name=demo', '-c', 'user.email=demo@example.com', '-c', 'commit.gpgsign=false']
  const { stdout } = await run('git', [...identity, '-C', folder, ...args])
  return stdout.trim()
}

async function commitAll(subject: string): Promise<string> {
  await git('add', '--all')
  await git('commit', '--quiet', '-m', subject)
  return git('rev-parse', 'HEAD')
}

function showProgress({ deployments, problems }: Overview): void {
  for (const { environment, name, version, phase, ready } of deployments.nodes) {
    const key = `${environment.name}/${name}`
    const text = `${version} ${phase}${ready ? ', ready' : ''}`
    if (shown.get(key) !== text) world.err(`  ${key.padEnd(22)} ${text}\n`)
    shown.set(key, text)
  }
  for (const { code, message, file, line } of problems.nodes) {
    const text = `${file === null ? '' : `${file}:${line}: `}${code}: ${message}`
    if (!shown.has(text)) world.err(`  ${text}\n`)
    shown.set(text, '')
  }
}

async function outcome(up: UpHandle, signal: AbortSignal) {
  const { status, deployments, problems } = await look(up.client, signal)
  return {
    commits: status.commits,
    deployments: deployments.nodes.map(({ environment, name, active, ready, phase }) => ({
      environment: environment.name,
      name,
      version: active?.appVersion ?? null,
      ready,
      phase,
      active: active?.digest ?? null,
    })),
    statuses: status.statuses,
    problems: problems.nodes,
  }
}

async function stayUp(up: UpHandle, signal: AbortSignal): Promise<void> {
  world.err(`\nAll done. It stays up; stop it with Ctrl-C.

  GraphQL      ${up.url}/graphql
  list         npm run styrminctl -- get deployments --server ${up.url}
  look closer  npm run styrminctl -- describe production/shop --server ${up.url}
  the record   git -C ${folder} log --notes=styrmin
  change it    edit ${folder}/deployments/dev/shop.yml, then git commit there
`)
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
