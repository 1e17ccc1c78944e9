import { at, isObject, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import { checkMetadata, checkMetadataChange, configKey } from './names.ts'
import { type FieldFault, forbiddenValue, invalidValue, requiredValue, unsupportedValue } from './status.ts'
import { checkIngress, checkService, checkServiceChange } from './validate-network.ts'
import {
  checkCronJob,
  checkJob,
  checkJobChange,
  checkReplicas,
  checkStatefulSetChange,
  checkStrategy,
  checkWorkload,
  fixed,
} from './validate-workloads.ts'
import { checkDefinition } from './definitions.ts'
import { checkPodSpec } from './validate-pod.ts'
import { same, without, textOf } from './values.ts'

/**
 * All that is wrong with an object of Kubernetes' own kinds.
 *
 * Shape: `kind` is `group/plural`; the object has its defaults. The rules that charts and controllers meet are here;
 *        a kind without an entry is checked by its types and its metadata only.
 * Source: k8s.io/kubernetes pkg/apis, validation.go of each group.
 */
export function validateBuiltin(
  kind: string,
  object: JsonObject,
  before: JsonObject | undefined,
): readonly FieldFault[] {
  const metadata = before === undefined ? [] : checkMetadataChange(before, object)
  const changed = before === undefined ? [] : (CHANGES[kind]?.(object, before) ?? [])
  return [...checkMetadata(kind, object), ...metadata, ...(CHECKS[kind]?.(object) ?? []), ...changed]
}

type Check = (object: JsonObject) => readonly FieldFault[]
type ChangeCheck = (object: JsonObject, before: JsonObject) => readonly FieldFault[]

const CHECKS: Readonly<Record<string, Check>> = {
  '/pods': (object) => checkPodSpec(objectAt(object, 'spec'), 'spec'),
  'apiextensions.k8s.io/customresourcedefinitions': checkDefinition,
  '/configmaps': (object) => checkKeys(object, ['data', 'binaryData']),
  '/secrets': (object) => checkKeys(object, ['data']),
  '/services': checkService,
  '/persistentvolumeclaims': checkClaim,
  '/replicationcontrollers': (object) => checkReplicas(object),
  'apps/deployments': (object) => [...checkReplicas(object), ...checkWorkload(object), ...checkStrategy(object)],
  'apps/replicasets': (object) => [...checkReplicas(object), ...checkWorkload(object)],
  'apps/daemonsets': (object) => checkWorkload(object),
  'apps/statefulsets': (object) => [...checkReplicas(object), ...checkWorkload(object)],
  'batch/jobs': (object) => checkJob(objectAt(object, 'spec'), 'spec'),
  'batch/cronjobs': checkCronJob,
  'autoscaling/horizontalpodautoscalers': checkAutoscaler,
  'networking.k8s.io/ingresses': checkIngress,
  'rbac.authorization.k8s.io/roles': (object) => checkRules(object),
  'rbac.authorization.k8s.io/clusterroles': (object) => checkRules(object),
  'rbac.authorization.k8s.io/rolebindings': checkBinding,
  'rbac.authorization.k8s.io/clusterrolebindings': checkBinding,
  'storage.k8s.io/storageclasses': (object) =>
    (textAt(object, 'provisioner') ?? '') === '' ? [requiredValue('provisioner')] : [],
}

const CHANGES: Readonly<Record<string, ChangeCheck>> = {
  '/pods': checkPodChange,
  '/configmaps': (object, before) => checkSealed(object, before, ['data', 'binaryData']),
  '/secrets': (object, before) => [...fixed(['type'], object, before), ...checkSealed(object, before, ['data'])],
  '/services': checkServiceChange,
  '/persistentvolumeclaims': checkClaimChange,
  'apps/deployments': (object, before) => fixed(['spec', 'selector'], object, before),
  'apps/replicasets': (object, before) => fixed(['spec', 'selector'], object, before),
  'apps/daemonsets': (object, before) => fixed(['spec', 'selector'], object, before),
  'apps/statefulsets': checkStatefulSetChange,
  'batch/jobs': checkJobChange,
  'rbac.authorization.k8s.io/rolebindings': checkRoleChange,
  'rbac.authorization.k8s.io/clusterrolebindings': checkRoleChange,
  'storage.k8s.io/storageclasses': (object, before) =>
    ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'].flatMap((key) =>
      same(own(object, key), own(before, key)) ? [] : [forbiddenValue(key, `updates to ${key} are forbidden.`)],
    ),
  'coordination.k8s.io/leases': () => [],
}

function checkKeys(object: JsonObject, fields: readonly string[]): readonly FieldFault[] {
  return fields.flatMap((field) =>
    Object.keys(objectAt(object, field)).flatMap((key) =>
      configKey(key).map((why) => invalidValue(`${field}[${key}]`, key, why)),
    ),
  )
}

