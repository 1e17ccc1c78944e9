import type { Problem } from '../../domain/problem.ts'
import type { TextPlace } from '../../util/yaml.ts'
import { CODE_OF, type RendererCode } from './codes.ts'

/** Ends a render: the template, or a value in it, is wrong at a place. Never leaves this folder. */
export class TemplateFault extends Error {
  readonly code: RendererCode
  readonly hint: string
  /** Filled in by the expression that was being worked out, when the thrower does not know it. */
  at: TextPlace | undefined

  constructor(
    code: RendererCode,
    message: string,
    more: { readonly hint: string; readonly at?: TextPlace | undefined },
  ) {
    super(message)
    this.code = code
    this.hint = more.hint
    this.at = more.at
  }

  /** The fault as the author of the file sees it. */
  toProblem(file: string): Problem {
    return problemAt(
      this.code,
      { message: this.message, hint: this.hint },
      { file, ...(this.at ?? { line: 1, col: 1 }) },
    )
  }
}

/** A problem of this part's catalogue. */
export function problemAt(
  code: RendererCode,
  text: { readonly message: string; readonly hint: string },
  at?: Problem['at'],
): Problem {
  return { code: CODE_OF[code], severity: 'error', ...text, ...(at === undefined ? {} : { at }) }
}
