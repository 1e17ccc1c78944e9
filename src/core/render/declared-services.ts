import type { ComponentSpec } from '../../domain/documents.ts'
import type { InstanceService } from '../../domain/instance.ts'
import type { Manifest } from '../../domain/manifest.ts'
import { textAt } from '../../util/json.ts'
import { kindId } from './kinds.ts'

/** Kinds that Helm installs before Services, or with them; ours go behind the last of these. Source: `InstallOrder` of Helm. */
const BEFORE_WORKLOADS = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'ClusterRoleBindingList',
  'ClusterRoleList',
  'ConfigMap',
  'CustomResourceDefinition',
  'LimitRange',
  'Namespace',
  'NetworkPolicy',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'PodDisruptionBudget',
  'PodSecurityPolicy',
  'PriorityClass',
  'ResourceQuota',
  'Role',
  'RoleBinding',
  'RoleBindingList',
  'RoleList',
  'Secret',
  'SecretList',
  'Service',
  'ServiceAccount',
  'StorageClass',
])

/**
 * Adds a Service for each declared service that the chart does not make itself.
 *
 * Shape:  named as declared, selecting the component's labels, with the declared port on both sides.
 * Order:  by name, before the first workload.
 */
export function withDeclaredServices(
  manifests: readonly Manifest[],
  services: readonly InstanceService[],
  components: Readonly<Record<string, ComponentSpec>>,
): readonly Manifest[] {
  const made = new Set(manifests.filter(({ object }) => kindId(object) === '/Service').map(nameOf))
  const added = services
    .filter(({ name }) => !made.has(name))
    .map((service) => serviceManifest(service, components[service.component]?.labels ?? {}))
  const index = manifests.findIndex(({ object, crd }) => !crd && !BEFORE_WORKLOADS.has(textAt(object, 'kind') ?? ''))
  return index < 0 ? [...manifests, ...added] : [...manifests.slice(0, index), ...added, ...manifests.slice(index)]
}

function nameOf({ object }: Manifest): string {
  return textAt(object, 'metadata', 'name') ?? ''
}

function serviceManifest({ name, kind, port }: InstanceService, labels: Readonly<Record<string, string>>): Manifest {
  return {
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'styrmin' } },
      spec: { selector: labels, ports: [{ name: kind, port, protocol: 'TCP', targetPort: port }] },
    },
    source: 'styrmin',
    generated: [],
    crd: false,
  }
}