function checkSealed(object: JsonObject, before: JsonObject, fields: readonly string[]): readonly FieldFault[] {
  if (own(before, 'immutable') !== true) return []
  const why = 'field is immutable when `immutable` is set'
  const sealed = own(object, 'immutable') === true ? [] : [forbiddenValue('immutable', why)]
  return [
    ...sealed,
    ...fields
      .filter((field) => !same(own(object, field), own(before, field)))
      .map((field) => forbiddenValue(field, why)),
  ]
}

function checkClaim(object: JsonObject): readonly FieldFault[] {
  const spec = objectAt(object, 'spec')
  const modes = listAt(spec, 'accessModes')
  const known = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
  return [
    ...(modes.length === 0 ? [requiredValue('spec.accessModes', 'at least 1 access mode is required')] : []),
    ...modes.flatMap((mode) =>
      known.includes(textOf(mode)) ? [] : [unsupportedValue('spec.accessModes', mode, known)],
    ),
    ...(at(spec, 'resources', 'requests', 'storage') === undefined ? [requiredValue('spec.resources[storage]')] : []),
  ]
}

function checkClaimChange(object: JsonObject, before: JsonObject): readonly FieldFault[] {
  const unbound = (at(before, 'spec', 'volumeName') ?? '') === ''
  const closed = (side: JsonObject): Json =>
    without(objectAt(side, 'spec'), 'resources', 'volumeAttributesClassName', ...(unbound ? ['volumeName'] : []))
  if (same(closed(object), closed(before))) return []
  return [
    forbiddenValue(
      'spec',
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    ),
  ]
}

function checkPodChange(object: JsonObject, before: JsonObject): readonly FieldFault[] {
  const open = ['activeDeadlineSeconds', 'tolerations', 'terminationGracePeriodSeconds', 'nodeName', 'schedulingGates']
  const closed = (side: JsonObject): Json => {
    const spec = without(objectAt(side, 'spec'), ...open)
    const bare = (list: readonly Json[]): readonly Json[] =>
      list.map((item) => (isObject(item) ? without(item, 'image') : item))
    return {
      ...spec,
      containers: bare(listAt(spec, 'containers')),
      initContainers: bare(listAt(spec, 'initContainers')),
    }
  }
  if (same(closed(object), closed(before))) return []
  return [
    forbiddenValue(
      'spec',
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    ),
  ]
}

function checkAutoscaler(object: JsonObject): readonly FieldFault[] {
  const spec = objectAt(object, 'spec')
  const [low, high] = [Number(at(spec, 'minReplicas') ?? 1), Number(at(spec, 'maxReplicas') ?? 0)]
  return [
    ...(low < 1 ? [invalidValue('spec.minReplicas', low, 'must be greater than or equal to 1')] : []),
    ...(high < 1 ? [invalidValue('spec.maxReplicas', high, 'must be greater than 0')] : []),
    ...(high < low ? [invalidValue('spec.maxReplicas', high, 'must be greater than or equal to `minReplicas`')] : []),
    ...((textAt(spec, 'scaleTargetRef', 'kind') ?? '') === '' ? [requiredValue('spec.scaleTargetRef.kind')] : []),
    ...((textAt(spec, 'scaleTargetRef', 'name') ?? '') === '' ? [requiredValue('spec.scaleTargetRef.name')] : []),
  ]
}

function checkRules(object: JsonObject): readonly FieldFault[] {
  return listAt(object, 'rules').flatMap((rule, index) => {
    const verbs =
      listAt(rule, 'verbs').length === 0
        ? [requiredValue(`rules[${index}].verbs`, 'verbs must contain at least one value')]
        : []
    const plain = listAt(rule, 'nonResourceURLs').length > 0
    const groups =
      !plain && listAt(rule, 'apiGroups').length === 0
        ? [requiredValue(`rules[${index}].apiGroups`, 'resource rules must supply at least one api group')]
        : []
    const resources =
      !plain && listAt(rule, 'resources').length === 0
        ? [requiredValue(`rules[${index}].resources`, 'resource rules must supply at least one resource')]
        : []
    return [...verbs, ...groups, ...resources]
  })
}

function checkBinding(object: JsonObject): readonly FieldFault[] {
  const kind = textAt(object, 'roleRef', 'kind') ?? ''
  const name = textAt(object, 'roleRef', 'name') ?? ''
  return [
    ...(kind === 'Role' || kind === 'ClusterRole'
      ? []
      : [unsupportedValue('roleRef.kind', kind, ['ClusterRole', 'Role'])]),
    ...(name === '' ? [requiredValue('roleRef.name')] : []),
  ]
}

function checkRoleChange(object: JsonObject, before: JsonObject): readonly FieldFault[] {
  const role = own(object, 'roleRef')
  return same(role, own(before, 'roleRef')) ? [] : [invalidValue('roleRef', role, 'cannot change roleRef')]
}
