import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import type { LinkedAction } from '../domain/instance.ts'
import { byText } from '../util/json.ts'

/** The code behind `styrmin/actions` as JavaScript, so that rehearsed actions meet the real one. Sorted by path. */
export function sdkModules(): LinkedAction['modules'] {
  const folder = join(dirname(import.meta.dirname), 'actions')
  return readdirSync(folder)
    .filter((path) => /(?<!\.d)\.[jt]s$/.test(path))
    .map((path) => ({ path, code: codeOf(readFileSync(join(folder, path), 'utf8'), path) }))
    .sort(byText(({ path }) => path))
}

function codeOf(source: string, path: string): string {
  return path.endsWith('.ts') ? stripTypeScriptTypes(source) : source
}
