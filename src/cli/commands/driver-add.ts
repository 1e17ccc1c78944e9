import { existsSync } from 'node:fs'
import { cp, readdir } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { InputError } from '../../domain/errors.ts'
import { nearest } from '../../util/text.ts'
import type { CliWorld, ExitCode } from '../world.ts'

const BUNDLED = join(import.meta.dirname, '../../../drivers')

/**
 * Puts a bundled driver into a repository, under `drivers/<name>`.
 *
 * Errors: InputError STY601 for an unknown name, STY602 when the folder is there already; nothing is overwritten.
 */
export async function driverAdd(
  name: string,
  options: { readonly folder: string },
  world: CliWorld,
): Promise<ExitCode> {
  const names = (await readdir(BUNDLED, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  if (!names.includes(name)) {
    const meant = nearest(name, names)
    const hint = meant === undefined ? `Choose one of ${names.sort().join(', ')}.` : `Write "${meant}".`
    throw new InputError('STY601', `no bundled driver is named "${name}"`, { hint })
  }
  const target = join(resolve(world.cwd, options.folder), 'drivers', name)
  const shown = relative(world.cwd, target)
  if (existsSync(target))
    throw new InputError('STY602', `${shown} is there already`, { hint: 'Remove the folder first, or keep it.' })
  await cp(join(BUNDLED, name), target, { recursive: true, errorOnExist: true, force: false })
  world.out(`${shown}\n`)
  world.err(`Added. Commit it, then pin it in a Deployment: driver: ${name}\n`)
  return 0
}
