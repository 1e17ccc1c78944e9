import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type FleetOptions, fleetDocument, fleetFile, writeFleet } from './fleet-repository.ts'
import { runProgram } from './measure.ts'

const IDENTITY = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false']
/** Steps through the fleet so that neighbours in time are not neighbours in the tree. */
const STRIDE = 37

/** Makes a checkout with the whole fleet as one packed commit on `main`; that commit. */
export async function makeRepository(folder: string, options: FleetOptions): Promise<string> {
  await mkdir(folder, { recursive: true })
  await writeFleet(folder, options)
  await git(folder, 'init', '--quiet', '--initial-branch=main')
  await git(folder, 'add', '--all')
  await git(folder, 'commit', '--quiet', '-m', 'import')
  await git(folder, 'repack', '-a', '-d', '--quiet')
  return git(folder, 'rev-parse', 'HEAD')
}

/** Makes a commit on top of `main` of everything that the checkout holds, without moving `main`; the commit. */
export async function stageCommit(folder: string, message: string): Promise<string> {
  await git(folder, 'add', '--all')
  const tree = await git(folder, 'write-tree')
  return git(folder, 'commit-tree', tree, '-p', 'main', '-m', message)
}

/** Adds commits that change one deployment's file each, as loose objects; their names, oldest first. */
export async function appendEdits(
  folder: string,
  after: string,
  { count, deployments }: { readonly count: number; readonly deployments: number },
): Promise<readonly string[]> {
  const stream = Array.from({ length: count }, (_, number) => editOf(number, number === 0 ? after : '', deployments))
  const loose = ['-c', `fastimport.unpackLimit=${count * 10}`]
  const child = spawn('git', [...loose, '-C', folder, 'fast-import', '--quiet'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  const ended = once(child, 'exit')
  child.stdin.end(stream.join(''))
  const [code] = await ended
  if (code !== 0) throw new Error(`git fast-import ended with ${String(code)}`)
  return (await git(folder, 'rev-list', '--reverse', `${after}..refs/heads/edits`)).split('\n')
}

/** Moves `main` as a push does: the reference's file is replaced at once. */
export async function setBranch(folder: string, sha: string): Promise<void> {
  const file = join(folder, '.git/refs/heads/main')
  await writeFile(`${file}.lock`, `${sha}\n`)
  await rename(`${file}.lock`, file)
}

function editOf(number: number, from: string, deployments: number): string {
  const index = (number * STRIDE) % deployments
  const text = fleetDocument(index, { deployments, driver: 'redis', version: '7.4.0' }, 20_000 + number)
  const message = `edit ${number}`
  return [
    'commit refs/heads/edits',
    `committer Ada <ada@example.com> ${1_700_000_000 + number} +0000`,
    `data ${message.length}`,
    message,
    ...(from === '' ? [] : [`from ${from}`]),
    `M 100644 inline ${fleetFile(index)}`,
    `data ${Buffer.byteLength(text)}`,
    text,
    '',
  ].join('\n')
}

async function git(folder: string, ...args: readonly string[]): Promise<string> {
  return (await runProgram('git', [...IDENTITY, '-C', folder, ...args])).trim()
}
