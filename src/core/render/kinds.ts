import { textAt, type JsonObject, at } from '../../util/json.ts'

/** Kinds that live outside namespaces, by group; what charts bring along says so in its CRD. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  '/ComponentStatus',
  '/Namespace',
  '/Node',
  '/PersistentVolume',
  'admissionregistration.k8s.io/MutatingAdmissionPolicy',
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding',
  'admissionregistration.k8s.io/MutatingWebhookConfiguration',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding',
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
  'apiextensions.k8s.io/CustomResourceDefinition',
  'apiregistration.k8s.io/APIService',
  'authentication.k8s.io/SelfSubjectReview',
  'authentication.k8s.io/TokenReview',
  'authorization.k8s.io/SelfSubjectAccessReview',
  'authorization.k8s.io/SelfSubjectRulesReview',
  'authorization.k8s.io/SubjectAccessReview',
  'certificates.k8s.io/CertificateSigningRequest',
  'certificates.k8s.io/ClusterTrustBundle',
  'cert-manager.io/ClusterIssuer',
  'external-secrets.io/ClusterExternalSecret',
  'external-secrets.io/ClusterSecretStore',
  'flowcontrol.apiserver.k8s.io/FlowSchema',
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration',
  'gateway.networking.k8s.io/GatewayClass',
  'kyverno.io/ClusterPolicy',
  'networking.k8s.io/IngressClass',
  'networking.k8s.io/IPAddress',
  'networking.k8s.io/ServiceCIDR',
  'node.k8s.io/RuntimeClass',
  'policy/PodSecurityPolicy',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'resource.k8s.io/DeviceClass',
  'resource.k8s.io/ResourceSlice',
  'scheduling.k8s.io/PriorityClass',
  'snapshot.storage.k8s.io/VolumeSnapshotClass',
  'snapshot.storage.k8s.io/VolumeSnapshotContent',
  'storage.k8s.io/CSIDriver',
  'storage.k8s.io/CSINode',
  'storage.k8s.io/StorageClass',
  'storage.k8s.io/VolumeAttachment',
  'storage.k8s.io/VolumeAttributesClass',
])

/** `group/Kind` of an object, without its version; `/Kind` for the core group. */
export function kindId(object: JsonObject): string {
  const apiVersion = textAt(object, 'apiVersion') ?? ''
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return `${group}/${textAt(object, 'kind') ?? ''}`
}

/** Which of a deployment's kinds live outside namespaces: known ones, those its own CRDs say, and those its driver declares. */
export function clusterScopedKinds(
  objects: readonly JsonObject[],
  declared: readonly string[],
): (id: string) => boolean {
  const own = new Set(objects.filter((object) => at(object, 'spec', 'scope') === 'Cluster').flatMap(definedKind))
  const ownNamespaced = new Set(
    objects.filter((object) => at(object, 'spec', 'scope') === 'Namespaced').flatMap(definedKind),
  )
  return (id) => CLUSTER_SCOPED.has(id) || own.has(id) || (!ownNamespaced.has(id) && isDeclared(id, declared))
}

/** Whether a driver's `cluster_scoped` names a kind, as `ClusterRole` or `ClusterRole.rbac.authorization.k8s.io`. */
export function isDeclared(id: string, declared: readonly string[]): boolean {
  const [group = '', kind = ''] = id.split('/')
  return declared.includes(kind) || declared.includes(`${kind}.${group}`)
}

function definedKind(object: JsonObject): readonly string[] {
  if (kindId(object) !== 'apiextensions.k8s.io/CustomResourceDefinition') return []
  return [`${textAt(object, 'spec', 'group') ?? ''}/${textAt(object, 'spec', 'names', 'kind') ?? ''}`]
}
