// Comes in: a tree of files, a renderer, and what is remembered of other trees. Goes out: everything the tree says.
// Never: a change of anything but the cache; the same tree gives the same answer, whatever the cache holds.
import type { SourceTree } from '../ports/source-tree.ts'
import type { PipelineTools, Resolution } from './resolution.ts'
import { resolveChanged } from './resolve-changed.ts'
import { resolveWhole } from './resolve-whole.ts'
import type { TreeState } from './tree-state.ts'

const TREES_KEPT = 3

/**
 * Resolves a tree: documents, references, drivers, contexts, renders, Instances.
 *
 * Shape:  one bad document costs the deployments that depend on it, and nothing else.
 * Errors: bad input as problems; UnreachableError of the tree and BugError of the renderer are thrown.
 */
export async function resolveTree(tree: SourceTree, tools: PipelineTools, signal: AbortSignal): Promise<Resolution> {
  const listed = { tree, entries: await tree.list(signal) }
  const { trees } = tools.cache
  for (const [index, known] of trees.entries()) {
    const state = await resolveChanged(known, listed, tools, signal)
    if (state === undefined) continue
    trees.splice(index, 1)
    return remember(state, trees)
  }
  return remember(await resolveWhole(listed, tools, signal), trees)
}

function remember(state: TreeState, trees: TreeState[]): Resolution {
  trees.unshift(state)
  trees.splice(TREES_KEPT)
  return state.resolution
}
