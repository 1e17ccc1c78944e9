import { randomBytes } from 'node:crypto'
import { ApiError } from '../../domain/api-error.ts'
import { DEPLOYMENT_KEY_BYTES, deploymentKeyBytes } from '../../domain/deployment-key.ts'
import { SetupError } from '../../domain/errors.ts'
import type { Manifest, ObjectRef } from '../../domain/manifest.ts'
import { refKey, refOf } from '../../domain/object-ref.ts'
import type { GeneratedValues } from '../../domain/wire.ts'
import { isObject, type Json, type JsonObject, textAt } from '../../util/json.ts'
import { valueAt } from '../../util/pointer.ts'
import { keySecretName, LABEL_MANAGED_BY } from '../names.ts'
import { locate, type RunScope } from './scope.ts'

/**
 * Values for every generated leaf of a bundle, by the manifest they stand in.
 *
 * Order:  the live value wins; only what is not there yet is asked of the server, with the deployment's own key.
 * Errors: SetupError STY514 when the key is lost although objects exist that were made with it.
 */
export async function generatedValues(
  scope: RunScope,
  signal: AbortSignal,
): Promise<ReadonlyMap<Manifest, JsonObject>> {
  const found = new Map<Manifest, JsonObject>()
  let missing = false
  let existing = false
  for (const manifest of scope.bundle.manifests.filter(({ generated }) => generated.length > 0)) {
    const ref = await locate(refOf(manifest.object), scope, signal)
    const live = await scope.world.api.get(ref, signal)
    existing ||= live !== undefined
    const values = live === undefined ? {} : liveValues(manifest, live)
    missing ||= manifest.generated.some((pointer) => values[pointer] === undefined)
    found.set(manifest, values)
  }
  if (!missing) return found
  const key = await readKey(scope, existing, signal)
  const filled = await scope.world.server.fill(scope.run.bundle, key, signal)
  return new Map([...found].map(([manifest, live]) => [manifest, { ...filledFor(manifest, filled), ...live }]))
}

function liveValues(manifest: Manifest, live: JsonObject): JsonObject {
  const values = manifest.generated.flatMap((pointer): [string, Json][] => {
    const value = valueAt(live, pointer) ?? fromStringData(pointer, live)
    return value === undefined || value === null ? [] : [[pointer, value]]
  })
  return Object.fromEntries(values)
}

/** The API server keeps `stringData` as `data`. */
function fromStringData(pointer: string, live: JsonObject): Json | undefined {
  if (!pointer.startsWith('/stringData/')) return undefined
  const data = valueAt(live, pointer.replace('/stringData/', '/data/'))
  return typeof data === 'string' ? Buffer.from(data, 'base64').toString('utf8') : undefined
}

function filledFor({ object }: Manifest, filled: GeneratedValues): JsonObject {
  return filled[refKey(refOf(object))] ?? {}
}

/** The key, made once; every other time it must be there. */
async function readKey(scope: RunScope, existing: boolean, signal: AbortSignal): Promise<Uint8Array> {
  const { api, clock } = scope.world
  const ref: ObjectRef = {
    apiVersion: 'v1',
    kind: 'Secret',
    namespace: scope.namespace,
    name: keySecretName(scope.id),
  }
  const kept = await api.get(ref, signal)
  if (kept !== undefined) return keyOf(kept)
  if (existing) {
    throw new SetupError('STY514', `the Secret ${ref.name} with the key of the generated values is gone`, {
      hint: `Restore the Secret ${ref.name} in ${ref.namespace}, or delete the objects with generated values too.`,
    })
  }
  const bytes = deploymentKeyBytes(clock.now(), randomBytes(DEPLOYMENT_KEY_BYTES))
  const data = { key: Buffer.from(bytes).toString('base64') }
  const labels = { [LABEL_MANAGED_BY]: 'styrmin' }
  const metadata = { name: ref.name, namespace: ref.namespace, labels }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata, immutable: true, type: 'styrmin.io/key', data }
  try {
    return keyOf(await api.create(secret, signal))
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error
    return keyOf((await api.get(ref, signal)) ?? {})
  }
}

function keyOf(secret: JsonObject): Uint8Array {
  const key = Buffer.from((isObject(secret) ? textAt(secret, 'data', 'key') : undefined) ?? '', 'base64')
  if (key.length === DEPLOYMENT_KEY_BYTES) return key
  throw new SetupError('STY514', 'the key of the generated values cannot be read', {
    hint: 'Restore the Secret that holds it.',
  })
}
