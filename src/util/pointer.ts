import { isObject, type Json, own } from './json.ts'

/** One more step on an RFC 6901 pointer (`~` is written `~0`, `/` is written `~1`). */
export function pointerTo(base: string, key: string | number): string {
  return `${base}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** The steps of an RFC 6901 pointer; an empty list for the whole document. */
export function pointerSteps(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The value a pointer names, or `undefined`. */
export function valueAt(value: Json, pointer: string): Json | undefined {
  let here: Json | undefined = value
  for (const step of pointerSteps(pointer)) {
    if (Array.isArray(here)) here = here[Number(step)]
    else here = isObject(here) ? own(here, step) : undefined
  }
  return here
}
