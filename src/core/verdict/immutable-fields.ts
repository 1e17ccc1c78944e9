import type { ObjectRef } from '../../domain/manifest.ts'
import type { Change, ObjectDiff } from '../../domain/plan.ts'
import { compareText } from '../../util/json.ts'

/**
 * What an API server refuses to change in an object that exists, by kind.
 *
 * Source: the validation packages of Kubernetes (`ValidateStatefulSetUpdate`, `ValidateJobUpdate`, …).
 */
const IMMUTABLE: Readonly<Record<string, RegExp>> = {
  'apps/DaemonSet': /^\/spec\/selector(\/|$)/,
  'apps/Deployment': /^\/spec\/selector(\/|$)/,
  'apps/ReplicaSet': /^\/spec\/selector(\/|$)/,
  'apps/StatefulSet': /^\/spec\/(selector|serviceName|volumeClaimTemplates|podManagementPolicy)(\/|$)/,
  'batch/Job': /^\/spec\/(template|selector|completionMode)(\/|$)/,
  'rbac.authorization.k8s.io/ClusterRoleBinding': /^\/roleRef(\/|$)/,
  'rbac.authorization.k8s.io/RoleBinding': /^\/roleRef(\/|$)/,
  'networking.k8s.io/IngressClass': /^\/spec\/controller$/,
  'storage.k8s.io/StorageClass': /^\/(provisioner|parameters|reclaimPolicy|volumeBindingMode)(\/|$)/,
  '/PersistentVolumeClaim': /^\/spec\/(?!resources(\/|$)|volumeAttributesClassName$)/,
  '/Secret': /^\/type$/,
  '/Service': /^\/spec\/clusterIPs?(\/|$)/,
}

/** The changes of one object that can only be made by making it anew. */
export function immutableChanges({ kind, ref, changes }: ObjectDiff): readonly Change[] {
  const fields = kind === 'changed' ? IMMUTABLE[`${groupOf(ref)}/${ref.kind}`] : undefined
  return fields === undefined ? [] : changes.filter(({ at }) => fields.test(at))
}

/** Objects that must be deleted and made anew for a difference to be applied, sorted as the difference is. */
export function recreatedObjects(objects: readonly ObjectDiff[]): readonly ObjectRef[] {
  return objects.filter((object) => immutableChanges(object).length > 0).map(({ ref }) => ref)
}

/** Volume claims among what would be made anew: their data would be lost, so the change is refused. */
export function lostClaims(objects: readonly ObjectDiff[]): readonly ObjectRef[] {
  return recreatedObjects(objects)
    .filter(({ kind }) => kind === 'PersistentVolumeClaim')
    .sort((a, b) => compareText(a.name, b.name))
}

function groupOf({ apiVersion }: ObjectRef): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}
