import { expect, test } from 'vitest'
import { makePlan, type PlanInput, type Rehearsal, type Side } from '../../../src/core/plan/make-plan.ts'
import { deploymentKey } from '../../../src/domain/ids.ts'
import type { ChangeClass, InstanceDiff, Plan } from '../../../src/domain/plan.ts'
import type { JsonObject } from '../../../src/util/json.ts'
import { aManifest, anInstance, anObject } from '../builders.ts'

const NO_DIFF: InstanceDiff = { inputs: [], values: [], objects: [] }
const call = (primitive: string, args: JsonObject = {}, live = false): Rehearsal['calls'][number] => ({
  primitive,
  args,
  live,
})
const web = aManifest(anObject('Deployment', 'web'))

function side(more: Parameters<typeof anInstance>[0] = {}, manifests = [web]): Side {
  return { instance: anInstance(more), manifests }
}

function plan(changeClass: ChangeClass, more: Partial<PlanInput> = {}): Plan {
  return makePlan({
    key: deploymentKey('live', 'shop'),
    ...(changeClass === 'create' ? {} : { before: side() }),
    ...(changeClass.startsWith('delete') ? {} : { after: side({ appVersion: '2.0.0' }) }),
    verdict: { class: changeClass, rule: 'a-rule', evidence: [] },
    diff: NO_DIFF,
    recreate: [],
    rehearsals: [],
    ...more,
  })
}

function names({ steps }: Plan): readonly string[] {
  return steps.map(({ name }) => name)
}

const seedUpgrade: Rehearsal = {
  action: { name: 'upgrade', hook: 'upgrade', mode: 'core' },
  calls: [
    call('stopComponents', { components: ['server', 'worker'] }),
    call('upgradeDeploymentVersion', { targetVersion: '2.0.0' }),
    call('log', { message: 'half done' }),
    call('getComponentImages', { component: 'server' }),
    call('executeCommands', { commands: [['migrate', '--all']], image: 'web:2.0.0' }),
    call('startComponents', { components: ['server'] }),
  ],
}

test.for<{ readonly class: ChangeClass; readonly steps: readonly string[] }>([
  { class: 'create', steps: ['namespace', 'apply', 'wait-ready'] },
  { class: 'config', steps: ['apply', 'wait-ready'] },
  { class: 'scale', steps: ['apply', 'wait-ready'] },
  { class: 'upgrade', steps: ['apply', 'wait-ready'] },
  { class: 'stop', steps: ['scale-down'] },
  { class: 'start', steps: ['scale-up', 'wait-ready'] },
  { class: 'delete', steps: ['delete-workloads'] },
  { class: 'delete-data', steps: ['delete-workloads', 'delete-data'] },
  { class: 'engine', steps: [] },
  { class: 'none', steps: [] },
])('$class leads to $steps', ({ class: changeClass, steps }) => {
  expect(names(plan(changeClass))).toEqual(steps)
})

test('an action that applies the Instance takes the place of the built-in apply, and talk is no step', () => {
  expect(names(plan('upgrade', { rehearsals: [seedUpgrade] }))).toEqual([
    'upgrade/stopComponents#1',
    'upgrade/upgradeDeploymentVersion#1',
    'upgrade/getComponentImages#1',
    'upgrade/executeCommands#1',
    'upgrade/startComponents#1',
    'wait-ready',
  ])
})

test('pre, core and post stand around what is applied, whatever the order of declaration', () => {
  const rehearsals: readonly Rehearsal[] = [
    { action: { name: 'smoke', hook: 'setup', mode: 'post' }, calls: [call('waitReady')] },
    { action: { name: 'seed', hook: 'setup', mode: 'core' }, calls: [call('executeCommands', { commands: [] })] },
    { action: { name: 'check', hook: 'setup', mode: 'pre' }, calls: [call('executeCommands', { commands: [] })] },
  ]
  expect(names(plan('create', { rehearsals }))).toEqual([
    'namespace',
    'check/executeCommands#1',
    'seed/executeCommands#1',
    'apply',
    'wait-ready',
    'smoke/waitReady#1',
  ])
})

