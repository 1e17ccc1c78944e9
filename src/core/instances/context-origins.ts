import type { DesiredDeployment } from '../../domain/desired.ts'
import type { JsonPointer } from '../../domain/ids.ts'
import type { Layer, Origin } from '../../domain/source.ts'
import { pointerTo } from '../../util/pointer.ts'

/**
 * Who set what in a Context.
 *
 * Shape:  by pointer from the Context's root; a leaf without an entry of its own has that of the nearest pointer
 *         above it, and `''` is always there. What is no part of the Context but an input of the Instance stands
 *         beside it: `/driver`, `/state`, `/depends_on`, `/policy/…`, `/capabilities`.
 * Errors: none.
 */
export function contextOrigins(desired: DesiredDeployment): ReadonlyMap<JsonPointer, Origin> {
  return new Map([...fixedOrigins(desired), ...mergedOrigins(desired), ...componentOrigins(desired)])
}

type Entry = readonly [JsonPointer, Origin]

function fixedOrigins({ document, environment, cluster, driver }: DesiredDeployment): readonly Entry[] {
  const from = (
    layer: Layer,
    source: Pick<DesiredDeployment['document'], 'placeOf'>,
    pointer: JsonPointer,
  ): Origin => ({
    layer,
    at: source.placeOf(pointer),
  })
  const drift =
    document.drift === undefined
      ? from('environment', environment, '/spec/drift')
      : from('deployment', document, '/spec/drift')
  const version =
    document.version === undefined
      ? from('driver', driver, '/spec/default_version')
      : from('deployment', document, '/spec/version')
  return [
    ['', { layer: 'computed' }],
    ['/app/version', version],
    ['/capabilities', from('cluster', cluster, '/spec/capabilities')],
    ['/cluster', from('cluster', cluster, '')],
    ['/cluster/capabilities', from('cluster', cluster, '/spec/capabilities')],
    ['/cluster/config', from('cluster', cluster, '/spec/config')],
    ['/components', from('driver', driver, '/spec/components')],
    ['/depends_on', from('deployment', document, '/spec/depends_on')],
    ['/deployment', from('deployment', document, '')],
    ['/deployment/config', from('deployment', document, '/spec/config')],
    ['/driver', from('deployment', document, '/spec/driver')],
    ['/environment', from('environment', environment, '')],
    ['/environment/config', from('environment', environment, '/spec/config')],
    ['/policy/drift', drift],
    ['/policy/on_failure', from('deployment', document, '/spec/on_failure')],
    ['/policy/pod_security', from('environment', environment, '/spec/pod_security')],
    ['/services', from('driver', driver, '/spec/services')],
    ['/state', from('deployment', document, '/spec/state')],
  ]
}

function mergedOrigins({ origins }: DesiredDeployment): readonly Entry[] {
  return [...origins].map(([pointer, origin]) => [pointer.replace(/^\/config(?=\/|$)/, '/instance/config'), origin])
}

function componentOrigins({ document }: DesiredDeployment): readonly Entry[] {
  return Object.entries(document.components).flatMap(([name, { env, command, args }]) => {
    const base = pointerTo('/components', name)
    const origin = (rest: string): Entry => [
      `${base}${rest}`,
      { layer: 'deployment', at: document.placeOf(`/spec${base}${rest}`) },
    ]
    return [
      origin(''),
      ...Object.keys(env).map((key) => origin(pointerTo('/env', key))),
      ...(command === undefined ? [] : [origin('/command')]),
      ...(args === undefined ? [] : [origin('/args')]),
    ]
  })
}
