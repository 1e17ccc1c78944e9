import { type JsonObject, textAt } from '../util/json.ts'
import type { ObjectRef } from './manifest.ts'

/** What names an object, read from the object itself; `''` for what it does not say. */
export function refOf(object: JsonObject): ObjectRef {
  return {
    apiVersion: textAt(object, 'apiVersion') ?? '',
    kind: textAt(object, 'kind') ?? '',
    namespace: textAt(object, 'metadata', 'namespace') ?? '',
    name: textAt(object, 'metadata', 'name') ?? '',
  }
}

/** One text for a ref, as generated values are keyed: `apiVersion/kind/namespace/name`. */
export function refKey({ apiVersion, kind, namespace, name }: ObjectRef): string {
  return `${apiVersion}/${kind}/${namespace}/${name}`
}
