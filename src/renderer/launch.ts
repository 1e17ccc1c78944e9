import { accessSync, constants, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'

/** How to start a renderer process. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  /** An unprivileged user, where the parent is root and that user can read the code. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

/** `nobody` on Linux. */
const NOBODY = 65_534
/** Helm ends templates that include themselves at 1,000 levels; the usual stack ends the engine before that. */
const STACK_KIB = 2_000
const HEAP_MIB = 384

/**
 * Works out flags and user of a renderer process.
 *
 * Source: Node's permission model closes files, network, child processes, workers, add-ons and the inspector;
 *         `--disallow-code-generation-from-strings` closes `eval` and `Function`; WebAssembly stays open.
 */
export function rendererLaunch(): Launch {
  const here = import.meta.dirname
  const entry = join(here, import.meta.filename.endsWith('.ts') ? 'main.ts' : 'main.js')
  const source = dirname(here)
  const readable = [
    join(source, 'renderer'),
    join(source, 'actions'),
    join(source, 'util'),
    join(source, 'domain'),
    join(dirname(source), 'package.json'),
    packageFolder('nunjucks'),
    packageFolder('yaml'),
  ]
  const args = [
    '--permission',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    '--disallow-code-generation-from-strings',
    '--experimental-vm-modules',
    '--disable-sigusr1',
    '--no-warnings',
    `--max-old-space-size=${HEAP_MIB}`,
    `--stack-size=${STACK_KIB}`,
    entry,
  ]
  const user = { uid: NOBODY, gid: NOBODY }
  const command = process.execPath
  const lowered = process.getuid?.() === 0 && [command, entry, ...readable].every(isOpenToAll)
  return { command, args, ...(lowered ? { user } : {}) }
}

/** The folder of an installed package, wherever it was hoisted to. */
function packageFolder(name: string): string {
  const file = createRequire(import.meta.url).resolve(name)
  const mark = `${sep}node_modules${sep}${name}${sep}`
  return file.slice(0, file.lastIndexOf(mark) + mark.length - 1)
}

/** Whether any user can come to a path and read it. */
function isOpenToAll(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    if ((statSync(path).mode & 0o004) === 0) return false
    for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
      if ((statSync(folder).mode & 0o001) === 0) return false
    }
    return true
  } catch {
    return false
  }
}
