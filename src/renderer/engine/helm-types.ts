import type { JsonObject } from '../../util/json.ts'

/** One thing for Helm to render. */
export interface HelmInput {
  /** Names the chart's bytes; an engine that has it warm does not look at `chart` again. */
  readonly chartDigest: string
  /** Unpacked files by path within the chart (`Chart.yaml`, `templates/…`), in any order. */
  readonly chart: readonly { readonly path: string; readonly data: Uint8Array }[]
  readonly values: JsonObject
  readonly release: { readonly name: string; readonly namespace: string }
  /** As `--kube-version` and `--api-versions`: API versions are added to those that Helm itself knows. */
  readonly capabilities: { readonly kubernetes: string; readonly apiVersions: readonly string[] }
  /** All chance of this render: equal seeds, equal bytes. */
  readonly seed: string
  /** The clock of this render; it stands still. */
  readonly nowMs: number
}

/** One rendered document. `object` is what Kubernetes reads from it (YAML 1.1); `null` if it holds only comments. */
export interface HelmManifest {
  /** `<chart>/templates/…`, `<chart>/charts/<subchart>/templates/…`. */
  readonly path: string
  readonly yaml: string
  readonly kind: string
  readonly apiVersion: string
  readonly name: string
  readonly object: JsonObject | null
}

/** One document that Helm runs as a hook. */
export interface HelmHookDocument extends Omit<HelmManifest, 'apiVersion'> {
  readonly events: readonly string[]
  readonly weight: number
  readonly deletePolicies: readonly string[]
}

/** One file of a chart's or subchart's `crds/` folder, never a template. */
export interface HelmCrd {
  readonly path: string
  readonly yaml: string
  readonly objects: readonly JsonObject[]
}

/** What Helm says is wrong, in its own words; the place is the deepest template named, if any. */
export interface HelmFault {
  readonly message: string
  readonly file?: string
  readonly line?: number
}

/**
 * What a render gives.
 *
 * Order: manifests and hooks in Helm's install order (by kind, then path, then place in the file); CRDs by chart, then path.
 */
export type HelmOutput =
  | {
      readonly kind: 'rendered'
      readonly crds: readonly HelmCrd[]
      readonly manifests: readonly HelmManifest[]
      readonly hooks: readonly HelmHookDocument[]
      /** The chart's NOTES.txt, never printed. */
      readonly notes: string
      /** What Helm would write to stderr, without times. */
      readonly warnings: readonly string[]
    }
  | { readonly kind: 'failed'; readonly fault: HelmFault; readonly warnings: readonly string[] }
