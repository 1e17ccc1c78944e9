import { InputError } from '../../domain/errors.ts'
import type { StyrminClient } from '../../sdk/index.ts'
import { type Json, listAt, objectAt, at, textAt } from '../../util/json.ts'
import { nearest } from '../../util/text.ts'
import { type Kind, KINDS } from '../kinds.ts'
import { openClient, type ReachOptions } from '../online.ts'
import { printAnswer } from '../print.ts'
import type { CliWorld, ExitCode, OutputFormat } from '../world.ts'

export interface GetOptions extends ReachOptions {
  readonly environment?: string
  readonly output: OutputFormat
}

const PAGE = 200

/** Lists things of one kind from a server. Errors: InputError STY605 for an unknown kind or, with a name, when nothing is named so. */
export async function get(
  what: { readonly kind: string; readonly name?: string },
  options: GetOptions,
  world: CliWorld,
  signal: AbortSignal,
): Promise<ExitCode> {
  const kind = kindOf(what.kind)
  const client = await openClient(options, world)
  const all = await readAll(client, kind, signal)
  const items = all.filter((item) => isWanted(item, kind, what.name, options.environment))
  if (what.name !== undefined && items.length === 0) {
    throw new InputError('STY605', `there is no ${kind.names[1] ?? kind.field} "${what.name}"`, {
      hint: `List them with "styrminctl get ${kind.field}".`,
    })
  }
  const now = world.now()
  const rows = items.map((item) => ({
    name: kind.nameOf(item),
    item,
    cells: kind.columns.map(({ cell }) => cell(item, now)),
  }))
  if (rows.length === 0 && options.output === 'table') world.err(`No ${kind.field}.\n`)
  else printAnswer({ columns: kind.columns, rows }, options.output, world)
  return 0
}

function kindOf(name: string): Kind {
  const found = KINDS.find(({ names }) => names.includes(name.toLowerCase()))
  if (found !== undefined) return found
  const meant = nearest(
    name,
    KINDS.flatMap(({ names }) => names),
  )
  const hint =
    meant === undefined ? `Choose one of ${KINDS.map(({ field }) => field).join(', ')}.` : `Write "${meant}".`
  throw new InputError('STY605', `there is no kind "${name}"`, { hint })
}

function isWanted(item: Json, kind: Kind, name: string | undefined, environment: string | undefined): boolean {
  const inEnvironment = environment === undefined || kind.environmentOf?.(item) === environment
  const full = kind.nameOf(item)
  return (
    inEnvironment && (name === undefined || full === `${full.split('/')[0]}/${name}` || full.split('/').at(-1) === name)
  )
}

async function readAll(client: StyrminClient, kind: Kind, signal: AbortSignal): Promise<readonly Json[]> {
  if (!kind.paged)
    return listAt(await client.query<Json>(`{ ${kind.field} { ${kind.selection} } }`, {}, signal), kind.field)
  const query = `query ($after: String) { ${kind.field}(first: ${PAGE}, after: $after) { nodes { ${kind.selection} } pageInfo { hasNextPage endCursor } } }`
  const items: Json[] = []
  for (let after: string | null = null; ; ) {
    const page: Json = objectAt(await client.query<Json>(query, { after }, signal), kind.field)
    items.push(...listAt(page, 'nodes'))
    if (at(page, 'pageInfo', 'hasNextPage') !== true) return items
    after = textAt(page, 'pageInfo', 'endCursor') ?? null
  }
}
