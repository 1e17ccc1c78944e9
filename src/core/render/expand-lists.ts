import type { Manifest } from '../../domain/manifest.ts'
import { isObject, listAt, textAt } from '../../util/json.ts'

/** Puts the items of each `kind: List` in its place, as Kubernetes clients do. */
export function expandLists(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests.flatMap((manifest) => (isList(manifest) ? expandLists(itemsOf(manifest)) : [manifest]))
}

function isList({ object }: Manifest): boolean {
  return textAt(object, 'apiVersion') === 'v1' && /^([A-Z][A-Za-z]+)?List$/.test(textAt(object, 'kind') ?? '')
}

function itemsOf(manifest: Manifest): readonly Manifest[] {
  return listAt(manifest.object, 'items').flatMap((item, index): readonly Manifest[] => {
    const base = `/items/${index}`
    const generated = manifest.generated
      .filter((pointer) => pointer.startsWith(`${base}/`))
      .map((pointer) => pointer.slice(base.length))
    return isObject(item) ? [{ ...manifest, object: item, generated }] : []
  })
}
