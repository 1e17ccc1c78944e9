import { compileTemplate, renderValues, type ValuesAnswer } from '../../../src/renderer/template/render-values.ts'
import type { JsonObject } from '../../../src/util/json.ts'

/** Reads and renders a template in one go, as the renderer process does. */
export function render(source: string, context: JsonObject): ValuesAnswer {
  const compiled = compileTemplate(source, 'values.j2.yml')
  return 'problems' in compiled ? { values: {}, problems: compiled.problems } : renderValues(compiled.template, context)
}
