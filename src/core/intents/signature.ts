import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { Intent } from '../../domain/wire.ts'
import { canonicalJson } from '../../util/digest.ts'
import type { Json } from '../../util/json.ts'

/** An intent before it is signed. */
export type UnsignedIntent = Omit<Intent, 'signature'>

/**
 * The bytes that are signed: the canonical JSON of all fields but `signature` and `sequence`.
 *
 * `sequence` only says where a long-poll goes on; it is given when the row is written.
 */
export function intentPayload(intent: Omit<UnsignedIntent, 'sequence'>): Uint8Array {
  const signed = Object.entries(intent).filter(([key]) => key !== 'signature' && key !== 'sequence')
  return new TextEncoder().encode(canonicalJson(Object.fromEntries(signed) as Json))
}

/** The intent with its ed25519 signature, base64. */
export function signIntent(intent: UnsignedIntent, privateKey: KeyObject): Intent {
  return { ...intent, signature: sign(null, intentPayload(intent), privateKey).toString('base64') }
}

/** Whether the holder of the key made this intent; false too when the key or the signature cannot be read. */
export function verifyIntent(intent: Intent, publicKeyPem: string): boolean {
  try {
    return verify(null, intentPayload(intent), createPublicKey(publicKeyPem), Buffer.from(intent.signature, 'base64'))
  } catch {
    return false
  }
}
