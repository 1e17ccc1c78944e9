import { at, isObject, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import { checkLabels, checkMetadata, checkMetadataChange, configKey, dnsLabel, labelValue } from './names.ts'
import { matchesLabels } from './selectors.ts'
import {
  duplicateValue,
  type FieldFault,
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from './status.ts'
import { checkDefinition } from './definitions.ts'
import { checkPodSpec, checkPodTemplate } from './validate-pod.ts'
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

function fixed(path: readonly string[], object: JsonObject, before: JsonObject): readonly FieldFault[] {
  const value = at(object, ...path)
  return same(value, at(before, ...path)) ? [] : [invalidValue(path.join('.'), value, 'field is immutable')]
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

function checkReplicas(object: JsonObject): readonly FieldFault[] {
  const replicas = at(object, 'spec', 'replicas')
  return typeof replicas === 'number' && replicas < 0
    ? [invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0')]
    : []
}

function checkWorkload(object: JsonObject): readonly FieldFault[] {
  const spec = objectAt(object, 'spec')
  const template = objectAt(spec, 'template')
  const claims = listAt(spec, 'volumeClaimTemplates').map((claim) => textAt(claim, 'metadata', 'name') ?? '')
  return [
    ...checkSelector(spec, template),
    ...checkPodTemplate(template, 'spec.template', claims),
    ...checkRestart(template),
  ]
}

function checkSelector(spec: JsonObject, template: JsonObject): readonly FieldFault[] {
  const selector = own(spec, 'selector')
  if (!isObject(selector)) return [requiredValue('spec.selector')]
  const faults = [
    ...checkLabels('spec.selector.matchLabels', objectAt(selector, 'matchLabels')),
    ...checkExpressions(selector),
  ]
  if (Object.keys(selector).length === 0)
    return [invalidValue('spec.selector', selector, 'empty selector is invalid for deployment')]
  const labels = objectAt(template, 'metadata', 'labels')
  if (faults.length > 0 || matchesLabels(selector, labels)) return faults
  return [invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')]
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist']

function checkExpressions(selector: JsonObject): readonly FieldFault[] {
  return listAt(selector, 'matchExpressions').flatMap((expression, index) => {
    const field = `spec.selector.matchExpressions[${index}]`
    const operator = textAt(expression, 'operator') ?? ''
    const needsValues = (operator === 'In' || operator === 'NotIn') && listAt(expression, 'values').length === 0
    return [
      ...(OPERATORS.includes(operator)
        ? []
        : [invalidValue(`${field}.operator`, operator, 'not a valid selector operator')]),
      ...(needsValues
        ? [requiredValue(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")]
        : []),
      ...listAt(expression, 'values').flatMap((value) =>
        labelValue(textOf(value)).map((why) => invalidValue(`${field}.values`, value, why)),
      ),
    ]
  })
}

function checkRestart(template: JsonObject): readonly FieldFault[] {
  const policy = textAt(template, 'spec', 'restartPolicy') ?? ''
  return policy === 'Always' ? [] : [unsupportedValue('spec.template.spec.restartPolicy', policy, ['Always'])]
}

function checkStrategy(object: JsonObject): readonly FieldFault[] {
  const strategy = objectAt(object, 'spec', 'strategy')
  const type = textAt(strategy, 'type') ?? ''
  if (type !== 'Recreate' && type !== 'RollingUpdate')
    return [unsupportedValue('spec.strategy.type', type, ['Recreate', 'RollingUpdate'])]
  if (type === 'RollingUpdate' || own(strategy, 'rollingUpdate') === undefined) return []
  return [forbiddenValue('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'")]
}

const STATEFUL_SET_OPEN = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]

function checkStatefulSetChange(object: JsonObject, before: JsonObject): readonly FieldFault[] {
  const closed = (side: JsonObject): Json => without(objectAt(side, 'spec'), ...STATEFUL_SET_OPEN)
  if (same(closed(object), closed(before))) return []
  return [
    forbiddenValue(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  ]
}

function checkJob(spec: JsonObject, field: string): readonly FieldFault[] {
  const policy = textAt(spec, 'template', 'spec', 'restartPolicy') ?? ''
  const restart =
    policy === 'OnFailure' || policy === 'Never'
      ? []
      : [requiredOrUnsupported(`${field}.template.spec.restartPolicy`, policy)]
  const negative = [
    'parallelism',
    'completions',
    'backoffLimit',
    'activeDeadlineSeconds',
    'ttlSecondsAfterFinished',
  ].flatMap((key) => {
    const value = own(spec, key)
    return typeof value === 'number' && value < 0
      ? [invalidValue(`${field}.${key}`, value, 'must be greater than or equal to 0')]
      : []
  })
  return [...negative, ...checkPodTemplate(objectAt(spec, 'template'), `${field}.template`), ...restart]
}

function requiredOrUnsupported(field: string, policy: string): FieldFault {
  return policy === 'Always'
    ? requiredValue(field, 'valid values: "OnFailure", "Never"')
    : unsupportedValue(field, policy, ['OnFailure', 'Never'])
}

function checkJobChange(object: JsonObject, before: JsonObject): readonly FieldFault[] {
  const suspended = at(before, 'spec', 'suspend') === true && at(before, 'status', 'startTime') === undefined
  const template = suspended ? [] : fixed(['spec', 'template'], object, before)
  return [
    ...fixed(['spec', 'selector'], object, before),
    ...template,
    ...fixed(['spec', 'completionMode'], object, before),
  ]
}

const SCHEDULE = /^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every .+|(\S+\s+){4}\S+)$/

function checkCronJob(object: JsonObject): readonly FieldFault[] {
  const spec = objectAt(object, 'spec')
  const schedule = textAt(spec, 'schedule') ?? ''
  const faults =
    schedule === ''
      ? [requiredValue('spec.schedule')]
      : SCHEDULE.test(schedule)
        ? []
        : [
            invalidValue(
              'spec.schedule',
              schedule,
              `expected exactly 5 fields, found ${schedule.split(/\s+/).length}: [${schedule}]`,
            ),
          ]
  const long =
    (textAt(object, 'metadata', 'name') ?? '').length > 52
      ? [invalidValue('metadata.name', textAt(object, 'metadata', 'name'), 'must be no more than 52 characters')]
      : []
  return [...long, ...faults, ...checkJob(objectAt(spec, 'jobTemplate', 'spec'), 'spec.jobTemplate.spec')]
}

const SERVICE_TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']

function checkService(object: JsonObject): readonly FieldFault[] {
  const spec = objectAt(object, 'spec')
  const type = textAt(spec, 'type') ?? ''
  const ports = listAt(spec, 'ports')
  const headless = textAt(spec, 'clusterIP') === 'None'
  const none = ports.length === 0 && !headless && type !== 'ExternalName' ? [requiredValue('spec.ports')] : []
  const known = SERVICE_TYPES.includes(type) ? [] : [unsupportedValue('spec.type', type, SERVICE_TYPES)]
  const external =
    type === 'ExternalName' && (textAt(spec, 'externalName') ?? '') === '' ? [requiredValue('spec.externalName')] : []
  return [
    ...none,
    ...ports.flatMap((port, index) => checkServicePort(port, { index, ports })),
    ...checkLabels('spec.selector', objectAt(spec, 'selector')),
    ...known,
    ...external,
  ]
}

function checkServicePort(
  port: Json,
  { index, ports }: { readonly index: number; readonly ports: readonly Json[] },
): readonly FieldFault[] {
  const field = `spec.ports[${index}]`
  const number = at(port, 'port')
  const protocol = textAt(port, 'protocol') ?? ''
  const target = at(port, 'targetPort')
  const earlier = ports.slice(0, index)
  const taken = earlier.some((other) => at(other, 'port') === number && textAt(other, 'protocol') === protocol)
  return [
    ...checkServicePortName(textAt(port, 'name') ?? '', `${field}.name`, ports, earlier),
    ...(isPort(number) ? [] : [invalidValue(`${field}.port`, number, PORT_RANGE)]),
    ...(PROTOCOLS.includes(protocol) ? [] : [unsupportedValue(`${field}.protocol`, protocol, PROTOCOLS)]),
    ...(typeof target !== 'number' || isPort(target) ? [] : [invalidValue(`${field}.targetPort`, target, PORT_RANGE)]),
    ...(taken ? [duplicateValue(field, { port: number ?? 0, protocol })] : []),
  ]
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

function checkServicePortName(
  name: string,
  field: string,
  all: readonly Json[],
  earlier: readonly Json[],
): readonly FieldFault[] {
  if (name === '') return all.length > 1 ? [requiredValue(field)] : []
  const taken = earlier.some((other) => textAt(other, 'name') === name)
  return [
    ...dnsLabel(name).map((why) => invalidValue(field, name, why)),
    ...(taken ? [duplicateValue(field, name)] : []),
  ]
}

const PORT_RANGE = 'must be between 1 and 65535, inclusive'

function isPort(value: Json | undefined): boolean {
  return typeof value === 'number' && value >= 1 && value <= 65_535
}

function checkServiceChange(object: JsonObject, before: JsonObject): readonly FieldFault[] {
  const keeps = [object, before].every((side) => textAt(side, 'spec', 'type') !== 'ExternalName')
  const old = textAt(before, 'spec', 'clusterIP') ?? ''
  const now = textAt(object, 'spec', 'clusterIP') ?? ''
  if (!keeps || old === '' || old === now) return []
  return [invalidValue('spec.clusterIPs[0]', [now], 'may not change once set')]
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

function checkIngress(object: JsonObject): readonly FieldFault[] {
  const spec = objectAt(object, 'spec')
  const rules = listAt(spec, 'rules')
  const empty = rules.length === 0 && own(spec, 'defaultBackend') === undefined
  const paths = rules.flatMap((rule, index) =>
    listAt(rule, 'http', 'paths').flatMap((path, place) =>
      checkIngressPath(path, `spec.rules[${index}].http.paths[${place}]`),
    ),
  )
  return [
    ...(empty ? [invalidValue('spec', [], 'either `defaultBackend` or `rules` must be specified')] : []),
    ...paths,
  ]
}

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']

function checkIngressPath(path: Json, field: string): readonly FieldFault[] {
  const type = textAt(path, 'pathType')
  if (type === undefined) return [requiredValue(`${field}.pathType`, 'pathType must be specified')]
  if (!PATH_TYPES.includes(type)) return [unsupportedValue(`${field}.pathType`, type, PATH_TYPES)]
  const text = textAt(path, 'path') ?? ''
  return type !== 'ImplementationSpecific' && !text.startsWith('/')
    ? [invalidValue(`${field}.path`, text, 'must be an absolute path')]
    : []
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
