import { type JsonObject, objectAt } from '../../util/json.ts'

const MASK = '***'
/** Shorter values would mask ordinary words. */
const MIN_LENGTH = 8

/** A text without the values of Secrets, neither as they are nor as base64; longest first, so that no rest is left. */
export function maskSecrets(text: string, secrets: readonly JsonObject[]): string {
  return secrets
    .flatMap((secret) => Object.values(objectAt(secret, 'data')))
    .flatMap((value) => (typeof value === 'string' ? [value, Buffer.from(value, 'base64').toString('utf8')] : []))
    .flatMap((value) => [value, value.trim()])
    .filter((value) => value.length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length)
    .reduce((masked, value) => masked.replaceAll(value, MASK), text)
}
