import { isObject, type Json, listAt, textAt } from '../../util/json.ts'
import { readFault } from './helm-fault.ts'
import type { HelmOutput } from './helm-types.ts'

type Rendered = Extract<HelmOutput, { kind: 'rendered' }>

/** Checks and types the engine's reply. Errors: TypeError when it is not one (our bug). */
export function readOutput(reply: Json): HelmOutput {
  const warnings = listAt(reply, 'warnings').map(String)
  const message = textAt(reply, 'error')
  if (message !== undefined) return { kind: 'failed', fault: readFault(message.trimEnd()), warnings }
  const result = isObject(reply) ? reply['result'] : undefined
  if (!isRendered(result)) throw new TypeError('the Helm engine gave no result')
  const { crds, manifests, hooks, notes } = result
  return { kind: 'rendered', crds, manifests, hooks, notes, warnings }
}

/** The lists come from our own Go structs, so their items are not looked into. */
function isRendered(value: unknown): value is Rendered {
  return isObject(value) && ['crds', 'manifests', 'hooks'].every((key) => Array.isArray(value[key]))
}
