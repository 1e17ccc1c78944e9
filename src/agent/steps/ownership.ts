import { SetupError } from '../../domain/errors.ts'
import { type ObjectRef, objectTitle } from '../../domain/manifest.ts'
import { refKey } from '../../domain/object-ref.ts'
import { type JsonObject, listAt, textAt } from '../../util/json.ts'
import { LABEL_ID, LABEL_MANAGED_BY } from '../names.ts'
import type { RunScope } from './scope.ts'

/**
 * Makes sure that an object is ours to write: it is not there, or carries our mark.
 *
 * Shape:  gives the live object where it had to be read.
 * Errors: SetupError STY507 that names the owner.
 */
export async function claim(scope: RunScope, ref: ObjectRef, signal: AbortSignal): Promise<JsonObject | undefined> {
  if (scope.world.watches.of(scope.id).has(refKey(ref))) return undefined
  const live = await scope.world.api.get(ref, signal)
  if (live === undefined || textAt(live, 'metadata', 'labels', LABEL_ID) === scope.id) return live
  throw new SetupError('STY507', `${objectTitle(ref)} is there already and belongs to ${ownerOf(live)}`, {
    hint: 'Rename one of the two, or remove the other one.',
  })
}

/** Who an object seems to belong to, most telling mark first. */
function ownerOf(live: JsonObject): string {
  const id = textAt(live, 'metadata', 'labels', LABEL_ID)
  if (id !== undefined) return `the deployment ${id}`
  const release = textAt(live, 'metadata', 'annotations', 'meta.helm.sh/release-name')
  if (release !== undefined) return `the Helm release ${release}`
  const owner = listAt(live, 'metadata', 'ownerReferences')[0]
  if (owner !== undefined) return `${textAt(owner, 'kind') ?? ''}/${textAt(owner, 'name') ?? ''}`
  const managedBy = textAt(live, 'metadata', 'labels', LABEL_MANAGED_BY)
  if (managedBy !== undefined) return managedBy
  const manager = textAt(listAt(live, 'metadata', 'managedFields')[0], 'manager')
  return manager === undefined ? 'somebody else' : `the field manager ${manager}`
}
