import {
  type ASTVisitor,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql'
import { MAX_FIRST } from './connections.ts'

/** What one query may ask for. */
export interface QueryLimits {
  readonly depth: number
  readonly aliases: number
  /** Fields, each counted as often as the lists around it may be long. */
  readonly cost: number
}

export const QUERY_LIMITS: QueryLimits = { depth: 14, aliases: 40, cost: 200_000 }

/** Longest text of a query. */
export const MAX_QUERY_BYTES = 100_000

/** A list whose length is not in the query. */
const ASSUMED_LENGTH = 20
const LISTS = new Set(['steps', 'components', 'problems', 'statuses', 'clusters', 'environments', 'drift', 'evidence'])

interface Tally {
  readonly depth: number
  readonly aliases: number
  readonly cost: number
}

/** Refuses queries that would be too much work, before anything is resolved. */
export function limitRule(limits: QueryLimits): (context: ValidationContext) => ASTVisitor {
  return (context) => ({
    OperationDefinition: (node) => {
      const found = tallyOf(node.selectionSet, context, new Map())
      const broken = (['depth', 'aliases', 'cost'] as const).filter((name) => found[name] > limits[name])
      for (const name of broken) {
        context.reportError(new GraphQLError(`the query's ${name} is ${found[name]}, more than ${limits[name]}`))
      }
    },
  })
}

const NOTHING: Tally = { depth: 0, aliases: 0, cost: 0 }

function tallyOf(set: SelectionSetNode | undefined, context: ValidationContext, known: Map<string, Tally>): Tally {
  const parts = (set?.selections ?? []).map((selection): Tally => {
    if (selection.kind === Kind.FIELD) return fieldTally(selection, context, known)
    if (selection.kind === Kind.INLINE_FRAGMENT) return tallyOf(selection.selectionSet, context, known)
    const fragment = context.getFragment(selection.name.value)
    return fragmentTally(fragment ?? undefined, context, known)
  })
  return {
    depth: Math.max(0, ...parts.map(({ depth }) => depth)),
    aliases: sum(parts.map(({ aliases }) => aliases)),
    cost: sum(parts.map(({ cost }) => cost)),
  }
}

/**
 * Counts each fragment once, however often it is spread: the work must not grow as its answer does.
 *
 * A fragment inside itself is refused by another rule; here it only must not be followed for ever.
 */
function fragmentTally(
  fragment: FragmentDefinitionNode | undefined,
  context: ValidationContext,
  known: Map<string, Tally>,
): Tally {
  if (fragment === undefined) return NOTHING
  const name = fragment.name.value
  const before = known.get(name)
  if (before !== undefined) return before
  known.set(name, NOTHING)
  const tally = tallyOf(fragment.selectionSet, context, known)
  known.set(name, tally)
  return tally
}

function fieldTally(field: FieldNode, context: ValidationContext, known: Map<string, Tally>): Tally {
  // Introspection is deep by nature and bounded by the schema.
  if (field.name.value.startsWith('__')) return NOTHING
  const below = tallyOf(field.selectionSet, context, known)
  return {
    depth: below.depth + 1,
    aliases: below.aliases + (field.alias === undefined ? 0 : 1),
    cost: 1 + below.cost * lengthOf(field),
  }
}

function lengthOf(field: FieldNode): number {
  const first = field.arguments?.find(({ name }) => name.value === 'first')?.value
  if (first?.kind === Kind.INT) return Math.min(MAX_FIRST, Math.max(1, Number(first.value)))
  if (first !== undefined) return MAX_FIRST
  return LISTS.has(field.name.value) ? ASSUMED_LENGTH : 1
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
