import type { TreeEntry } from '../ports/source-tree.ts'

/** One path that is not what it was; `before` is left out when it is new, `after` when it is gone. */
export interface PathChange {
  readonly path: string
  readonly before?: TreeEntry
  readonly after?: TreeEntry
}

/**
 * What differs between two lists of entries that are both sorted by path.
 *
 * Order:  by path. `undefined` when more than `limit` paths differ.
 */
export function treeDelta(
  before: readonly TreeEntry[],
  after: readonly TreeEntry[],
  limit: number,
): readonly PathChange[] | undefined {
  const changes: PathChange[] = []
  let [left, right] = [0, 0]
  while (changes.length <= limit) {
    while (left < before.length && isSame(before[left], after[right])) {
      left += 1
      right += 1
    }
    const change = nextChange(before[left], after[right])
    if (change === undefined) return changes
    if (change.before !== undefined) left += 1
    if (change.after !== undefined) right += 1
    changes.push(change)
  }
  return undefined
}

function isSame(before: TreeEntry | undefined, after: TreeEntry | undefined): boolean {
  return before?.path === after?.path && before?.oid === after?.oid && before?.mode === after?.mode
}

function nextChange(before: TreeEntry | undefined, after: TreeEntry | undefined): PathChange | undefined {
  if (after === undefined) return before === undefined ? undefined : { path: before.path, before }
  if (before === undefined || after.path < before.path) return { path: after.path, after }
  return before.path < after.path ? { path: before.path, before } : { path: after.path, before, after }
}
