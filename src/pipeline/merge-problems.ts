import { compareProblems, type Problem } from '../domain/problem.ts'
import { compareText } from '../util/json.ts'

/** Sorts problems, and says what many deployments share once, with all of them. Order: `compareProblems`. */
export function mergeProblems(problems: readonly Problem[]): readonly Problem[] {
  const merged = new Map<string, Problem>()
  for (const problem of problems) {
    const { code, message, at } = problem
    const id = `${code} ${at?.file ?? ''}:${at?.line ?? 0}:${at?.col ?? 0} ${message}`
    const known = merged.get(id)
    merged.set(id, known === undefined ? problem : joined(known, problem))
  }
  return [...merged.values()].sort(compareProblems)
}

function joined(one: Problem, other: Problem): Problem {
  const affects = [...new Set([...(one.affects ?? []), ...(other.affects ?? [])])].sort(compareText)
  return affects.length === 0 ? one : { ...one, affects }
}
