import type { Problem } from '../domain/problem.ts'
import type { Json } from '../util/json.ts'

/** 0 done · 1 differences · 2 bad input or usage · 3 refused · 4 could not tell · 124 time-out · 130 interrupted */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 124 | 130

/** All a command may touch. Tests pass their own; main.ts passes the real ones. */
export interface CliWorld {
  /** stdout: the answer, safe to pipe. */
  readonly out: (text: string) => void
  /** stderr: progress and problems. */
  readonly err: (text: string) => void
  /** Whether stdout takes colours. */
  readonly color: boolean
  readonly now: () => number
  /** Absolute folder that relative paths start from. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** How an answer is written. */
export type OutputFormat = 'table' | 'wide' | 'json' | 'yaml' | 'name'

/** An answer that can be written in every format. */
export interface Answer {
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

export interface Column {
  readonly title: string
  /** Shown only by `-o wide`. */
  readonly wide?: boolean
}

export interface Row {
  /** `deployment/production/shop`, for `-o name`. */
  readonly name: string
  readonly cells: readonly string[]
  /** The whole item, for `-o json` and `-o yaml`. */
  readonly item: Json
}

/** What is left when problems were found: 2 for any error, 0 with warnings only. */
export function exitCodeOf(problems: readonly Problem[]): ExitCode {
  return problems.some(({ severity }) => severity === 'error') ? 2 : 0
}
