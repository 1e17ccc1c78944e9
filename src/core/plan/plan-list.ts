import type { Plan } from '../../domain/plan.ts'
import { type JsonObject, plainJson } from '../../util/json.ts'

/** The JSON form of plans, for `-o json`. Version it when a field changes its meaning. */
export function planListJson(plans: readonly Plan[]): JsonObject {
  return { apiVersion: 'styrmin.io/v1', kind: 'PlanList', items: plans.map(planJson) }
}

function planJson({ key, stops, generated, ...plan }: Plan): JsonObject {
  const [environment = '', name = ''] = key.split('/')
  return plainJson({ environment, name, ...plan, stops, generated })
}
