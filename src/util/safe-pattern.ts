/** Why a pattern is refused, or a test that is bounded in time. */
export type SafePattern =
  | { readonly ok: true; readonly matches: (text: string) => boolean }
  | { readonly ok: false; readonly why: string }

const MAX_PATTERN = 200
/** With four loops, no loop in a loop and 256 characters a backtracking matcher stays under a second. */
const MAX_LOOPS = 4
const MAX_TEXT = 256

/**
 * A regular expression that cannot run away.
 *
 * Shape:  the pattern must match the whole text; texts of more than 256 characters never match.
 * Errors: refused are patterns of more than 200 characters, with look-around, back references, a loop inside
 *         a loop, or more than four loops.
 */
export function safePattern(pattern: string): SafePattern {
  if (pattern.length > MAX_PATTERN) return { ok: false, why: `it is longer than ${MAX_PATTERN} characters` }
  if (/\(\?(?!:)/.test(pattern)) return { ok: false, why: 'it looks around or names a group' }
  if (/\\[1-9k]/.test(pattern)) return { ok: false, why: 'it refers back to a group' }
  const loops = countLoops(pattern)
  if (loops === 'nested') return { ok: false, why: 'it repeats a group that repeats something' }
  if (loops > MAX_LOOPS) return { ok: false, why: `it repeats more than ${MAX_LOOPS} times` }
  const compiled = compile(pattern)
  if (compiled === undefined) return { ok: false, why: 'it is no regular expression' }
  return { ok: true, matches: (text) => text.length <= MAX_TEXT && compiled.test(text) }
}

function compile(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u')
  } catch {
    return undefined
  }
}

/** Counts what repeats; a group that is repeated must not repeat anything inside. */
function countLoops(pattern: string): number | 'nested' {
  const bare = pattern.replace(/\\./gu, 'x').replace(/\[[^\]]*\]/gu, 'x')
  const open: number[] = []
  let loops = 0
  for (let index = 0; index < bare.length; index++) {
    if (bare[index] === '(') open.push(loops)
    if (bare[index] === ')' && loops > (open.pop() ?? loops) && repeats(bare, index + 1)) return 'nested'
    if (repeats(bare, index)) loops++
  }
  return loops
}

function repeats(bare: string, index: number): boolean {
  return /^([*+]|\{\d)/.test(bare.slice(index, index + 2))
}
