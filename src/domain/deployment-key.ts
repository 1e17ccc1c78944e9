/** Bytes of the key that a deployment's generated values come from. */
export const DEPLOYMENT_KEY_BYTES = 32

const TIME_BYTES = 6
const EARLIEST_MS = Date.UTC(2020, 0, 1)
const LATEST_MS = Date.UTC(2200, 0, 1)

/**
 * A new key: when the deployment was born, then chance.
 *
 * Its birth is the clock of all its generated values, so a certificate that is made from it begins when the deployment did,
 * and equal keys give equal values for ever.
 * Units:  `bornAtMs` in milliseconds since 1970; `chance` is 26 random bytes.
 */
export function deploymentKeyBytes(bornAtMs: number, chance: Uint8Array): Uint8Array {
  const key = Buffer.alloc(DEPLOYMENT_KEY_BYTES)
  key.writeUIntBE(bornAtMs, 0, TIME_BYTES)
  key.set(chance.subarray(0, DEPLOYMENT_KEY_BYTES - TIME_BYTES), TIME_BYTES)
  return key
}

/** When the deployment of a key was born; the beginning of 2020 for a key that says nothing sensible. */
export function bornAtMs(key: Uint8Array): number {
  if (key.length < TIME_BYTES) return EARLIEST_MS
  const ms = Buffer.from(key).readUIntBE(0, TIME_BYTES)
  return ms >= EARLIEST_MS && ms < LATEST_MS ? ms : EARLIEST_MS
}
