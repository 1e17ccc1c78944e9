import type {
  BrokenDocument,
  ClusterDocument,
  DeploymentDocument,
  DriverDocument,
  EnvironmentDocument,
  StyrminDocument,
} from '../../domain/documents.ts'
import { type DeploymentKey, deploymentKey } from '../../domain/ids.ts'
import type { SourceRef } from '../../domain/source.ts'
import { compareText } from '../../util/json.ts'
import { compareVersions, parseVersion } from '../../util/version.ts'
import { driverSubject, errorAbout, type Finding, showPlace, type Subject } from './findings.ts'

/** All documents by what they are called; what is declared twice or broken is known, but has no usable document. */
export interface DocumentIndex {
  readonly clusters: ReadonlyMap<string, ClusterDocument>
  readonly environments: ReadonlyMap<string, EnvironmentDocument>
  readonly deployments: ReadonlyMap<DeploymentKey, DeploymentDocument>
  /** By name; the newest version first. */
  readonly drivers: ReadonlyMap<string, readonly DriverDocument[]>
  /** By name: versions that are declared, but broken or declared twice. Sorted. */
  readonly unusableDrivers: ReadonlyMap<string, readonly Subject[]>
  /** By subject: where it is declared, usable or not. */
  readonly declared: ReadonlyMap<Subject, SourceRef>
  /** Declared twice. */
  readonly twice: ReadonlySet<Subject>
  readonly findings: readonly Finding[]
}

/** Sorts documents by kind and name, and finds what is declared twice. */
export function indexDocuments(
  documents: readonly StyrminDocument[],
  broken: readonly BrokenDocument[],
  olderDrivers: readonly DriverDocument[],
): DocumentIndex {
  const sorted = [...documents, ...broken.map(toBroken)].sort((a, b) => comparePlaces(a.at, b.at))
  const bySubject = Map.groupBy(sorted, subjectOf)
  const twice = new Set([...bySubject].filter(([, all]) => all.length > 1).map(([subject]) => subject))
  const usable = documents.filter((document) => !twice.has(subjectOf(document)))
  const here = new Set(documents.filter(isDriver).map(subjectOf))
  const older = olderDrivers.filter((driver) => !here.has(subjectOf(driver)))
  return {
    clusters: byName(usable.filter((document) => document.kind === 'Cluster')),
    environments: byName(usable.filter((document) => document.kind === 'Environment')),
    deployments: new Map(
      usable
        .filter((document) => document.kind === 'Deployment')
        .map((document) => [deploymentKey(document.environment, document.name), document]),
    ),
    drivers: driversByName([...usable.filter(isDriver), ...older]),
    unusableDrivers: unusableByName(bySubject, new Set(usable.filter(isDriver).map(subjectOf))),
    declared: new Map(
      [...bySubject].flatMap(([subject, [first]]) => (first === undefined ? [] : [[subject, first.at]])),
    ),
    twice,
    findings: [
      ...[...bySubject].flatMap(([subject, all]) => duplicates(subject, all)),
      ...broken.flatMap(brokenFindings),
    ],
  }
}

type Entry = StyrminDocument | (Omit<BrokenDocument, 'kind'> & { readonly kind: 'broken'; readonly of: BrokenDocument })

function toBroken(document: BrokenDocument): Entry {
  return { ...document, kind: 'broken', of: document }
}

function isDriver(document: StyrminDocument): document is DriverDocument {
  return document.kind === 'ApplicationDriver'
}

function subjectOf(entry: Entry): Subject {
  switch (entry.kind) {
    case 'Deployment':
      return `Deployment ${deploymentKey(entry.environment, entry.name)}`
    case 'ApplicationDriver':
      return driverSubject(entry.name, entry.spec.version)
    case 'Cluster':
    case 'Environment':
      return `${entry.kind} ${entry.name}`
    case 'broken':
      return brokenSubject(entry.of)
    default:
      return entry satisfies never
  }
}

/** What a broken document would be. */
function brokenSubject({ kind, name, environment, version }: BrokenDocument): Subject {
  if (kind === 'Deployment') return `Deployment ${deploymentKey(environment ?? '', name)}`
  return kind === 'ApplicationDriver' ? driverSubject(name, version) : `${kind} ${name}`
}

function brokenFindings(document: BrokenDocument): readonly Finding[] {
  return document.problems.map((problem) => ({ problem, subjects: [brokenSubject(document)] }))
}

function duplicates(subject: Subject, all: readonly Entry[]): readonly Finding[] {
  const [first, ...rest] = all
  if (first === undefined) return []
  const [kind, name] = subject.split(' ')
  return rest.map(({ at }) =>
    errorAbout(subject, 'STY210', `the ${kind} ${name} is declared twice: at ${showPlace(first.at)} and here`, {
      hint: 'Remove or rename one of the two.',
      at,
    }),
  )
}

function byName<T extends { readonly name: string }>(documents: readonly T[]): ReadonlyMap<string, T> {
  return new Map(documents.map((document) => [document.name, document]))
}

function driversByName(drivers: readonly DriverDocument[]): ReadonlyMap<string, readonly DriverDocument[]> {
  const groups = Map.groupBy(drivers, ({ name }) => name)
  return new Map([...groups].map(([name, versions]) => [name, versions.toSorted(newestFirst)]))
}

function unusableByName(
  bySubject: ReadonlyMap<Subject, readonly Entry[]>,
  usable: ReadonlySet<Subject>,
): ReadonlyMap<string, readonly Subject[]> {
  const subjects = [...bySubject.keys()].filter(
    (subject) => subject.startsWith('ApplicationDriver ') && !usable.has(subject),
  )
  return Map.groupBy(subjects.sort(), (subject) => subject.slice(subject.indexOf(' ') + 1, subject.lastIndexOf('@')))
}

function newestFirst(a: DriverDocument, b: DriverDocument): number {
  const [left, right] = [a.spec.version, b.spec.version]
  const comparable = parseVersion(left) !== undefined && parseVersion(right) !== undefined
  return comparable ? compareVersions(right, left) : compareText(right, left)
}

function comparePlaces(a: SourceRef, b: SourceRef): number {
  return compareText(a.file, b.file) || a.line - b.line || a.col - b.col
}
