import type { ResolvedInstance } from '../domain/instance.ts'
import { refKey, refOf } from '../domain/object-ref.ts'
import type { GeneratedValues } from '../domain/wire.ts'
import type { Renderer, RenderRequest } from '../ports/renderer.ts'

/** What a deployment's generated leaves are filled from. */
export interface FillParts {
  readonly resolved: ResolvedInstance
  readonly request: RenderRequest
  /** The deployment's own key. */
  readonly key: Uint8Array
}

/**
 * Values of an Instance's generated leaves, by its objects as a bundle has them.
 *
 * Shape: Helm leaves the namespace of most objects out and a bundle has it, so the renderer's keys are completed.
 */
export async function fillValues(
  { resolved, request, key }: FillParts,
  renderer: Renderer,
  signal: AbortSignal,
): Promise<GeneratedValues> {
  const generated = resolved.manifests
    .filter((manifest) => manifest.generated.length > 0)
    .map(({ object }) => refOf(object))
  if (generated.length === 0) return {}
  const values = await renderer.fill(request, key, signal)
  return Object.fromEntries(
    generated.flatMap((ref) => {
      const filled = values[refKey(ref)] ?? values[refKey({ ...ref, namespace: '' })]
      return filled === undefined ? [] : [[refKey(ref), filled]]
    }),
  )
}
