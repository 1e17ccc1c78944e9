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
  /** By subject: where it is first declared, usable or not; in order of place. */
  readonly declared: ReadonlyMap<Subject, { readonly at: SourceRef }>
  /** Declared twice. */
  readonly twice: ReadonlySet<Subject>
  readonly findings: readonly Finding[]
}

/** Remembers what a document is called; documents never change. */
export type SubjectNames = WeakMap<object, Subject>

/** Sorts documents by kind and name, and finds what is declared twice. */
export function indexDocuments(
  documents: readonly StyrminDocument[],
  broken: readonly BrokenDocument[],
  olderDrivers: readonly DriverDocument[],
  names: SubjectNames = new WeakMap(),
): DocumentIndex {
  const sorted = [...documents, ...broken.map(toBroken)].sort((a, b) => comparePlaces(a.at, b.at))
  const { first, twice, findings } = firstOfEach(sorted, names)
  const usable = [...first].flatMap(([subject, entry]) =>
    entry.kind === 'broken' || twice.has(subject) ? [] : [entry],
  )
  const drivers = usable.filter((document) => document.kind === 'ApplicationDriver')
  const here = new Set(documents.filter(isDriver).map(subjectOf))
  const older = olderDrivers.filter((driver) => !here.has(subjectOf(driver)))
  return {
    clusters: byName(usable.filter((document) => document.kind === 'Cluster')),
    environments: byName(usable.filter((document) => document.kind === 'Environment')),
    deployments: new Map(
      usable.filter((document) => document.kind === 'Deployment').map((document) => [keyOf(document), document]),
    ),
    drivers: driversByName([...drivers, ...older]),
    unusableDrivers: unusableByName([...first.keys()], new Set(drivers.map(subjectOf))),
    declared: first,
    twice,
    findings: [...findings, ...broken.flatMap(brokenFindings)],
  }
}

function firstOfEach(
  sorted: readonly Entry[],
  names: SubjectNames,
): {
  readonly first: ReadonlyMap<Subject, Entry>
  readonly twice: ReadonlySet<Subject>
  readonly findings: readonly Finding[]
} {
  const first = new Map<Subject, Entry>()
  const twice = new Set<Subject>()
  const findings: Finding[] = []
  for (const entry of sorted) {
    const subject = names.get(entry) ?? subjectOf(entry)
    names.set(entry, subject)
    const known = first.get(subject)
    if (known === undefined) first.set(subject, entry)
    else twice.add(subject)
    if (known !== undefined) findings.push(duplicate(subject, known, entry))
  }
  return { first, twice, findings }
}

type Entry = StyrminDocument | (Omit<BrokenDocument, 'kind'> & { readonly kind: 'broken'; readonly of: BrokenDocument })

function keyOf({ environment, name }: Pick<DeploymentDocument, 'environment' | 'name'>): DeploymentKey {
  return deploymentKey(environment, name)
}

function toBroken(document: BrokenDocument): Entry {
  return { ...document, kind: 'broken', of: document }
}

function isDriver(document: StyrminDocument): document is DriverDocument {
  return document.kind === 'ApplicationDriver'
}

function subjectOf(entry: Entry): Subject {
  switch (entry.kind) {
    case 'Deployment':
      return `Deployment ${keyOf(entry)}`
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

function duplicate(subject: Subject, first: Entry, { at }: Entry): Finding {
  const [kind, name] = subject.split(' ')
  return errorAbout(subject, 'STY210', `the ${kind} ${name} is declared twice: at ${showPlace(first.at)} and here`, {
    hint: 'Remove or rename one of the two.',
    at,
  })
}

function byName<T extends { readonly name: string }>(documents: readonly T[]): ReadonlyMap<string, T> {
  return new Map(documents.map((document) => [document.name, document]))
}

function driversByName(drivers: readonly DriverDocument[]): ReadonlyMap<string, readonly DriverDocument[]> {
  const groups = Map.groupBy(drivers, ({ name }) => name)
  return new Map([...groups].map(([name, versions]) => [name, versions.toSorted(newestFirst)]))
}

function unusableByName(
  declared: readonly Subject[],
  usable: ReadonlySet<Subject>,
): ReadonlyMap<string, readonly Subject[]> {
  const subjects = declared.filter((subject) => subject.startsWith('ApplicationDriver ') && !usable.has(subject))
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
