import { isObject, type Json } from '../../util/json.ts'

/**
 * JSON text as Python's `json.dumps` lays it out (`, ` and `: `), which YAML 1.1 and 1.2 read alike.
 *
 * Shape:  keys keep their order; `indent` 0 is one line. Characters that YAML cannot hold raw are escaped.
 */
export function jsonText(value: Json, indent: number): string {
  return write(value, indent, '\n')
}

function write(value: Json, indent: number, lineBreak: string): string {
  const inner = indent > 0 ? lineBreak + ' '.repeat(indent) : ''
  const [separator, end] = indent > 0 ? [`,${inner}`, lineBreak] : [', ', '']
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    return `[${inner}${value.map((item: Json) => write(item, indent, inner)).join(separator)}${end}]`
  }
  if (!isObject(value)) return scalar(value)
  const keys = Object.keys(value)
  if (keys.length === 0) return '{}'
  return `{${inner}${keys.map((key) => `${scalar(key)}: ${write(value[key] ?? null, indent, inner)}`).join(separator)}${end}}`
}

/** Control characters, lone surrogates, the line breaks of Unicode and what YAML does not print are escaped. */
function scalar(value: Json): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
