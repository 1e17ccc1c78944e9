import type { DriverSpec } from './documents.ts'
import type { Digest } from './ids.ts'
import type { SourceRef } from './source.ts'

/** A file of a chart, by its path inside the chart's folder. */
export interface ChartFile {
  readonly path: string
  readonly data: Uint8Array
}

/** A chart's unpacked, normalised files. */
export interface Chart {
  readonly name: string
  readonly version: string
  readonly digest: Digest
  /** Sorted by path. */
  readonly files: readonly ChartFile[]
}

/** One version of a driver with everything it needs, ready to render and to run. */
export interface Driver {
  readonly name: string
  readonly spec: DriverSpec
  /** Over spec, template, action sources and chart digest. */
  readonly digest: Digest
  /** `values.j2.yml`, when the driver has one. */
  readonly template?: { readonly file: string; readonly source: string }
  /** TypeScript sources by path inside the driver's folder, sorted. */
  readonly actionFiles: readonly { readonly path: string; readonly source: string }[]
  readonly chart: Chart
  readonly at: SourceRef
}
