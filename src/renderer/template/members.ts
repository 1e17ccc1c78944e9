import { TemplateFault } from './fault.ts'
import { isReservedName } from './read-expression.ts'
import { isDict, isList, kindOf, toText, type Value } from './value.ts'

/** The value at a dotted path (`a.b`, `0.name`) or index of one item. Errors: TemplateFault when missing without a default. */
export function memberOf(item: Value, path: Value, otherwise?: Value): Value {
  const name = toText(path)
  let here: Value | undefined = item
  for (const key of name.split('.')) here = stepInto(here, key)
  const found = here ?? otherwise
  if (found === undefined) {
    throw new TemplateFault('undefined', `an item, ${kindOf(item)}, has no \`${name}\``, {
      hint: 'Give `default=...`, or correct the name.',
    })
  }
  return found
}

function stepInto(target: Value | undefined, key: string): Value | undefined {
  if (isReservedName(key)) {
    throw new TemplateFault('forbidden', `the name \`${key}\` is not allowed in a values template`, {
      hint: 'Use the names of the context only.',
    })
  }
  if (target === undefined) return undefined
  if (isList(target)) return /^\d+$/.test(key) ? target[Number(key)] : undefined
  return isDict(target) && Object.hasOwn(target, key) ? target[key] : undefined
}
