import type { CommitSha } from './ids.ts'

/** A place in a file of the repository; lines and columns count from 1. */
export interface SourceRef {
  /** Path from the root of the repository, with `/`. */
  readonly file: string
  readonly line: number
  readonly col: number
  /** The commit whose tree was read, where one was. */
  readonly commit?: CommitSha
}

/** Which layer a value came from, widest first; `driver` are the driver's own defaults, `computed` is what we work out. */
export type Layer = 'driver' | 'cluster' | 'environment' | 'deployment' | 'computed'

/** Who set a value. */
export interface Origin {
  readonly layer: Layer
  /** Left out for computed values. */
  readonly at?: SourceRef
}
