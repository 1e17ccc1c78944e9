const MAX_PATCH = 256

/**
 * A map with a few other values, for keys it has already, that costs what it changes.
 *
 * Order: of the map below.
 */
class PatchedMap<Key, Value> implements ReadonlyMap<Key, Value> {
  readonly base: ReadonlyMap<Key, Value>
  readonly patch: ReadonlyMap<Key, Value>

  constructor(base: ReadonlyMap<Key, Value>, patch: ReadonlyMap<Key, Value>) {
    this.base = base
    this.patch = patch
  }

  get size(): number {
    return this.base.size
  }

  has(key: Key): boolean {
    return this.base.has(key)
  }

  get(key: Key): Value | undefined {
    return this.patch.has(key) ? this.patch.get(key) : this.base.get(key)
  }

  forEach(visit: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    for (const [key, value] of this) visit(value, key, this)
  }

  *entries(): MapIterator<[Key, Value]> {
    for (const [key, value] of this.base) yield [key, this.patch.has(key) ? (this.patch.get(key) ?? value) : value]
  }

  keys(): MapIterator<Key> {
    return this.base.keys()
  }

  *values(): MapIterator<Value> {
    for (const [, value] of this) yield value
  }

  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.entries()
  }
}

/**
 * A map without some keys and with other or more entries; `before` stays as it is. Values are never `undefined`.
 *
 * Order: of `before`; when a key is new, all keys by code unit.
 */
export function patchMap<Key extends string, Value>(
  before: ReadonlyMap<Key, Value>,
  after: ReadonlyMap<Key, Value>,
  gone: readonly Key[],
): ReadonlyMap<Key, Value> {
  const changed = [...after].filter(([key, value]) => before.get(key) !== value)
  const fewer = gone.some((key) => before.has(key))
  if (!fewer && changed.every(([key]) => before.has(key))) return overlaid(before, changed)
  const all = new Map(before)
  for (const key of gone) all.delete(key)
  const { size } = all
  for (const [key, value] of after) all.set(key, value)
  return all.size === size ? all : new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function overlaid<Key, Value>(
  before: ReadonlyMap<Key, Value>,
  changed: readonly (readonly [Key, Value])[],
): ReadonlyMap<Key, Value> {
  if (changed.length === 0) return before
  const known = before instanceof PatchedMap ? (before as PatchedMap<Key, Value>) : new PatchedMap(before, new Map())
  const patch = new Map([...known.patch, ...changed])
  return patch.size > MAX_PATCH ? new Map([...before, ...changed]) : new PatchedMap(known.base, patch)
}
