import { printYaml } from '../util/yaml.ts'
import type { Answer, CliWorld, OutputFormat } from './world.ts'

const GAP = '   '

/**
 * Writes an answer to stdout.
 *
 * Shape: `table` and `wide` are for people; `json` and `yaml` are a `List` with `apiVersion`, stable for programs.
 */
export function printAnswer(answer: Answer, format: OutputFormat, world: CliWorld): void {
  switch (format) {
    case 'json':
      return world.out(`${JSON.stringify(listOf(answer), null, 2)}\n`)
    case 'yaml':
      return world.out(printYaml(listOf(answer)))
    case 'name':
      return world.out(answer.rows.map(({ name }) => `${name}\n`).join(''))
    case 'table':
    case 'wide':
      return world.out(tableText(answer, format === 'wide'))
    default:
      return format satisfies never
  }
}

function listOf({ rows }: Answer) {
  return { apiVersion: 'styrmin.io/v1', kind: 'List', items: rows.map(({ item }) => item) }
}

function tableText({ columns, rows }: Answer, wide: boolean): string {
  const shown = columns.map((column, index) => ({ ...column, index })).filter((column) => wide || column.wide !== true)
  const lines = [
    shown.map(({ title }) => title),
    ...rows.map(({ cells }) => shown.map(({ index }) => cells[index] ?? '')),
  ]
  const widths = shown.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join(GAP)
          .trimEnd()}\n`,
    )
    .join('')
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const

/** An age as kubectl writes it: `45s`, `5m`, `3h`, `12d`. */
export function ageText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const unit = UNITS.find(([, size]) => seconds >= size * (size === 60 ? 2 : 1))
  return unit === undefined ? `${seconds}s` : `${Math.floor(seconds / unit[1])}${unit[0]}`
}

/** A digest short enough for a table: `sha256:1a2b3c4d`. */
export function shortDigest(digest: string | null | undefined): string {
  return digest === null || digest === undefined ? '' : digest.slice(0, 'sha256:'.length + 8)
}
