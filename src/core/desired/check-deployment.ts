import type { DeploymentDocument, DriverDocument } from '../../domain/documents.ts'
import { type DeploymentKey, deploymentKey, type StableId } from '../../domain/ids.ts'
import { pointerTo } from '../../util/pointer.ts'
import { nearest } from '../../util/text.ts'
import { errorAbout, type Finding, suggestion } from './findings.ts'
import type { DocumentIndex } from './index-documents.ts'

const MAX_NAME = 63

/** What is wrong with a deployment besides its driver, version and parameters. */
export function checkEnvironmentReference(
  key: DeploymentKey,
  document: DeploymentDocument,
  index: DocumentIndex,
): readonly Finding[] {
  if (index.declared.has(`Environment ${document.environment}`)) return []
  const known = [...index.environments.keys()]
  return [
    errorAbout(`Deployment ${key}`, 'STY200', `no environment is named "${document.environment}"`, {
      hint: suggestion(nearest(document.environment, known), known, 'Add an Environment document of that name.'),
      at: document.placeOf('/metadata/environment'),
    }),
  ]
}

/** What is set for components that the driver does not declare. */
export function checkComponents(
  key: DeploymentKey,
  document: DeploymentDocument,
  driver: DriverDocument,
): readonly Finding[] {
  const known = Object.keys(driver.spec.components)
  return Object.keys(document.components)
    .filter((name) => !known.includes(name))
    .map((name) =>
      errorAbout(`Deployment ${key}`, 'STY230', `the driver "${driver.name}" has no component "${name}"`, {
        hint: suggestion(nearest(name, known), known, 'Remove it.'),
        at: document.placeOf(pointerTo('/spec/components', name), 'key'),
      }),
    )
}

/** Names that Kubernetes would refuse: of our own resources, and of hostnames. */
export function checkNames(
  key: DeploymentKey,
  document: DeploymentDocument,
  { id, driver }: { readonly id: StableId; readonly driver?: DriverDocument },
): readonly Finding[] {
  const hosts = (driver?.spec.services ?? [])
    .filter(({ scope }) => scope === 'external')
    .flatMap(({ name }) => [`${name}-${id}`, `${name}-${document.environment}`])
  return [`${document.name}-${id}`, ...hosts]
    .filter((name) => name.length > MAX_NAME)
    .map((name) =>
      errorAbout(
        `Deployment ${key}`,
        'STY214',
        `"${name}" has ${name.length} characters; names have at most ${MAX_NAME}`,
        {
          hint: 'Choose a shorter name.',
          at: document.placeOf(name.startsWith(`${document.name}-`) ? '/metadata/name' : '/metadata/environment'),
        },
      ),
    )
}

/** Dependencies that no document declares. */
export function checkDependencies(
  key: DeploymentKey,
  document: DeploymentDocument,
  index: DocumentIndex,
): readonly Finding[] {
  const missing = document.dependsOn.filter(
    (name) => !index.declared.has(`Deployment ${deploymentKey(document.environment, name)}`),
  )
  if (missing.length === 0) return []
  const known = [...index.deployments.values()]
    .filter(({ environment, name }) => environment === document.environment && name !== document.name)
    .map(({ name }) => name)
  return missing.map((name) =>
    errorAbout(`Deployment ${key}`, 'STY231', `no deployment of ${document.environment} is named "${name}"`, {
      hint: suggestion(nearest(name, known), known, 'Remove it from depends_on.'),
      at: document.placeOf('/spec/depends_on'),
    }),
  )
}
