import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { printPlan } from '../../src/core/plan/print-plan.ts'
import type { DeploymentKey } from '../../src/domain/ids.ts'
import type { ResolvedInstance } from '../../src/domain/instance.ts'
import { formatProblem } from '../../src/domain/problem.ts'
import { findGone } from '../../src/pipeline/find-gone.ts'
import { makeBundle } from '../../src/pipeline/make-bundle.ts'
import { planChanges } from '../../src/pipeline/plan-changes.ts'
import type { PipelineTools, PlannedChanges, Resolution } from '../../src/pipeline/resolution.ts'
import { createResolveCache } from '../../src/pipeline/resolve-cache.ts'
import { resolveTree } from '../../src/pipeline/resolve-tree.ts'
import { openRenderers, type Renderers } from '../../src/renderer/open-renderers.ts'
import { canonicalJson, digestOfBytes } from '../../src/util/digest.ts'
import { plainJson } from '../../src/util/json.ts'
import { exampleCommits } from './example.ts'
import { memoryTree } from './memory-tree.ts'

const golden = join(import.meta.dirname, '../golden/plans')
const signal = AbortSignal.timeout(120_000)

interface Step {
  readonly subject: string
  readonly resolution: Resolution
  readonly planned: PlannedChanges
  readonly before: ReadonlyMap<DeploymentKey, ResolvedInstance>
}

let renderers: Renderers
let steps: readonly Step[]

beforeAll(async () => {
  renderers = await openRenderers({ size: 1 })
  steps = await walk({ renderer: renderers.trusted, cache: createResolveCache() })
})

afterAll(() => renderers.close())

/** Each commit planned from what the one before it left active, as a server does it. */
async function walk(tools: PipelineTools): Promise<readonly Step[]> {
  const walked: Step[] = []
  const active = new Map<DeploymentKey, ResolvedInstance>()
  for (const { subject, files } of await exampleCommits()) {
    const resolution = await resolveTree(memoryTree(files), tools, signal)
    const last = walked.at(-1)?.resolution
    const deletions = last === undefined ? [] : findGone(last, resolution).deletions
    const before = new Map(active)
    const planned = await planChanges({ before, after: resolution, deletions }, tools, signal)
    walked.push({ subject, resolution, planned, before })
    for (const [key, resolved] of resolution.instances) active.set(key, resolved)
    for (const { key } of deletions) active.delete(key)
  }
  return walked
}

test("the plans of the example's commits read as expected", async () => {
  for (const [index, { subject, resolution, planned }] of steps.entries()) {
    const problems = [...resolution.problems, ...planned.problems].map((problem) => `${formatProblem(problem)}\n`)
    const text = `# ${subject}\n\n${printPlan(planned.plans, { color: false })}${problems.join('')}`
    await expect(text).toMatchFileSnapshot(join(golden, `example-${index + 1}.txt`))
  }
})

test('a bad commit blocks one deployment, and the others have nothing to do', () => {
  const bad = steps[3]
  expect(bad?.resolution.blocked).toEqual(['staging/shop'])
  expect(bad?.resolution.instances.size).toBe(8)
  expect(bad?.planned.plans).toEqual([])
})

test('the upgrade stops, applies, migrates with the new image and starts, as its action says', () => {
  const [plan] = steps[2]?.planned.plans ?? []
  expect(plan?.steps.map(({ name }) => name)).toEqual([
    'upgrade/stopComponents#1',
    'upgrade/upgradeDeploymentVersion#1',
    'upgrade/getComponentImages#1',
    'upgrade/executeCommands#1',
    'upgrade/startComponents#1',
    'wait-ready',
  ])
  expect(plan?.steps[3]?.args).toMatchObject({ image: 'registry.local/my-app:0.2.0' })
  expect(plan?.steps.some(({ live }) => live)).toBe(false)
})

test('a cold cache gives the same instances, problems and plans as a warm one', async () => {
  const cold = await walk({ renderer: renderers.trusted, cache: createResolveCache() })
  const digests = (walked: readonly Step[]): readonly unknown[] =>
    walked.map(({ resolution, planned }) => ({
      instances: [...resolution.instances].map(([key, { instance }]) => [key, instance.digest]),
      problems: resolution.problems,
      plans: planned.plans.map(({ digest }) => digest),
    }))
  expect(digests(cold)).toEqual(digests(steps))
})

test('a bundle is its canonical bytes, and holds no generated value', () => {
  for (const { planned, resolution, before } of steps) {
    for (const plan of planned.plans) {
      const sides = [before.get(plan.key), resolution.instances.get(plan.key)] as const
      const { bundle, digest, bytes } = makeBundle({
        plan,
        ...(sides[0] === undefined ? {} : { before: sides[0] }),
        ...(sides[1] === undefined || plan.to === undefined ? {} : { after: sides[1] }),
      })
      const text = new TextDecoder().decode(bytes)
      expect(text).toBe(canonicalJson(plainJson(bundle)))
      expect(digest).toBe(digestOfBytes(bytes))
      expect(bundle.instance).toBe(plan.to)
    }
  }
})
