import { createHash } from 'node:crypto'

/**
 * A row of numbers in [0, 1) that a seed fixes.
 *
 * Source: sfc32 (PractRand), seeded with the first 128 bits of the seed's sha256.
 */
export function randomFrom(seed: string): () => number {
  const hash = createHash('sha256').update(seed).digest()
  let [a, b, c, d] = [hash.readUInt32LE(0), hash.readUInt32LE(4), hash.readUInt32LE(8), hash.readUInt32LE(12)]
  return () => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
}
