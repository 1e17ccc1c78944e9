/** Whether a chart's file is left out of the chart. */
export type IsIgnored = (path: string) => boolean

interface Rule {
  readonly glob: string
  readonly negate: boolean
  readonly foldersOnly: boolean
  /** Compared with the last part of the path only. */
  readonly baseOnly: boolean
}

/** What Helm ignores without being told. */
const ALWAYS = 'templates/.?*'

/**
 * Reads a `.helmignore`.
 *
 * Shape:  a folder that is ignored takes all its files with it.
 * Errors: a text in our words when a line cannot be read.
 * Source: `pkg/ignore/rules.go` of Helm, its odd negation included: a path that does *not* match a `!` rule is ignored.
 */
export function parseChartIgnore(text: string): IsIgnored | { readonly fault: string; readonly line: number } {
  const rules: Rule[] = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    if (line.includes('**')) return { fault: 'Helm does not read ** in .helmignore', line: index + 1 }
    rules.push(readRule(line))
  }
  rules.push(readRule(ALWAYS))
  return (path) => ignoredWithFolders(rules, path)
}

function readRule(line: string): Rule {
  const negate = line.startsWith('!')
  const rest = negate ? line.slice(1) : line
  const foldersOnly = rest.endsWith('/')
  const glob = foldersOnly ? rest.slice(0, -1) : rest
  return { glob: glob.replace(/^\//, ''), negate, foldersOnly, baseOnly: !glob.includes('/') }
}

function ignoredWithFolders(rules: readonly Rule[], path: string): boolean {
  const parts = path.split('/')
  return parts.some((_, index) => ignored(rules, parts.slice(0, index + 1).join('/'), index < parts.length - 1))
}

function ignored(rules: readonly Rule[], path: string, isFolder: boolean): boolean {
  for (const { glob, negate, foldersOnly, baseOnly } of rules) {
    const matches = matchGlob(glob, baseOnly ? path.slice(path.lastIndexOf('/') + 1) : path)
    if (negate) {
      if ((foldersOnly && !isFolder) || !matches) return true
    } else if (matches && (isFolder || !foldersOnly)) return true
  }
  return false
}

/** Go's `filepath.Match`: `*` and `?` stop at `/`, `[…]` is a class, `\` escapes. Linear but for the last `*`. */
function matchGlob(glob: string, name: string): boolean {
  let [g, n, star, mark] = [0, 0, -1, 0]
  while (n < name.length) {
    const step = stepGlob(glob, g, name.charAt(n))
    if (step !== undefined) {
      g += step
      n += 1
    } else if (glob[g] === '*') {
      star = g++
      mark = n
    } else if (star >= 0 && name[mark] !== '/') {
      g = star + 1
      n = ++mark
    } else return false
  }
  return glob.slice(g).replaceAll('*', '') === ''
}

/** How much of the glob one character uses up; `undefined` when it does not fit there. */
function stepGlob(glob: string, at: number, char: string): number | undefined {
  const here = glob[at]
  if (here === undefined || here === '*') return undefined
  if (here === '?') return char === '/' ? undefined : 1
  if (here === '[') return stepClass(glob, at, char)
  if (here === '\\') return glob[at + 1] === char ? 2 : undefined
  return here === char ? 1 : undefined
}

function stepClass(glob: string, at: number, char: string): number | undefined {
  const end = glob.indexOf(']', at + 2)
  if (end < 0 || char === '/') return undefined
  const body = glob.slice(at + 1, end)
  const not = body.startsWith('^')
  const ranges = [...body.slice(not ? 1 : 0).matchAll(/(.)-(.)|(.)/g)]
  const inside = ranges.some(([, low, high, one]) => (one === undefined ? inRange(char, low, high) : one === char))
  return inside === not ? undefined : end - at + 1
}

function inRange(char: string, low = '', high = ''): boolean {
  return low <= char && char <= high
}
