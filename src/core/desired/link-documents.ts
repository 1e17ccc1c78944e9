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
import { type LinkedDeployment, linkDeployment } from './link-deployment.ts'

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
  const index = indexDocuments(input.documents, broken, input.olderDrivers ?? [])
  const lock = input.lock ?? new Map<string, string>()
  const linked = new Map(
    [...index.deployments].map(([key, document]) => [key, linkDeployment(key, document, index, lock)]),
  )
  const findings = [
    ...index.findings,
    ...checkEnvironments(index),
    ...[...linked.values()].flatMap((deployment) => deployment.findings),
    ...checkIds(index.deployments),
    ...checkCircles(index.deployments),
  ]
  const dependents = dependentsBySubject(linked, index)
  const blocked = blockedKeys(findings, dependents)
  return {
    deployments: [...linked.values()]
      .flatMap(({ desired }) => (desired === undefined || blocked.has(desired.key) ? [] : [desired]))
      .sort(byText(({ key }) => key)),
    blocked: [...blocked].sort(compareText),
    declared: declaredFiles(index),
    declaredTwice: [...index.twice].flatMap(keyOfSubject).sort(compareText),
    environments: [...index.environments.values()].sort(byText(({ name }) => name)),
    clusters: [...index.clusters.values()].sort(byText(({ name }) => name)),
    problems: problemsOf(findings, dependents, input.problems ?? broken.flatMap(({ problems }) => problems)),
  }
}

type Dependents = ReadonlyMap<Subject, ReadonlySet<DeploymentKey>>

function dependentsBySubject(linked: ReadonlyMap<DeploymentKey, LinkedDeployment>, index: DocumentIndex): Dependents {
  const dependents = new Map<Subject, Set<DeploymentKey>>()
  const note = (subject: Subject, key: DeploymentKey): void => {
    const known = dependents.get(subject) ?? new Set()
    dependents.set(subject, known.add(key))
  }
  for (const subject of index.declared.keys()) for (const key of keyOfSubject(subject)) note(subject, key)
  for (const [key, { dependsOn }] of linked) for (const subject of dependsOn) note(subject, key)
  return dependents
}

function keyOfSubject(subject: Subject): readonly DeploymentKey[] {
  const [kind, environment, name] = subject.split(/[ /]/) // names are DNS labels, also those of broken documents
  return kind === 'Deployment' ? [deploymentKey(environment ?? '', name ?? '')] : []
}

function affected({ subjects }: Pick<Finding, 'subjects'>, dependents: Dependents): readonly DeploymentKey[] {
  return [...new Set(subjects.flatMap((subject) => [...(dependents.get(subject) ?? [])]))].sort(compareText)
}

function blockedKeys(findings: readonly Finding[], dependents: Dependents): ReadonlySet<DeploymentKey> {
  const errors = findings.filter(({ problem }) => problem.severity === 'error')
  return new Set(errors.flatMap((finding) => affected(finding, dependents)))
}

function declaredFiles({ declared }: DocumentIndex): ReadonlyMap<DeploymentKey, string> {
  const files = [...declared].flatMap(([subject, { file }]) => keyOfSubject(subject).map((key) => [key, file] as const))
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
