import * as git from 'isomorphic-git'
import type { CommitSha } from '../../domain/ids.ts'
import type { SourceTree, TreeEntry } from '../../ports/source-tree.ts'
import { byText, compareText } from '../../util/json.ts'
import { unreadable } from './commits.ts'
import type { Repository } from './repository.ts'

/** How many entries of trees are kept: about 60 MB of paths. */
const KEPT_ENTRIES = 300_000

/** Trees of one repository. */
export interface Trees {
  /** The files of a commit, below a sub-path when one is given; paths are from the root all the same. */
  of(commit: CommitSha): SourceTree
}

/**
 * Reads trees and keeps what was read: a folder that did not change between two commits is not read again.
 *
 * Errors: SetupError STY412 when an object is missing or damaged.
 */
export function treesOf(repository: Repository, subPath: string): Trees {
  const memo = new Map<string, readonly TreeEntry[]>()
  let kept = 0
  const flatten = async (oid: string, prefix: string, signal: AbortSignal): Promise<readonly TreeEntry[]> => {
    const key = `${oid} ${prefix}`
    const known = memo.get(key)
    if (known !== undefined) return known
    signal.throwIfAborted()
    const { tree } = await git.readTree({ ...repository.base(), oid }).catch((cause: unknown) => {
      throw unreadable(`tree ${oid} (${prefix === '' ? '/' : prefix})`, cause)
    })
    const parts: (readonly TreeEntry[])[] = []
    for (const { mode, path, oid: child, type } of tree) {
      const whole = `${prefix}${path}`
      parts.push(type === 'tree' ? await flatten(child, `${whole}/`, signal) : [{ path: whole, mode, oid: child }])
    }
    const entries = parts.flat()
    if (kept > KEPT_ENTRIES) {
      memo.clear()
      kept = 0
    }
    kept += entries.length
    memo.set(key, entries)
    return entries
  }
  return { of: (commit) => treeOf(repository, commit, { subPath, flatten }) }
}

interface Reading {
  readonly subPath: string
  readonly flatten: (oid: string, prefix: string, signal: AbortSignal) => Promise<readonly TreeEntry[]>
}

function treeOf(repository: Repository, commit: CommitSha, { subPath, flatten }: Reading): SourceTree {
  const list = async (signal: AbortSignal): Promise<readonly TreeEntry[]> => {
    const oid = await rootOf(repository, commit, subPath)
    if (oid === undefined) return []
    return inOrder(await flatten(oid, subPath === '' ? '' : `${subPath}/`, signal))
  }
  return {
    list,
    read: async (entry, maxBytes, signal) => {
      signal.throwIfAborted()
      const { blob } = await git.readBlob({ ...repository.base(), oid: entry.oid }).catch((cause: unknown) => {
        throw unreadable(entry.path, cause)
      })
      return blob.byteLength > maxBytes ? 'too-large' : blob
    },
  }
}

async function rootOf(repository: Repository, commit: CommitSha, subPath: string): Promise<string | undefined> {
  const { commit: facts } = await git.readCommit({ ...repository.base(), oid: commit }).catch((cause: unknown) => {
    throw unreadable(`commit ${commit}`, cause)
  })
  let oid = facts.tree
  for (const name of subPath.split('/').filter((part) => part !== '')) {
    const { tree } = await git.readTree({ ...repository.base(), oid })
    const next = tree.find(({ path, type }) => path === name && type === 'tree')
    if (next === undefined) return undefined
    oid = next.oid
  }
  return oid
}

/** Git sorts by bytes; only names outside the first plane can differ from code-unit order. */
function inOrder(entries: readonly TreeEntry[]): readonly TreeEntry[] {
  const sorted = entries.every((entry, index) => compareText(entries[index - 1]?.path ?? '', entry.path) <= 0)
  return sorted ? entries : entries.toSorted(byText(({ path }) => path))
}
