/** One entry of a tree; `mode` as git writes it (`100644`, `100755`, `120000`, `160000`). */
export interface TreeEntry {
  readonly path: string
  readonly mode: string
  /** Identity of the content: equal oids mean equal bytes. */
  readonly oid: string
}

/** The files of one commit or folder. */
export interface SourceTree {
  /** All entries but trees, sorted by path. */
  list(signal: AbortSignal): Promise<readonly TreeEntry[]>
  /** Errors: UnreachableError when the object cannot be read; SetupError when it is larger than `maxBytes`. */
  read(entry: TreeEntry, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | 'too-large'>
}
