import type { Page, Paged } from '../../ports/store.ts'
import type { Builder } from './builder.ts'

/** A page of a list as Relay describes it; `nodes` saves a level where cursors are not needed. */
export interface Connection<T> {
  readonly edges: readonly Edge<T>[]
  readonly hasNextPage: boolean
}

export interface Edge<T> {
  readonly cursor: string
  readonly node: T
}

/** Arguments of every connection. */
export interface PageArgs {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
}

const DEFAULT_FIRST = 50
/** The longest page. */
export const MAX_FIRST = 500

/** How many items a page has. */
function sizeOf({ first }: PageArgs): number {
  return Math.min(MAX_FIRST, Math.max(0, first ?? DEFAULT_FIRST))
}

/** A page of a list in memory; the cursor names the item, so the list may change between two pages. */
export function pageOf<T>(items: readonly T[], args: PageArgs, nameOf: (item: T) => string): Connection<T> {
  const after = args.after == null ? undefined : decode(args.after)
  const start = after === undefined ? 0 : items.findIndex((item) => nameOf(item) === after) + 1
  const size = sizeOf(args)
  const page = items.slice(start, start + size)
  return {
    edges: page.map((node) => ({ cursor: encode(nameOf(node)), node })),
    hasNextPage: start + size < items.length,
  }
}

/** A page of history; one more than asked for is read, to know whether there are more. */
export async function historyPage<T, Node>(
  read: (page: Page) => Promise<readonly Paged<T>[]>,
  args: PageArgs,
  nodeOf: (item: T) => Node,
): Promise<Connection<Node>> {
  const size = sizeOf(args)
  const after = args.after == null ? undefined : Number(decode(args.after))
  const found = await read({ first: size + 1, ...(Number.isSafeInteger(after) ? { after: Number(after) } : {}) })
  return {
    edges: found.slice(0, size).map(({ cursor, item }) => ({ cursor: encode(String(cursor)), node: nodeOf(item) })),
    hasNextPage: found.length > size,
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}

function decode(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString()
}

/** An object type that was made. */
type NodeRef<T extends object> = ReturnType<ReturnType<typeof objectOf<T>>['implement']>

function objectOf<T extends object>(builder: Builder, name: string) {
  return builder.objectRef<T>(name)
}

/** Makes the connection type of a node type. */
export function connectionTypes(builder: Builder) {
  const pageInfo = builder.objectRef<Connection<unknown>>('PageInfo').implement({
    fields: (t) => ({
      hasNextPage: t.exposeBoolean('hasNextPage'),
      endCursor: t.string({ nullable: true, resolve: ({ edges }) => edges.at(-1)?.cursor ?? null }),
    }),
  })
  return {
    of: <T extends object>(name: string, node: NodeRef<T>) => {
      const edge = builder.objectRef<Edge<T>>(`${name}Edge`).implement({
        fields: (t) => ({
          cursor: t.exposeString('cursor'),
          // The types of the library cannot follow a type that is still open; a node is what the edge holds.
          node: t.field({ type: node, resolve: (parent) => parent.node as never }),
        }),
      })
      return builder.objectRef<Connection<T>>(`${name}Connection`).implement({
        fields: (t) => ({
          edges: t.field({ type: [edge], resolve: (parent) => [...parent.edges] }),
          nodes: t.field({ type: [node], resolve: (parent) => parent.edges.map((one) => one.node) as never }),
          pageInfo: t.field({ type: pageInfo, resolve: (parent) => parent }),
        }),
      })
    },
  }
}
