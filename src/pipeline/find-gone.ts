import { findDeletions } from '../core/desired/find-deletions.ts'
import type { Deletion } from '../domain/desired.ts'
import type { DeploymentKey } from '../domain/ids.ts'
import type { Declarations, Resolution } from './resolution.ts'

/** What goes away with a tree, and what stays although its document is gone, with the reason. Both sorted by key. */
export interface Gone {
  readonly deletions: readonly Deletion[]
  readonly held: readonly { readonly key: DeploymentKey; readonly why: string }[]
}

/** Compares what was declared with what a tree declares; an uncertainty falls on the side of keeping. */
export function findGone(before: Declarations, now: Resolution): Gone {
  if (before.files === now.files) return { deletions: [], held: [] } // the same declarations, told by the same map
  const previous = new Map([...before.files].map(([key, file]) => [key, { file }]))
  const { deleted, held } = findDeletions(previous, {
    declared: now.files,
    blocked: now.blocked,
    declaredTwice: now.declaredTwice,
    unsureFiles: now.unsureFiles,
    readFiles: now.readFiles,
    presentFiles: now.presentFiles,
    environments: now.environments,
    environmentsBefore: before.environments,
  })
  return { deletions: deleted.map((key) => ({ key, deleteData: before.deleteData.has(key) })), held }
}
