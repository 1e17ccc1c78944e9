import { at, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import { badRequest } from './status.ts'

/** Says whether an object is selected. */
export type Selector = (object: JsonObject) => boolean

const REQUIREMENT =
  /^\s*(?:(!)\s*([^\s!=,()]+)|([^\s!=,()<>]+)\s*(?:(==|=|!=)\s*([^\s,()]*)|\s(in|notin)\s*\(([^()]*)\)|([<>])\s*(-?\d+))?)\s*(?:,|$)/

/**
 * Reads a `labelSelector` parameter.
 *
 * Errors: ApiError 400 when the text is no selector.
 * Source: apimachinery, labels.Parse.
 */
export function parseLabelSelector(text: string): Selector | undefined {
  const tests: ((labels: JsonObject) => boolean)[] = []
  let rest = text
  while (rest.trim() !== '') {
    const match = REQUIREMENT.exec(rest)
    if (match === null || match[0] === '')
      throw badRequest(`unable to parse requirement: found '${rest.trim()}', expected: a label selector`)
    tests.push(requirement(match))
    rest = rest.slice(match[0].length)
  }
  if (tests.length === 0) return undefined
  return (object) => {
    const labels = objectAt(object, 'metadata', 'labels')
    return tests.every((test) => test(labels))
  }
}

function requirement(match: RegExpExecArray): (labels: JsonObject) => boolean {
  const [, , absent, key = '', equality, value = '', set, list = '', order, bound] = match
  if (absent !== undefined) return (labels) => own(labels, absent) === undefined
  if (set !== undefined)
    return setTest(
      key,
      set,
      list.split(',').map((item) => item.trim()),
    )
  if (order !== undefined) return orderTest(key, order, Number(bound))
  if (equality === undefined) return (labels) => own(labels, key) !== undefined
  return equality === '!=' ? (labels) => own(labels, key) !== value : (labels) => own(labels, key) === value
}

function setTest(key: string, operator: string, values: readonly string[]): (labels: JsonObject) => boolean {
  const includes = (labels: JsonObject): boolean => {
    const found = own(labels, key)
    return typeof found === 'string' && values.includes(found)
  }
  return operator === 'in' ? includes : (labels) => !includes(labels)
}

function orderTest(key: string, operator: string, bound: number): (labels: JsonObject) => boolean {
  return (labels) => {
    const found = Number(own(labels, key) ?? Number.NaN)
    return operator === '>' ? found > bound : found < bound
  }
}

/** Which fields of a kind a field selector may name besides name and namespace. */
const SELECTABLE: Readonly<Record<string, readonly string[]>> = {
  '/pods': [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  '/events': [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  '/secrets': ['type'],
  '/namespaces': ['status.phase'],
  '/nodes': ['spec.unschedulable'],
  '/replicationcontrollers': ['status.replicas'],
  'apps/replicasets': ['status.replicas'],
  'batch/jobs': ['status.successful'],
}

/**
 * Reads a `fieldSelector` parameter for a kind (`group/plural`).
 *
 * Errors: ApiError 400 for a field that the kind does not offer.
 */
export function parseFieldSelector(text: string, kind: string, offered: readonly string[] = []): Selector | undefined {
  const allowed = ['metadata.name', 'metadata.namespace', ...(SELECTABLE[kind] ?? []), ...offered]
  const terms = text.split(',').filter((term) => term !== '')
  const tests = terms.map((term) => {
    const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(term)
    if (match === null) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`)
    const [, field = '', operator, value = ''] = match
    if (!allowed.includes(field)) throw badRequest(`field label not supported: ${field}`)
    const path = field.replace(/^\./, '').split('.')
    return (object: JsonObject) => (printed(at(object, ...path)) === value) === (operator !== '!=')
  })
  return tests.length === 0 ? undefined : (object) => tests.every((test) => test(object))
}

function printed(value: Json | undefined): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)
}

/** Both selectors as one; `undefined` selects everything. */
export function allOf(...selectors: readonly (Selector | undefined)[]): Selector | undefined {
  const given = selectors.filter((selector) => selector !== undefined)
  if (given.length === 0) return undefined
  return (object) => given.every((selector) => selector(object))
}

/** Whether labels fit a `LabelSelector` of a workload. */
export function matchesLabels(selector: Json | undefined, labels: JsonObject): boolean {
  const pairs = Object.entries(objectAt(selector, 'matchLabels'))
  if (!pairs.every(([key, value]) => own(labels, key) === value)) return false
  return listAt(selector, 'matchExpressions').every((expression) => matchesExpression(expression, labels))
}

function matchesExpression(expression: Json, labels: JsonObject): boolean {
  const found = own(labels, textAt(expression, 'key') ?? '')
  const listed = found !== undefined && listAt(expression, 'values').includes(found)
  switch (textAt(expression, 'operator') ?? '') {
    case 'In':
      return listed
    case 'NotIn':
      return !listed
    case 'Exists':
      return found !== undefined
    case 'DoesNotExist':
      return found === undefined
    default:
      return false
  }
}
