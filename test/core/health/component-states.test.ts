import { expect, test } from 'vitest'
import { componentStates, type SeenWorkload } from '../../../src/core/health/component-states.ts'
import type { Health } from '../../../src/core/health/health-of.ts'

const components = { server: { labels: { app: 'shop' } } }

function workload(more: Partial<SeenWorkload['facts']> = {}, health: Partial<Health> = {}): SeenWorkload {
  const facts = { kind: 'Deployment' as const, name: 'web', podLabels: { app: 'shop', x: 'y' } }
  const numbers = { desired: 2, ready: 2, pods: 2, suspended: false }
  return { facts: { ...facts, ...numbers, ...more }, health: { state: 'current', message: '', ...health } }
}

test.for<{ name: string; workloads: readonly SeenWorkload[]; state: string; message?: string }>([
  { name: 'without a workload', workloads: [], state: 'Missing', message: 'no workload carries its labels' },
  {
    name: 'of another component',
    workloads: [workload({ podLabels: { app: 'other' } })],
    state: 'Missing',
    message: 'no workload carries its labels',
  },
  { name: 'with ready pods', workloads: [workload()], state: 'Running' },
  { name: 'at 0', workloads: [workload({ desired: 0, ready: 0 })], state: 'Stopped' },
  {
    name: 'with a CronJob that is not suspended',
    workloads: [workload({ kind: 'CronJob', desired: 0, ready: 0 })],
    state: 'Running',
  },
  {
    name: 'on its way',
    workloads: [workload(), workload({ name: 'api', ready: 0 }, { state: 'progressing', message: '0 of 2' })],
    state: 'Progressing',
    message: 'Deployment/api: 0 of 2',
  },
  {
    name: 'with one that failed and one on its way',
    workloads: [workload({}, { state: 'progressing' }), workload({ name: 'api' }, { state: 'failed', message: 'no' })],
    state: 'Degraded',
    message: 'Deployment/api: no',
  },
])('a component $name is $state', ({ workloads, state, message = '' }) => {
  expect(componentStates(components, workloads)[0]).toMatchObject({ name: 'server', state, message })
})

test('pods of all its workloads are counted', () => {
  const states = componentStates(components, [workload(), workload({ name: 'api', desired: 3, ready: 1 })])
  expect(states[0]).toMatchObject({ desired: 5, ready: 3 })
})
