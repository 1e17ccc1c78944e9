import { at, isObject, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import { checkLabels, labelValue } from './names.ts'
import { matchesLabels } from './selectors.ts'
import { type FieldFault, forbiddenValue, invalidValue, requiredValue, unsupportedValue } from './status.ts'
import { checkPodTemplate } from './validate-pod.ts'
import { same, textOf, without } from './values.ts'

/** A fault where a field has changed that may not. */
export function fixed(path: readonly string[], object: JsonObject, before: JsonObject): readonly FieldFault[] {
  const value = at(object, ...path)
  return same(value, at(before, ...path)) ? [] : [invalidValue(path.join('.'), value, 'field is immutable')]
}

/** All that is wrong with a number of replicas. */
export function checkReplicas(object: JsonObject): readonly FieldFault[] {
  const replicas = at(object, 'spec', 'replicas')
  return typeof replicas === 'number' && replicas < 0
    ? [invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0')]
    : []
}

/** All that is wrong with the selector and template of a workload whose pods always run. */
export function checkWorkload(object: JsonObject): readonly FieldFault[] {
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

/** All that is wrong with a Deployment's strategy. */
export function checkStrategy(object: JsonObject): readonly FieldFault[] {
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

/** What of a StatefulSet may not change. */
export function checkStatefulSetChange(object: JsonObject, before: JsonObject): readonly FieldFault[] {
  const closed = (side: JsonObject): Json => without(objectAt(side, 'spec'), ...STATEFUL_SET_OPEN)
  if (same(closed(object), closed(before))) return []
  return [
    forbiddenValue(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  ]
}

/** All that is wrong with a Job's spec. */
export function checkJob(spec: JsonObject, field: string): readonly FieldFault[] {
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

/** What of a Job may not change. */
export function checkJobChange(object: JsonObject, before: JsonObject): readonly FieldFault[] {
  const suspended = at(before, 'spec', 'suspend') === true && at(before, 'status', 'startTime') === undefined
  const template = suspended ? [] : fixed(['spec', 'template'], object, before)
  return [
    ...fixed(['spec', 'selector'], object, before),
    ...template,
    ...fixed(['spec', 'completionMode'], object, before),
  ]
}

const SCHEDULE = /^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every .+|(\S+\s+){4}\S+)$/

/** All that is wrong with a CronJob. */
export function checkCronJob(object: JsonObject): readonly FieldFault[] {
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
