/** How many single-letter edits turn one text into the other, a swap of neighbours counting as one. */
export function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, index) => index)]
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) row.push(cell(rows, row, { from, to, i, j }))
    rows.push(row)
  }
  return rows[from.length]?.[to.length] ?? 0
}

interface Cell {
  readonly from: string
  readonly to: string
  readonly i: number
  readonly j: number
}

function cell(rows: readonly (readonly number[])[], row: readonly number[], { from, to, i, j }: Cell): number {
  const distance = (back: number, column: number): number => rows[i - back]?.[column] ?? 0
  const cost = from[i - 1] === to[j - 1] ? 0 : 1
  const best = Math.min(distance(1, j) + 1, (row[j - 1] ?? 0) + 1, distance(1, j - 1) + cost)
  const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
  return swapped ? Math.min(best, distance(2, j - 2) + 1) : best
}

/** The candidate a misspelt word most likely meant, or `undefined` when none is near. Ties: the first in code-unit order. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3))
  const near = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
  return near[0]?.candidate
}

/** A text cut to a number of code points, with an ellipsis when something was cut. */
export function shorten(text: string, length: number): string {
  const points = Array.from(text)
  return points.length <= length ? text : `${points.slice(0, length - 1).join('')}…`
}

/** A text without what a terminal would act on or hide: control and direction characters are written as `\u{…}`. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}

/** C0 and C1 controls, and the characters that turn or hide text. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g
