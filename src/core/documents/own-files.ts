/** A chart's folder: everything below it belongs to the chart. */
const CHART_FILE = /(^|\/)Chart\.ya?ml$/

/**
 * The entries of a tree that may hold documents of ours, or hide some.
 *
 * Shape:  YAML files, and links and submodules named like one, that are neither below a folder with a `Chart.yaml`
 *         nor templates (`*.j2.yml`).
 * Order:  as given.
 */
export function documentEntries<T extends { readonly path: string }>(entries: readonly T[]): readonly T[] {
  const charts = new Set(entries.filter(({ path }) => CHART_FILE.test(path)).map(({ path }) => folderOf(path)))
  return entries.filter(({ path }) => isYaml(path) && !belowAny(path, charts))
}

/** Whether a path looks like one of our files. */
function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path) && !/\.j2\.ya?ml$/i.test(path)
}

/** Whether git keeps a link or a submodule here instead of a file. */
export function isLink(mode: string): boolean {
  return mode === '120000' || mode === '160000'
}

/** Folder of a path; `''` for the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function belowAny(path: string, folders: ReadonlySet<string>): boolean {
  if (folders.size === 0) return false
  for (let here = folderOf(path); ; here = folderOf(here)) {
    if (folders.has(here)) return true
    if (here === '') return false
  }
}