test('says which components are down for which steps, and until the end when none starts them', () => {
  expect(plan('upgrade', { rehearsals: [seedUpgrade] }).stops).toEqual([
    { component: 'server', fromStep: 1, toStep: 5 },
    { component: 'worker', fromStep: 1, toStep: 6 },
  ])
  expect(plan('stop').stops.map(({ component }) => component)).toEqual(['server', 'worker'])
})

test('what vanishes is removed after what replaces it was applied, but volume claims and kept objects stay', () => {
  const kept = aManifest({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kept', annotations: { 'helm.sh/resource-policy': 'keep' } },
  })
  const before = side({}, [
    web,
    aManifest(anObject('Service', 'old')),
    aManifest(anObject('PersistentVolumeClaim', 'data')),
    kept,
    aManifest(anObject('CustomResourceDefinition', 'crd'), { crd: true }),
    aManifest(anObject('Job', 'hook'), { hook: { events: ['pre-upgrade'], weight: 0, deletePolicies: [] } }),
  ])
  const { steps } = plan('config', { before })
  expect(steps.map(({ name }) => name)).toEqual(['apply', 'prune', 'wait-ready'])
  expect(steps[1]?.title).toBe('Remove Service/old')
})

test('an object whose API version alone changes is not removed', () => {
  const before = side({}, [aManifest({ ...anObject('Deployment', 'web'), apiVersion: 'apps/v1beta2' })])
  expect(names(plan('config', { before }))).toEqual(['apply', 'wait-ready'])
})

test('deleting keeps volumes, deleting data names them and those of StatefulSets', () => {
  const before = side({}, [
    aManifest(anObject('PersistentVolumeClaim', 'files')),
    aManifest(anObject('StatefulSet', 'db', { spec: { volumeClaimTemplates: [{ metadata: { name: 'data' } }] } })),
  ])
  expect(plan('delete', { before }).steps.map(({ title }) => title)).toEqual(['Delete StatefulSet/db'])
  expect(plan('delete-data', { before }).steps.at(-1)?.title).toBe('Delete volumes files, data-db-*')
})

test('an upgrade that also stops ends stopped', () => {
  const after = side({ appVersion: '2.0.0', state: 'stopped' })
  expect(names(plan('upgrade', { after }))).toEqual(['apply', 'scale-down', 'wait-ready'])
})

test('generated leaves are named', () => {
  const secret = aManifest(anObject('Secret', 's', { stringData: { a: '<generated>' } }), {
    generated: ['/stringData/a'],
  })
  expect(plan('create', { after: side({}, [secret]) }).generated).toEqual(['Secret/s /stringData/a'])
})

test('the digest is over from, to, class and steps with their arguments, and nothing else', () => {
  const one = plan('upgrade', { rehearsals: [seedUpgrade] })
  const other = {
    ...seedUpgrade,
    calls: [...seedUpgrade.calls.slice(0, 4), call('executeCommands', { commands: [['other']] })],
  }
  const evidence = { class: 'upgrade', rule: 'another-rule', evidence: ['something'] } as const
  expect(plan('upgrade', { rehearsals: [seedUpgrade], verdict: evidence }).digest).toBe(one.digest)
  expect(plan('upgrade', { rehearsals: [other] }).digest).not.toBe(one.digest)
  expect(plan('config', { rehearsals: [seedUpgrade] }).digest).not.toBe(one.digest)
  expect(plan('upgrade', { rehearsals: [seedUpgrade], after: side({ appVersion: '3.0.0' }) }).digest).not.toBe(
    one.digest,
  )
})

test('a plan without any Instance is a bug', () => {
  expect(() => plan('delete', { before: undefined as unknown as Side })).toThrow(RangeError)
})
