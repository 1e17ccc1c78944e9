import type { DeploymentDocument } from '../../domain/documents.ts'
import type { DeploymentKey, StableId } from '../../domain/ids.ts'
import { byText } from '../../util/json.ts'
import { errorAbout, type Finding, showPlace } from './findings.ts'
import { stableId } from './link-deployment.ts'

/** Deployments that share a stable id; each such pair concerns both. */
export function checkIds(deployments: ReadonlyMap<DeploymentKey, DeploymentDocument>): readonly Finding[] {
  const sorted = [...deployments].sort(byText(([key]) => key))
  const groups = Map.groupBy(sorted, ([key, document]) => stableId(key, document))
  return [...groups].flatMap(([id, [first, ...rest]]) =>
    first === undefined ? [] : rest.map((other) => collision(id, first, other)),
  )
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
