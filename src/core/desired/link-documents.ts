// Comes in: all documents of a tree, broken ones by their identity.
// Goes out: deployments with everything they refer to and layers merged, and what is wrong between documents.
// Never: rendering, or a look at files.
import type { DesiredDeployment } from '../../domain/desired.ts'
import type {
  BrokenDocument,
  ClusterDocument,
  DriverDocument,
  EnvironmentDocument,
  StyrminDocument,
} from '../../domain/documents.ts'
import { type DeploymentKey, deploymentKey } from '../../domain/ids.ts'
import { compareProblems, type Problem } from '../../domain/problem.ts'
import { byText, compareText } from '../../util/json.ts'
import { checkCircles } from './check-circles.ts'
import { checkEnvironments } from './check-environments.ts'
import { checkIds } from './check-ids.ts'
import type { Finding, Subject } from './findings.ts'
import { type DocumentIndex, indexDocuments } from './index-documents.ts'
import type { LinkedDeployment } from './link-deployment.ts'
import { createLinkMemory, type LinkMemory, linkRemembered } from './link-memory.ts'

/** What is linked. */
export interface LinkInput {
  readonly documents: readonly StyrminDocument[]
  readonly broken?: readonly BrokenDocument[]
  /** Problems found so far; they come out again, told whom they affect. */
  readonly problems?: readonly Problem[]
  /** Versions of drivers that only older commits hold. */
  readonly olderDrivers?: readonly DriverDocument[]
  /** Locked version by name of driver. */
  readonly lock?: ReadonlyMap<string, string>
  /** What was linked before; an empty one when left out. It changes no answer. */
  readonly memory?: LinkMemory
}

/** A tree's documents with their references followed. */
export interface Linked {
  /** Without those that are blocked. Sorted by key. */
  readonly deployments: readonly DesiredDeployment[]
  /** Declared, but an error keeps them from resolving. Sorted. */
  readonly blocked: readonly DeploymentKey[]
  /** The file of each declared deployment, blocked or not. In order of key. */
  readonly declared: ReadonlyMap<DeploymentKey, string>
  /** Declared by more than one document: one of them may be a misspelt other. Sorted. */
  readonly declaredTwice: readonly DeploymentKey[]
  /** Sorted by name. */
  readonly environments: readonly EnvironmentDocument[]
  /** Sorted by name. */
  readonly clusters: readonly ClusterDocument[]
  /** Sorted as `compareProblems` says; those of the input among them. */
  readonly problems: readonly Problem[]
}

/**
 * Follows the references between documents.
 *
 * Shape:  a deployment with an error, or that depends on something with an error, is blocked; nothing else is.
 * Order:  the same for any order of documents.
 */
export function linkDocuments(input: LinkInput): Linked {
  const broken = input.broken ?? []
  const memory = input.memory ?? createLinkMemory()
  const index = indexDocuments(input.documents, broken, input.olderDrivers ?? [], memory.names)
  const lock = input.lock ?? new Map<string, string>()
  const declared = declaredFiles(index)
  const linked = [...declared.keys()].flatMap((key) => {
    const document = index.deployments.get(key)
    return document === undefined ? [] : [{ key, document, ...linkRemembered(key, document, { index, lock, memory }) }]
  })
  const findings = [
    ...index.findings,
    ...checkEnvironments(index),
    ...linked.flatMap((deployment) => deployment.findings),
    ...checkIds(linked.map(({ key, document, id }) => [key, document, id] as const)),
    ...checkCircles(index.deployments),
  ]
  const dependents = dependentsBySubject(findings, linked, index)
  const blocked = blockedKeys(findings, dependents)
  return {
    deployments: linked.flatMap(({ key, desired }) => (desired === undefined || blocked.has(key) ? [] : [desired])),
    blocked: [...blocked].sort(compareText),
    declared,
    declaredTwice: [...index.twice].flatMap(keyOfSubject).sort(compareText),
    environments: [...index.environments.values()].sort(byText(({ name }) => name)),
    clusters: [...index.clusters.values()].sort(byText(({ name }) => name)),
    problems: problemsOf(findings, dependents, input.problems ?? broken.flatMap(({ problems }) => problems)),
  }
}

type Dependents = ReadonlyMap<Subject, ReadonlySet<DeploymentKey>>

/** Who depends on what is wrong; what nothing is wrong with is left out. */
function dependentsBySubject(
  findings: readonly Finding[],
  linked: readonly ({ readonly key: DeploymentKey } & LinkedDeployment)[],
  index: DocumentIndex,
): Dependents {
  const dependents = new Map<Subject, Set<DeploymentKey>>()
  for (const { subjects } of findings) {
    for (const subject of subjects)
      dependents.set(subject, new Set(index.declared.has(subject) ? keyOfSubject(subject) : []))
  }
  if (dependents.size === 0) return dependents
  for (const { key, dependsOn } of linked) for (const subject of dependsOn) dependents.get(subject)?.add(key)
  return dependents
}

function keyOfSubject(subject: Subject): readonly DeploymentKey[] {
  if (!subject.startsWith('Deployment ')) return []
  const [environment = '', name = ''] = subject.slice('Deployment '.length).split('/') // both are DNS labels
  return [deploymentKey(environment, name)]
}

function affected({ subjects }: Pick<Finding, 'subjects'>, dependents: Dependents): readonly DeploymentKey[] {
  return [...new Set(subjects.flatMap((subject) => [...(dependents.get(subject) ?? [])]))].sort(compareText)
}

function blockedKeys(findings: readonly Finding[], dependents: Dependents): ReadonlySet<DeploymentKey> {
  const errors = findings.filter(({ problem }) => problem.severity === 'error')
  return new Set(errors.flatMap((finding) => affected(finding, dependents)))
}

function declaredFiles({ declared }: DocumentIndex): ReadonlyMap<DeploymentKey, string> {
  const files = [...declared].flatMap(([subject, { at }]) =>
    keyOfSubject(subject).map((key) => [key, at.file] as const),
  )
  return new Map(files.sort(byText(([key]) => key)))
}

function problemsOf(
  findings: readonly Finding[],
  dependents: Dependents,
  earlier: readonly Problem[],
): readonly Problem[] {
  const told = new Set(findings.map(({ problem }) => problem))
  const found = findings.map((finding) => withAffected(finding, affected(finding, dependents)))
  return [...earlier.filter((problem) => !told.has(problem)), ...found].sort(compareProblems)
}

function withAffected({ problem }: Finding, affects: readonly DeploymentKey[]): Problem {
  return problem.severity === 'warning' || affects.length === 0 ? problem : { ...problem, affects }
}
