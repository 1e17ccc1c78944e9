import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Json } from './json.ts'

/** A content address: `sha256:` and 64 lower-case hex digits. */
export type DigestText = `sha256:${string}`

/** Canonical JSON text (RFC 8785): equal values give equal bytes. Errors: TypeError for NaN, lone surrogates, cycles. */
export function canonicalJson(value: Json): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('not a JSON value')
  return text
}

/** The content address of a JSON value. */
export function digestOf(value: Json): DigestText {
  return digestOfBytes(canonicalJson(value))
}

/** The content address of bytes or of a text's UTF-8 form. */
export function digestOfBytes(bytes: Uint8Array | string): DigestText {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
