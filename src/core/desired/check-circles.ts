import type { DeploymentDocument } from '../../domain/documents.ts'
import { type DeploymentKey, deploymentKey } from '../../domain/ids.ts'
import { compareText } from '../../util/json.ts'
import { errorAbout, type Finding } from './findings.ts'

/** Circles of `depends_on`; each is told once, at its first member by name, and concerns all members. */
export function checkCircles(deployments: ReadonlyMap<DeploymentKey, DeploymentDocument>): readonly Finding[] {
  const done = new Set<DeploymentKey>()
  const tangled = withoutEnds(deployments)
  return [...tangled.keys()].sort(compareText).flatMap((key) => {
    if (done.has(key)) return []
    const circle = circleFrom(key, tangled)
    for (const member of circle) done.add(member)
    return circle.length === 0 ? [] : [circleFinding(circle, tangled)]
  })
}

type Deployments = ReadonlyMap<DeploymentKey, DeploymentDocument>

/** What is left when all that depends on nothing that is left is taken away, again and again: circles and their users. */
function withoutEnds(deployments: Deployments): Deployments {
  const left = new Map([...deployments].filter(([, { dependsOn }]) => dependsOn.length > 0))
  const users = new Map<DeploymentKey, DeploymentKey[]>()
  const open = new Map<DeploymentKey, number>()
  for (const [key, document] of left) {
    const needs = dependenciesOf(document).filter((need) => left.has(need))
    open.set(key, needs.length)
    for (const need of needs) note(users, need, key)
  }
  const ends = [...left.keys()].filter((key) => open.get(key) === 0)
  for (const end of ends) {
    left.delete(end)
    for (const user of users.get(end) ?? []) {
      const still = (open.get(user) ?? 0) - 1
      open.set(user, still)
      if (still === 0) ends.push(user)
    }
  }
  return left
}

function note(users: Map<DeploymentKey, DeploymentKey[]>, need: DeploymentKey, user: DeploymentKey): void {
  const known = users.get(need)
  if (known === undefined) users.set(need, [user])
  else known.push(user)
}

/** The shortest way from a deployment back to itself, by breadth; empty when there is none. */
function circleFrom(start: DeploymentKey, deployments: Deployments): readonly DeploymentKey[] {
  const cameFrom = new Map<DeploymentKey, DeploymentKey>()
  const queue: DeploymentKey[] = [start]
  for (const here of queue) {
    for (const next of dependenciesOf(deployments.get(here))) {
      if (next === start) return wayTo(here, start, cameFrom)
      if (!cameFrom.has(next)) queue.push(next)
      if (!cameFrom.has(next)) cameFrom.set(next, here)
    }
  }
  return []
}

function dependenciesOf(document: DeploymentDocument | undefined): readonly DeploymentKey[] {
  return (document?.dependsOn ?? []).map((name) => deploymentKey(document?.environment ?? '', name))
}

function wayTo(
  end: DeploymentKey,
  start: DeploymentKey,
  cameFrom: ReadonlyMap<DeploymentKey, DeploymentKey>,
): readonly DeploymentKey[] {
  const way = [end]
  for (let here = end; here !== start; ) {
    here = cameFrom.get(here) ?? start
    way.unshift(here)
  }
  return way
}

function circleFinding(
  circle: readonly DeploymentKey[],
  deployments: ReadonlyMap<DeploymentKey, DeploymentDocument>,
): Finding {
  const [first] = circle
  const document = first === undefined ? undefined : deployments.get(first)
  if (first === undefined || document === undefined) throw new RangeError('an empty circle')
  const finding = errorAbout(
    `Deployment ${first}`,
    'STY232',
    `depends_on goes in a circle: ${[...circle, first].join(' -> ')}`,
    {
      hint: 'Remove one of these dependencies.',
      at: document.placeOf('/spec/depends_on'),
    },
  )
  return { ...finding, subjects: circle.map((key) => `Deployment ${key}` as const) }
}
