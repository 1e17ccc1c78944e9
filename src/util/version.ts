import semver from 'semver'

/** A version as semver reads it; two-part and one-part versions are completed with zeros. */
export function parseVersion(text: string): string | undefined {
  const full = semver.valid(text)
  if (full !== null) return full
  return /^v?\d+(\.\d+)?$/.test(text) ? (semver.coerce(text)?.version ?? undefined) : undefined
}

/** Orders two versions by precedence. Errors: RangeError when one is no version (check with `parseVersion`). */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)]
  if (left === undefined || right === undefined) throw new RangeError(`not a version: ${left === undefined ? a : b}`)
  return semver.compare(left, right)
}

/**
 * A range in semver form, from semver or PEP 440 text.
 *
 * Shape:  commas mean "and"; `~=1.6` is `>=1.6.0 <2.0.0`, `~=1.6.2` is `>=1.6.2 <1.7.0`; `==1.6.*` is `1.6.x`;
 *         `!=` is kept apart, because semver has no such operator.
 * Errors: `undefined` when the text is no range.
 */
export function parseRange(text: string): VersionRange | undefined {
  const parts = text.split(',').map((part) => part.trim())
  const excluded = parts.filter((part) => part.startsWith('!=')).map((part) => part.slice(2).trim())
  const kept = parts.filter((part) => !part.startsWith('!=')).map(toSemver)
  const range = semver.validRange(kept.join(' '))
  if (range === null || excluded.some((version) => parseVersion(version) === undefined)) return undefined
  return { range, excluded }
}

/** A checked range; made by `parseRange` only. */
export interface VersionRange {
  readonly range: string
  readonly excluded: readonly string[]
}

/** Whether a version lies in a range; pre-releases of a bound count as in PEP 440, so they are inside. */
export function inRange(version: string, { range, excluded }: VersionRange): boolean {
  const parsed = parseVersion(version)
  if (parsed === undefined) return false
  if (excluded.some((other) => compareVersions(other, parsed) === 0)) return false
  return semver.satisfies(parsed, range, { includePrerelease: true })
}

function toSemver(part: string): string {
  const compatible = /^~=\s*(\d+(?:\.\d+)+)$/.exec(part)?.[1]
  if (compatible !== undefined) return compatibleRange(compatible)
  return part.replace(/^===?\s*/, '=').replace(/\.\*$/, '.x')
}

function compatibleRange(version: string): string {
  const numbers = version.split('.').map(Number)
  const upper = numbers.slice(0, -1)
  upper[upper.length - 1] = (upper.at(-1) ?? 0) + 1
  return `>=${parseVersion(version) ?? version} <${[...upper, 0, 0].slice(0, 3).join('.')}-0`
}
