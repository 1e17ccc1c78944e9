import type { EnvironmentDocument } from '../../domain/documents.ts'
import { nearest } from '../../util/text.ts'
import { errorAbout, type Finding, showPlace, suggestion } from './findings.ts'
import type { DocumentIndex } from './index-documents.ts'

const RESERVED = /^(kube-.*|default|styrmin-system)$/

/** What is wrong with environments among each other: clusters that are not there, namespaces that are not theirs. */
export function checkEnvironments(index: DocumentIndex): readonly Finding[] {
  const environments = [...index.environments.values()]
  return [
    ...environments.flatMap((environment) => checkEnvironment(environment, index)),
    ...sharedNamespaces(environments),
  ]
}

function checkEnvironment(environment: EnvironmentDocument, index: DocumentIndex): readonly Finding[] {
  const { name, cluster, namespace, placeOf } = environment
  const found: Finding[] = []
  if (!index.declared.has(`Cluster ${cluster}`)) {
    const known = [...index.clusters.keys()]
    found.push(
      errorAbout(`Environment ${name}`, 'STY201', `no cluster is named "${cluster}"`, {
        hint: suggestion(nearest(cluster, known), known, 'Add a Cluster document of that name.'),
        at: placeOf('/spec/cluster'),
      }),
    )
  }
  if (RESERVED.test(namespace))
    found.push(
      errorAbout(`Environment ${name}`, 'STY213', `the namespace "${namespace}" is reserved`, {
        hint: 'Choose another spec.namespace.',
        at: namespacePlace(environment),
      }),
    )
  return found
}

function sharedNamespaces(environments: readonly EnvironmentDocument[]): readonly Finding[] {
  const groups = Map.groupBy(environments, ({ cluster, namespace }) => `${cluster}/${namespace}`)
  return [...groups.values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : rest.map((other) => shared(first, other)),
  )
}

function shared(first: EnvironmentDocument, other: EnvironmentDocument): Finding {
  const finding = errorAbout(
    `Environment ${other.name}`,
    'STY212',
    `the environments ${first.name} (${showPlace(namespacePlace(first))}) and ${other.name} have one namespace, "${other.namespace}", in cluster ${other.cluster}`,
    { hint: 'Give one of them another spec.namespace.', at: namespacePlace(other) },
  )
  return { ...finding, subjects: [`Environment ${first.name}`, `Environment ${other.name}`] }
}

function namespacePlace({ placeOf, name, namespace }: EnvironmentDocument): ReturnType<EnvironmentDocument['placeOf']> {
  return placeOf(namespace === name ? '/metadata/name' : '/spec/namespace')
}
