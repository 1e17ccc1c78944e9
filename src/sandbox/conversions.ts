import { at, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import type { Conversion } from './registry.ts'
import { type Draft, without } from './values.ts'

/** Kinds that are served at two versions with different fields, by `group/version/plural`. */
export const CONVERSIONS: Readonly<Record<string, Conversion & { readonly key: string }>> = {
  'autoscaling/v1/horizontalpodautoscalers': {
    key: 'autoscaling/horizontalpodautoscalers',
    store: autoscalerToV2,
    show: autoscalerToV1,
  },
  'events.k8s.io/v1/events': { key: '/events', store: eventToCore, show: eventFromCore },
}

const CPU = 'targetCPUUtilizationPercentage'

function autoscalerToV2(object: JsonObject): JsonObject {
  const spec = objectAt(object, 'spec')
  const target = own(spec, CPU)
  const metric = {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target ?? 80 } },
  }
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    spec: { ...without(spec, CPU), ...(target === undefined ? {} : { metrics: [metric] }) },
    ...(own(object, 'status') === undefined
      ? {}
      : { status: without(objectAt(object, 'status'), 'currentCPUUtilizationPercentage') }),
  }
}

function autoscalerToV1(object: JsonObject): JsonObject {
  const spec = objectAt(object, 'spec')
  const cpu = listAt(spec, 'metrics').find((metric) => textAt(metric, 'resource', 'name') === 'cpu')
  const target = at(cpu, 'resource', 'target', 'averageUtilization')
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    spec: { ...without(spec, 'metrics', 'behavior'), ...(target === undefined ? {} : { [CPU]: target }) },
    status: {
      currentReplicas: 0,
      desiredReplicas: 0,
      ...without(objectAt(object, 'status'), 'currentMetrics', 'conditions'),
    },
  }
}

/** The core name of each field of an event that the newer group calls otherwise. */
const EVENT_FIELDS: Readonly<Record<string, string>> = {
  regarding: 'involvedObject',
  note: 'message',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
  reportingController: 'reportingComponent',
}

function eventToCore(object: JsonObject): JsonObject {
  return { ...renamed(object, EVENT_FIELDS), apiVersion: 'v1' }
}

function eventFromCore(object: JsonObject): JsonObject {
  const back = Object.fromEntries(Object.entries(EVENT_FIELDS).map(([ours, core]) => [core, ours]))
  return { ...renamed(object, back), apiVersion: 'events.k8s.io/v1' }
}

function renamed(object: JsonObject, names: Readonly<Record<string, string>>): Draft {
  return Object.fromEntries(Object.entries(object).map(([key, value]): [string, Json] => [names[key] ?? key, value]))
}
