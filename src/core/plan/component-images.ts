import type { ComponentSpec } from '../../domain/documents.ts'
import type { Manifest } from '../../domain/manifest.ts'
import { type Json, listAt, objectAt, textAt } from '../../util/json.ts'

/**
 * The images of each component, as its workloads have them.
 *
 * Shape:  containers of every workload whose pods carry all labels of the component; init containers are left out.
 * Order:  components by name, images sorted and each once.
 */
export function componentImages(
  manifests: readonly Manifest[],
  components: Readonly<Record<string, ComponentSpec>>,
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(components)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { labels }]) => [name, imagesOf(manifests, labels)]),
  )
}

function imagesOf(manifests: readonly Manifest[], labels: ComponentSpec['labels']): readonly string[] {
  const images = manifests
    .map(({ object }) => podTemplate(object))
    .filter((template) =>
      Object.entries(labels).every(([key, value]) => textAt(template, 'metadata', 'labels', key) === value),
    )
    .flatMap((template) => listAt(template, 'spec', 'containers').map((container) => textAt(container, 'image') ?? ''))
  return [...new Set(images.filter((image) => image !== ''))].sort()
}

/** The pod, or what pods are made from; an empty object for what runs none. */
function podTemplate(object: Json): Json {
  const kind = textAt(object, 'kind')
  if (kind === 'Pod') return object
  return kind === 'CronJob'
    ? objectAt(object, 'spec', 'jobTemplate', 'spec', 'template')
    : objectAt(object, 'spec', 'template')
}
