import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { InputError } from '../domain/errors.ts'
import { connect, type StyrminClient } from '../sdk/index.ts'
import type { CliWorld } from './world.ts'

/** How a server is reached. */
export interface ReachOptions {
  readonly server: string
  readonly tokenFile?: string
}

/** Opens a client by the options that all online commands share. */
export async function openClient({ server, tokenFile }: ReachOptions, world: CliWorld): Promise<StyrminClient> {
  if (tokenFile === undefined) return connect({ url: server })
  return connect({ url: server, token: (await readFile(resolve(world.cwd, tokenFile), 'utf8')).trim() })
}

/** `environment/name` in two. Errors: InputError STY605 for any other text. */
export function splitKey(text: string): { readonly environment: string; readonly name: string } {
  const [environment, name, more] = text.replace(/^deployments?\//, '').split('/')
  if (environment !== undefined && name !== undefined && name !== '' && more === undefined) return { environment, name }
  throw new InputError('STY605', `"${text}" names no deployment`, { hint: 'Write it as environment/name.' })
}
