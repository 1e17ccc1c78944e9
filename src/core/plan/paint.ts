import type { ChangeClass } from '../../domain/plan.ts'

type Ink = (text: string) => string

/** Inks for a terminal, or none. */
export interface Paint {
  readonly bold: Ink
  readonly green: Ink
  readonly red: Ink
  readonly yellow: Ink
  readonly forClass: (changeClass: ChangeClass, text: string) => string
}

const RED: ReadonlySet<ChangeClass> = new Set(['delete', 'delete-data', 'recreate', 'downgrade', 'move'])

/** Source: ECMA-48 select graphic rendition; each ink ends only what it began. */
export function paint(color: boolean): Paint {
  const ink = (start: number, end: number): Ink => {
    return (text) => (color ? `\u001B[${start}m${text}\u001B[${end}m` : text)
  }
  const [bold, green, red, yellow] = [ink(1, 22), ink(32, 39), ink(31, 39), ink(33, 39)]
  const forClass: Paint['forClass'] = (changeClass, text) => {
    if (changeClass === 'create' || changeClass === 'start') return green(text)
    return RED.has(changeClass) ? red(text) : yellow(text)
  }
  return { bold, green, red, yellow, forClass }
}
