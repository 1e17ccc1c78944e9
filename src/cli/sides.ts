import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { folderTree } from '../adapters/files/folder-tree.ts'
import { openGitSource } from '../adapters/git/git-source.ts'
import { InputError } from '../domain/errors.ts'
import type { CommitSha } from '../domain/ids.ts'
import type { GitSource } from '../ports/git-source.ts'
import type { SourceTree } from '../ports/source-tree.ts'
import type { CliWorld } from './world.ts'

/** One side of a comparison: a commit's tree, or a folder as it lies there. */
export interface TreeSide {
  readonly title: string
  readonly tree: SourceTree
}

/**
 * The tree of a revision, or of the folder itself when none is named.
 *
 * Errors: InputError STY603 for an unknown revision, STY604 when the folder is in no git checkout.
 */
export async function openSide(
  folder: string,
  revision: string | undefined,
  world: CliWorld,
  signal: AbortSignal,
): Promise<TreeSide> {
  const path = resolve(world.cwd, folder)
  if (revision === undefined) return { title: 'the files as they lie here', tree: folderTree(path) }
  const root = gitRootOf(path)
  if (root === undefined) {
    throw new InputError('STY604', `${folder} is in no git checkout`, {
      hint: 'Leave out --base and --head, or name a git checkout.',
    })
  }
  const source = await openGitSource({
    repository: root,
    branch: 'HEAD',
    path: relative(root, path),
    folder: tmpdir(),
    credentialOf: () => Promise.resolve(undefined),
  })
  const sha = await resolveRevision(source, revision, signal)
  return { title: sha.slice(0, 12), tree: source.tree(sha) }
}

async function resolveRevision(source: GitSource, revision: string, signal: AbortSignal): Promise<CommitSha> {
  const sha = await source.resolve(revision, signal)
  if (sha !== undefined) return sha
  throw new InputError('STY603', `there is no revision "${revision}"`, {
    hint: 'Name a branch, a tag, a commit, or HEAD~1; in CI fetch the whole history (fetch-depth: 0).',
  })
}

function gitRootOf(path: string): string | undefined {
  for (let here = path; ; here = dirname(here)) {
    if (existsSync(join(here, '.git'))) return here
    if (dirname(here) === here) return undefined
  }
}
