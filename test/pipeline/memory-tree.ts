import { digestOfBytes } from '../../src/util/digest.ts'
import { byText } from '../../src/util/json.ts'
import type { SourceTree, TreeEntry } from '../../src/ports/source-tree.ts'

/** A tree of texts by path; ids follow content, as git's do. `reads` counts what was read. */
export function memoryTree(files: ReadonlyMap<string, string>): SourceTree & { readonly reads: () => number } {
  let reads = 0
  const entries = [...files]
    .map(([path, text]): TreeEntry => ({ path, mode: '100644', oid: digestOfBytes(text).slice(7, 47) }))
    .sort(byText(({ path }) => path))
  return {
    reads: () => reads,
    list: async () => entries,
    read: async ({ path }, maxBytes) => {
      reads += 1
      const bytes = new TextEncoder().encode(files.get(path) ?? '')
      return bytes.length > maxBytes ? 'too-large' : bytes
    },
  }
}
