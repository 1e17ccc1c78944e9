import { parseDigest, parseStableId, type Digest, type StableId } from '../../domain/ids.ts'
import { isObject, type Json, type JsonObject, own } from '../../util/json.ts'
import { pointerTo } from '../../util/pointer.ts'

/** A value that passed its checks, or all that is wrong with it. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly string[] }

/** Reads one value; says what is wrong by adding to `faults` and then returns `undefined`. */
export type Decoder<T> = (value: unknown, at: string, faults: string[]) => T | undefined

interface Optional<T> {
  readonly optional: Decoder<T>
}

type Fields<T> = {
  readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K>
    ? Optional<Exclude<T[K], undefined>>
    : Decoder<T[K]>
}

/** Runs a decoder over a whole message. */
export function decodeWith<T>(decoder: Decoder<T>, value: unknown): Decoded<T> {
  const faults: string[] = []
  const read = decoder(value, '', faults)
  return read === undefined || faults.length > 0 ? { ok: false, faults } : { ok: true, value: read }
}

/** Any text. */
export const text: Decoder<string> = (value, at, faults) =>
  typeof value === 'string' ? value : fault(faults, at, 'must be a text')

/** A whole number of at least zero. */
export const count: Decoder<number> = (value, at, faults) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : fault(faults, at, 'must be a whole number >= 0')

/** More than will ever be counted one by one; what goes on from a number below it stays exact. */
const COUNTER_END = 2 ** 40

/** A number that is given one after another, as epochs and sequences are. */
export const counter: Decoder<number> = (value, at, faults) => {
  const read = count(value, at, faults)
  return read === undefined || read < COUNTER_END ? read : fault(faults, at, 'must be less than 2^40')
}

/** A whole number. */
export const integer: Decoder<number> = (value, at, faults) =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : fault(faults, at, 'must be a whole number')

/** True or false. */
export const bool: Decoder<boolean> = (value, at, faults) =>
  typeof value === 'boolean' ? value : fault(faults, at, 'must be true or false')

/** A JSON object, taken as it is. */
export const jsonObject: Decoder<JsonObject> = (value, at, faults) =>
  isObject(value) ? value : fault(faults, at, 'must be an object')

/** A content address. */
export const digest: Decoder<Digest> = (value, at, faults) =>
  (typeof value === 'string' ? parseDigest(value) : undefined) ?? fault(faults, at, 'must be sha256: and 64 hex digits')

/** The stable id of a deployment. */
export const stableId: Decoder<StableId> = (value, at, faults) =>
  (typeof value === 'string' ? parseStableId(value) : undefined) ?? fault(faults, at, 'must be 8 hex digits')

/** One of a closed list of values. */
export function oneOf<const T extends Json>(...allowed: readonly T[]): Decoder<T> {
  return (value, at, faults) =>
    allowed.find((one) => one === value) ??
    fault(faults, at, `must be one of ${allowed.map((one) => JSON.stringify(one)).join(', ')}`)
}

/** A field that may be left out; `null` is not the same as left out. */
export function optional<T>(decoder: Decoder<T>): Optional<T> {
  return { optional: decoder }
}

/** A list, every item read. */
export function listOf<T>(decoder: Decoder<T>): Decoder<readonly T[]> {
  return (value, at, faults) => {
    if (!Array.isArray(value)) return fault(faults, at, 'must be a list')
    const items: T[] = []
    for (const [index, item] of value.entries()) {
      const read = decoder(item, pointerTo(at, index), faults)
      if (read !== undefined) items.push(read)
    }
    return items
  }
}

/** An object used as a map, every value read. */
export function mapOf<T>(decoder: Decoder<T>): Decoder<Readonly<Record<string, T>>> {
  return (value, at, faults) => {
    if (!isObject(value)) return fault(faults, at, 'must be an object')
    const entries: (readonly [string, T])[] = []
    for (const key of Object.keys(value)) {
      const read = decoder(own(value, key), pointerTo(at, key), faults)
      if (read !== undefined) entries.push([key, read])
    }
    return Object.fromEntries(entries)
  }
}

/**
 * An object with known fields; keys that are not known are dropped, so a newer sender can be read.
 *
 * Errors: every fault of every field is listed, with its RFC 6901 pointer.
 */
export function objectOf<T extends object>(fields: Fields<T>): Decoder<T> {
  const known = Object.entries(fields) as readonly (readonly [string, Decoder<unknown> | Optional<unknown>])[]
  return (value, at, faults) => {
    if (!isObject(value)) return fault(faults, at, 'must be an object')
    const before = faults.length
    const result: Record<string, unknown> = {}
    for (const [key, field] of known) {
      const found = own(value, key)
      if (typeof field !== 'function' && found === undefined) continue
      const read = (typeof field === 'function' ? field : field.optional)(found, pointerTo(at, key), faults)
      if (read !== undefined) result[key] = read
    }
    return faults.length === before ? (result as T) : undefined
  }
}

function fault(faults: string[], at: string, message: string): undefined {
  faults.push(`${at === '' ? '/' : at} ${message}`)
  return undefined
}
