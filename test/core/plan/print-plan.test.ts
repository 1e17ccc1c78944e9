import { expect, test } from 'vitest'
import { planListJson } from '../../../src/core/plan/plan-list.ts'
import { printObjectDiffs, printPlan } from '../../../src/core/plan/print-plan.ts'
import { deploymentKey, toDigest } from '../../../src/domain/ids.ts'
import type { Plan } from '../../../src/domain/plan.ts'
import { digestOf } from '../../../src/util/digest.ts'
import { aDesired } from '../builders.ts'

const digest = toDigest(digestOf('a plan'))

function aPlan(more: Partial<Plan> = {}): Plan {
  return {
    digest,
    key: deploymentKey('live', 'shop'),
    id: aDesired().id,
    verdict: { class: 'config', rule: 'objects-differ', evidence: ['ConfigMap/c /data/a: 1 -> 2'] },
    from: digest,
    to: digest,
    fromVersion: '1.0.0',
    toVersion: '1.0.0',
    diff: { inputs: [], values: [], objects: [] },
    steps: [],
    stops: [],
    generated: [],
    ...more,
  }
}

test('nothing to do is said in words', () => {
  expect(printPlan([], { color: false })).toBe('No changes.\n')
})

test('text from a pull request cannot steer the terminal', () => {
  const evil = '\u001B[2J\u202E'
  const text = printPlan(
    [
      aPlan({
        verdict: { class: 'config', rule: 'objects-differ', evidence: [evil] },
        diff: { inputs: [{ kind: 'added', at: `/parameters/${evil}`, after: evil }], values: [], objects: [] },
      }),
    ],
    { color: false },
  )
  expect(text).not.toContain('\u001B')
  expect(text).not.toContain('\u202E')
})

test('an input says who set it, and where', () => {
  const origin = { layer: 'environment', at: { file: 'environments/live.yml', line: 7, col: 3 } } as const
  const inputs = [{ kind: 'replaced', at: '/instance/config/a', before: 1, after: 2, origin } as const]
  expect(printPlan([aPlan({ diff: { inputs, values: [], objects: [] } })], { color: false })).toContain(
    '~ /instance/config/a: 1 -> 2  # environment, environments/live.yml:7',
  )
})

test('colour adds only colour', () => {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'live', name: 'c' }
  const changes = [{ kind: 'replaced', at: '/data/a', before: '1', after: '2' } as const]
  const plans = [aPlan({ diff: { inputs: [], values: [], objects: [{ kind: 'changed', ref, changes }] } })]
  const colored = printPlan(plans, { color: true })
  expect(colored).toContain('\u001B[33m')
  expect(colored.replaceAll(/\u001B\[\d+m/g, '')).toBe(printPlan(plans, { color: false }))
  expect(printObjectDiffs(plans[0]?.diff ?? { inputs: [], values: [], objects: [] }, { color: false })).toBe(
    '  ~ ConfigMap/c in live\n      ~ /data/a: "1" -> "2"\n',
  )
})

test('the JSON form is versioned, and names environment and deployment', () => {
  expect(planListJson([aPlan()])).toMatchObject({
    apiVersion: 'styrmin.io/v1',
    kind: 'PlanList',
    items: [{ environment: 'live', name: 'shop', digest, verdict: { class: 'config' } }],
  })
})
