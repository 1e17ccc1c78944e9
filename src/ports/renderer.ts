import type { Capabilities } from '../domain/documents.ts'
import type { Chart } from '../domain/driver.ts'
import type { LinkedAction } from '../domain/instance.ts'
import type { Manifest } from '../domain/manifest.ts'
import type { Problem } from '../domain/problem.ts'
import type { GeneratedValues } from '../domain/wire.ts'
import type { JsonObject } from '../util/json.ts'

/** One thing to render. */
export interface RenderRequest {
  readonly template?: { readonly file: string; readonly source: string }
  readonly context: JsonObject
  readonly chart: Chart
  readonly release: { readonly name: string; readonly namespace: string }
  readonly capabilities: Capabilities
}

/** `problems` carry places in the template (its `file`) or in the chart; with any error among them `manifests` is empty. */
export interface RenderAnswer {
  readonly values: JsonObject
  readonly manifests: readonly Manifest[]
  /** What `helm template --include-crds` prints; generated leaves as the first seed makes them. */
  readonly text: string
  readonly problems: readonly Problem[]
}

/** What a rehearsal is run against: answers of primitives that can be known from the Instances. */
export interface RehearsalRequest {
  readonly action: LinkedAction
  readonly context: JsonObject
  readonly targetVersion: string
  /** Images by component, of the target Instance. */
  readonly images: Readonly<Record<string, readonly string[]>>
}

/** One call of a primitive, in order. `live` when an argument came from an answer only the cluster can give. */
export interface RehearsedCall {
  readonly primitive: string
  readonly args: JsonObject
  readonly live: boolean
}

/** The sandboxed process that evaluates what a pull request's author can write. */
export interface Renderer {
  /** `helm.sh/helm/v4@<version>`; part of every Instance. */
  readonly engineVersion: string
  render(request: RenderRequest, signal: AbortSignal): Promise<RenderAnswer>
  /** Generated leaves from a deployment's own key; the same key and request give the same values. */
  fill(request: RenderRequest, key: Uint8Array, signal: AbortSignal): Promise<GeneratedValues>
  rehearse(
    request: RehearsalRequest,
    signal: AbortSignal,
  ): Promise<{ readonly calls: readonly RehearsedCall[]; readonly problems: readonly Problem[] }>
  close(): Promise<void>
}
