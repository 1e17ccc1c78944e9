import { stripTypeScriptTypes } from 'node:module'
import { posix } from 'node:path'
import type { ActionSpec, DriverDocument } from '../domain/documents.ts'
import type { Driver } from '../domain/driver.ts'
import type { LinkedAction } from '../domain/instance.ts'
import type { Problem } from '../domain/problem.ts'
import type { SourceRef } from '../domain/source.ts'
import { byText } from '../util/json.ts'

/** A driver's actions ready to run, in the order they are declared. */
export interface LinkedActions {
  readonly actions: readonly LinkedAction[]
  readonly problems: readonly Problem[]
}

const SDK = 'styrmin/actions'
/** `import x from '…'`, `import '…'`, `export { x } from '…'`; over several lines too. */
const IMPORT = /(?:^|[;\n])[ \t]*(?:import|export)\b(?:[^'"`;()=]*?\bfrom)?\s*['"]([^'"\n]+)['"]/g

/**
 * Strips types from a driver's actions and gathers the files each of them needs.
 *
 * Errors: as problems at the action's file: what does not strip, a forbidden import, a function that is not exported.
 */
export function linkActions(driver: Driver, document: DriverDocument): LinkedActions {
  const code = new Map<string, string>()
  const problems: Problem[] = []
  for (const { path, source } of driver.actionFiles) {
    const stripped = strip(source)
    if ('code' in stripped) code.set(path, stripped.code)
    else problems.push(unreadable(placeIn(document, path), stripped.message))
  }
  const broken = new Set(problems.map(({ at }) => at?.file))
  const actions = driver.spec.actions.map((spec): LinkedAction => {
    const { name, hook, mode, location } = spec
    const paths = reachable(location.file, { code, document, problems, broken })
    if (code.has(location.file)) problems.push(...missingExport(spec, code.get(location.file) ?? '', document))
    const modules = paths.map((path) => ({ path, code: code.get(path) ?? '' })).sort(byText(({ path }) => path))
    return { name, hook, mode, entry: location, modules }
  })
  const used = new Set(actions.flatMap(({ modules }) => modules.map(({ path }) => placeIn(document, path).file)))
  return { actions, problems: unique(problems.filter(({ at }) => used.has(at?.file ?? ''))) }
}

function strip(source: string): { readonly code: string } | { readonly message: string } {
  try {
    return { code: stripTypeScriptTypes(source, { mode: 'strip' }) }
  } catch (cause) {
    return { message: cause instanceof Error ? (cause.message.trim().split('\n').at(-1) ?? '') : 'not TypeScript' }
  }
}

interface Search {
  readonly code: ReadonlyMap<string, string>
  readonly document: DriverDocument
  readonly problems: Problem[]
  readonly broken: ReadonlySet<string | undefined>
}

/** The entry and every file it imports, over any number of steps. */
function reachable(entry: string, { code, document, problems, broken }: Search): readonly string[] {
  const found = new Set<string>([entry])
  for (const path of found) {
    const source = code.get(path) ?? ''
    for (const match of source.matchAll(IMPORT)) {
      const specifier = match[1] ?? ''
      if (specifier === SDK) continue
      const target = posix.join(posix.dirname(path), specifier)
      const known = code.has(target) || broken.has(placeIn(document, target).file)
      if (/^\.\.?\//.test(specifier) && known) found.add(target)
      else
        problems.push(
          forbidden(specifier, lineOf(source, match.index + match[0].indexOf(specifier)), placeIn(document, path)),
        )
    }
  }
  return [...found]
}

function lineOf(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length
}

function placeIn({ folder }: DriverDocument, path: string): SourceRef {
  return { file: folder === '' ? path : `${folder}/${path}`, line: 1, col: 1 }
}

function unreadable(at: SourceRef, message: string): Problem {
  return {
    code: 'STY256',
    severity: 'error',
    at,
    message: `the file is no TypeScript whose types can be erased: ${message}`,
    hint: 'Write no enum, namespace, decorator or parameter property, and correct the syntax.',
  }
}

function forbidden(specifier: string, line: number, at: SourceRef): Problem {
  return {
    code: 'STY257',
    severity: 'error',
    at: { ...at, line },
    message: `an action may not import "${specifier}"`,
    hint: `Import only "${SDK}" and files of the driver, with "./" and their ending.`,
  }
}

function missingExport({ name, location }: ActionSpec, code: string, document: DriverDocument): readonly Problem[] {
  const wanted = location.function.replaceAll('$', '\\$')
  const declared = new RegExp(`\\bexport\\s+(?:const|let|var|function|async\\s+function)\\s+${wanted}\\b`).test(code)
  const listed = new RegExp(`\\bexport\\s*\\{[^}]*\\b${wanted}\\b[^}]*\\}`).test(code)
  if (declared || listed) return []
  return [
    {
      code: 'STY258',
      severity: 'error',
      at: placeIn(document, location.file),
      message: `the action "${name}" is "${location.function}", which the file does not export`,
      hint: `Write \`export const ${location.function} = action(async ({ primitives }) => { … })\`.`,
    },
  ]
}

function unique(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Map(
    problems.map((problem) => [`${problem.code} ${problem.at?.file}:${problem.at?.line} ${problem.message}`, problem]),
  )
  return [...seen.values()]
}
