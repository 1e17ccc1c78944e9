import { readdirSync, readFileSync } from 'node:fs'

/** Of the kernel's clock, in which `/proc/<pid>/stat` counts: 100 a second on every Linux of today. */
const TICKS_PER_SECOND = 100

/** CPU time that a process has used; 0 when it is gone. */
export function cpuSeconds(pid: number): number {
  const [, , , , , , , , , , , user = '0', system = '0'] = statOf(pid)
  return (Number(user) + Number(system)) / TICKS_PER_SECOND
}

/** A process and its children, and theirs. */
export function familyOf(pid: number): readonly number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), Number(statOf(Number(name))[1])] as const),
  )
  const family = [pid]
  for (const parent of family) {
    for (const [child, its] of parents) if (its === parent) family.push(child)
  }
  return family
}

/** The most memory that a process has held, in MiB. */
export function peakMiB(pid: number): number {
  const [, kib = 'NaN'] = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`)) ?? []
  return Math.round(Number(kib) / 1024)
}

/** What comes after the command's name, which may hold blanks: state, parent, … */
function statOf(pid: number): readonly string[] {
  const text = read(`/proc/${pid}/stat`)
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
