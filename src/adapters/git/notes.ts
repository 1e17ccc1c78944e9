import * as git from 'isomorphic-git'
import type { CommitSha } from '../../domain/ids.ts'
import { compareText } from '../../util/json.ts'
import type { Repository } from './repository.ts'

/** Where the record of commits is kept. */
export const NOTES_REF = 'refs/notes/styrmin'

/** Lines to add, by commit. */
export type NoteLines = ReadonlyMap<CommitSha, readonly string[]>

/** The text of a commit's note in a notes commit, `''` without one; any fan-out is read. */
export async function readNoteAt(
  repository: Repository,
  notes: string | undefined,
  commit: CommitSha,
): Promise<string> {
  if (notes === undefined) return ''
  const { commit: facts } = await git.readCommit({ ...repository.base(), oid: notes })
  const blob = await findNote(repository, facts.tree, commit)
  return blob === undefined ? '' : readText(repository, blob)
}

/**
 * A new notes commit on top of `parent` with the lines added; `undefined` when every line is there already.
 *
 * Shape: a line that is there is not added again, so doing it twice, or after a merge, changes nothing.
 */
export async function addLines(
  repository: Repository,
  parent: string | undefined,
  lines: NoteLines,
): Promise<string | undefined> {
  const before =
    parent === undefined ? undefined : (await git.readCommit({ ...repository.base(), oid: parent })).commit.tree
  let root = before
  for (const [commit, added] of [...lines].sort(([a], [b]) => compareText(a, b))) {
    root = await addToTree(repository, root, { rest: commit, depth: 0, lines: added })
  }
  if (root === undefined || root === before) return undefined
  return git.writeCommit({ ...repository.base(), commit: commitOf(root, parent) })
}

function commitOf(tree: string, parent: string | undefined): git.CommitObject {
  const who = {
    name: 'styrmin',
    email: 'styrmin@localhost',
    timestamp: Math.floor(Date.now() / 1000),
    timezoneOffset: 0,
  }
  return {
    message: 'Notes added by styrmin\n',
    tree,
    parent: parent === undefined ? [] : [parent],
    author: who,
    committer: who,
  }
}

async function findNote(repository: Repository, tree: string, rest: string): Promise<string | undefined> {
  const { tree: entries } = await git.readTree({ ...repository.base(), oid: tree })
  const whole = entries.find(({ path, type }) => type === 'blob' && path === rest)
  if (whole !== undefined) return whole.oid
  const folder = entries.find(({ path, type }) => type === 'tree' && path === rest.slice(0, 2))
  return folder === undefined ? undefined : findNote(repository, folder.oid, rest.slice(2))
}

interface Adding {
  /** What is left of the commit's id below this tree. */
  readonly rest: string
  readonly depth: number
  readonly lines: readonly string[]
}

/** The oid of the tree with the lines added. New notes lie one folder deep, so that trees stay small. */
async function addToTree(repository: Repository, tree: string | undefined, adding: Adding): Promise<string> {
  const { rest, depth, lines } = adding
  const entries = tree === undefined ? [] : (await git.readTree({ ...repository.base(), oid: tree })).tree
  const whole = entries.find(({ path, type }) => type === 'blob' && path === rest)
  const folder = entries.find(({ path, type }) => type === 'tree' && path === rest.slice(0, 2))
  if (whole === undefined && (folder !== undefined || depth === 0)) {
    const oid = await addToTree(repository, folder?.oid, { rest: rest.slice(2), depth: depth + 1, lines })
    return writeEntry(repository, entries, { mode: '040000', path: rest.slice(0, 2), oid, type: 'tree' })
  }
  const before = whole === undefined ? '' : await readText(repository, whole.oid)
  const oid = await git.writeBlob({ ...repository.base(), blob: new TextEncoder().encode(union(before, lines)) })
  return writeEntry(repository, entries, { mode: '100644', path: rest, oid, type: 'blob' })
}

async function writeEntry(
  repository: Repository,
  entries: readonly git.TreeEntry[],
  entry: git.TreeEntry,
): Promise<string> {
  const others = entries.filter(({ path }) => path !== entry.path)
  return git.writeTree({ ...repository.base(), tree: [...others, entry] })
}

function union(before: string, lines: readonly string[]): string {
  const there = before.split('\n').filter((line) => line !== '')
  const fresh = lines.filter((line, index) => !there.includes(line) && lines.indexOf(line) === index)
  return [...there, ...fresh].map((line) => `${line}\n`).join('')
}

async function readText(repository: Repository, oid: string): Promise<string> {
  const { blob } = await git.readBlob({ ...repository.base(), oid })
  return new TextDecoder().decode(blob)
}
