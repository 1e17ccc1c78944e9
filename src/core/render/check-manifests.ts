// Comes in: what the renderer made for one deployment. Goes out: the objects as they will be applied, their digest,
// and what is wrong with them. Never: a change of what a chart's author wrote, but the namespace that was left out.
import type { ComponentSpec } from '../../domain/documents.ts'
import { type DeploymentKey, type Digest, toDigest } from '../../domain/ids.ts'
import type { InstanceService } from '../../domain/instance.ts'
import { type Manifest, objectTitle } from '../../domain/manifest.ts'
import type { Problem } from '../../domain/problem.ts'
import { digestOf } from '../../util/digest.ts'
import { type JsonObject, objectAt, textAt } from '../../util/json.ts'
import { checkObject, type ObjectFault } from './check-object.ts'
import { withDeclaredServices } from './declared-services.ts'
import { expandLists } from './expand-lists.ts'
import { clusterScopedKinds, kindId } from './kinds.ts'

/** What the objects of one deployment are checked against. */
export interface RenderScope {
  readonly key: DeploymentKey
  readonly namespace: string
  readonly services: readonly InstanceService[]
  readonly components: Readonly<Record<string, ComponentSpec>>
  /** `cluster_scoped` of the driver. */
  readonly clusterScoped: readonly string[]
  /** Folder of the chart in the repository, for places. */
  readonly chartFolder: string
}

/** Objects ready to be applied. */
export interface CheckedManifests {
  readonly manifests: readonly Manifest[]
  /** Over objects (generated leaves masked), hooks and which are CRDs; not over file names. */
  readonly digest: Digest
  /** Sorted by place in the list of objects. */
  readonly problems: readonly Problem[]
}

/**
 * Completes and checks the objects of one deployment.
 *
 * Order:  Helm's install order is kept; our own Services stand before the first workload.
 * Errors: as problems at the chart's template, each naming the object.
 */
export function checkManifests(rendered: readonly Manifest[], scope: RenderScope): CheckedManifests {
  const expanded = withDeclaredServices(expandLists(rendered), scope.services, scope.components)
  const isClusterScoped = clusterScopedKinds(
    expanded.map(({ object }) => object),
    scope.clusterScoped,
  )
  const rules = { namespace: scope.namespace, clusterScoped: scope.clusterScoped, isClusterScoped }
  const faults = expanded.flatMap((manifest) =>
    checkObject(manifest, rules).map((fault) => problemOf(fault, manifest, scope)),
  )
  const manifests = expanded.map((manifest) => placed(manifest, rules))
  return { manifests, digest: manifestsDigest(manifests), problems: [...faults, ...duplicates(manifests, scope)] }
}

function manifestsDigest(manifests: readonly Manifest[]): Digest {
  const parts = manifests.map(({ object, generated, hook, crd }) => ({
    object,
    generated,
    crd,
    hook: hook === undefined ? null : { ...hook },
  }))
  return toDigest(digestOf(parts))
}

function placed(
  manifest: Manifest,
  { namespace, isClusterScoped }: { readonly namespace: string; readonly isClusterScoped: (id: string) => boolean },
): Manifest {
  const { object } = manifest
  const metadata = objectAt(object, 'metadata')
  if (isClusterScoped(kindId(object))) {
    if (!Object.hasOwn(metadata, 'namespace')) return manifest
    const { namespace: _, ...rest } = metadata
    return { ...manifest, object: { ...object, metadata: rest } }
  }
  if ((textAt(metadata, 'namespace') ?? '') !== '') return manifest
  return { ...manifest, object: { ...object, metadata: { ...metadata, namespace } } }
}

function duplicates(manifests: readonly Manifest[], scope: RenderScope): readonly Problem[] {
  const seen = new Map<string, Manifest>()
  return manifests.flatMap((manifest): readonly Problem[] => {
    const id = objectId(manifest)
    const first = seen.get(id)
    seen.set(id, first ?? manifest)
    if (first === undefined) return []
    const fault: ObjectFault = {
      code: 'STY335',
      message: `is rendered twice, also by ${sourceTitle(first)}`,
      hint: 'Give one of the two another name, or switch it off.',
    }
    return [problemOf(fault, manifest, scope)]
  })
}

/** Hooks of different events may share a name: Helm makes one after the other. */
function objectId({ object, hook }: Manifest): string {
  const name = `${kindId(object)}/${textAt(object, 'metadata', 'namespace') ?? ''}/${textAt(object, 'metadata', 'name') ?? ''}`
  return hook === undefined ? name : `${name} ${hook.events.join(',')}`
}

function problemOf({ code, message, hint }: ObjectFault, manifest: Manifest, scope: RenderScope): Problem {
  const { object, source } = manifest
  const file = source === 'styrmin' ? `${scope.chartFolder}/Chart.yaml` : chartPlace(scope.chartFolder, source)
  return {
    code,
    severity: 'error',
    message: `${titleOf(object)} of ${sourceTitle(manifest)} ${message}`,
    hint,
    at: { file, line: 1, col: 1 },
    affects: [scope.key],
  }
}

/** The repository's path of a file that Helm names `<chart>/templates/…`. */
export function chartPlace(chartFolder: string, file: string): string {
  return `${chartFolder}/${file.slice(file.indexOf('/') + 1)}`
}

function titleOf(object: JsonObject): string {
  return objectTitle({ kind: textAt(object, 'kind') ?? 'an object', name: textAt(object, 'metadata', 'name') ?? '?' })
}

function sourceTitle({ source }: Manifest): string {
  return source === 'styrmin' ? 'a declared service' : source
}
