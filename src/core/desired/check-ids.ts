import type { DeploymentDocument } from '../../domain/documents.ts'
import type { DeploymentKey, StableId } from '../../domain/ids.ts'
import { errorAbout, type Finding, showPlace } from './findings.ts'

/** Deployments that share a stable id; each such pair concerns both. Shape: `deployments` in order of key. */
export function checkIds(
  deployments: Iterable<readonly [DeploymentKey, DeploymentDocument, StableId]>,
): readonly Finding[] {
  const owners = new Map<StableId, Named>()
  const findings: Finding[] = []
  for (const [key, document, id] of deployments) {
    const owner = owners.get(id)
    if (owner === undefined) owners.set(id, [key, document])
    else findings.push(collision(id, owner, [key, document]))
  }
  return findings
}

type Named = readonly [DeploymentKey, DeploymentDocument]

function collision(id: StableId, [firstKey, first]: Named, [key, document]: Named): Finding {
  const at = document.placeOf(document.id === undefined ? '/metadata/name' : '/metadata/id')
  const message = `${firstKey} (${showPlace(first.at)}) and ${key} have one stable id, ${id}`
  const finding = errorAbout(`Deployment ${key}`, 'STY211', message, {
    hint: 'Remove or change metadata.id of one of them, or rename it.',
    at,
  })
  return { ...finding, subjects: [`Deployment ${firstKey}`, `Deployment ${key}`] }
}
