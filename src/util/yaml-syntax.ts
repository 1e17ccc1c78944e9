import { type Document, isCollection, isScalar, visit, type YAMLError } from 'yaml'

/** Where a text stops being YAML, and what a person must mend there. */
export interface SyntaxFault {
  readonly offset: number
  readonly message: string
}

/**
 * The syntax errors of a document.
 *
 * Shape:  what is never closed is told where it opens, not where the text ends; what follows from it is left out.
 *         Duplicate keys and tags are not among them: they have places of their own.
 */
export function syntaxFaults(document: Document.Parsed): readonly SyntaxFault[] {
  const errors = document.errors.filter(({ code }) => code !== 'DUPLICATE_KEY')
  const told = errors.map((error) => openedAt(document, error) ?? { offset: error.pos[0], message: plain(error) })
  const quoted = told.filter(({ message }) => message === NEVER_CLOSED.quote)
  return quoted.length > 0 ? quoted.slice(0, 1) : told.filter(({ message }, index) => isFirst(told, message, index))
}

const NEVER_CLOSED = {
  quote: 'a quote is opened here and never closed',
  bracket: 'a bracket is opened here and never closed',
}

/** Of brackets in brackets only the innermost is told. */
function isFirst(told: readonly SyntaxFault[], message: string, index: number): boolean {
  return message !== NEVER_CLOSED.bracket || told.findIndex((other) => other.message === message) === index
}

function openedAt(document: Document.Parsed, { code, message, pos }: YAMLError): SyntaxFault | undefined {
  if (code === 'MISSING_CHAR' && /closing ["']/.test(message)) return found(document, pos[0], 'quote')
  return code === 'BAD_INDENT' && message.startsWith('Flow ') ? found(document, pos[0], 'bracket') : undefined
}

/** The innermost quote or bracket that reaches to where the error was seen. */
function found(document: Document.Parsed, end: number, what: 'quote' | 'bracket'): SyntaxFault | undefined {
  let offset: number | undefined
  visit(document, (_key, node) => {
    const quote = isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE')
    const bracket = isCollection(node) && node.flow === true
    const range = quote || bracket ? node.range : undefined
    if (range && (what === 'quote') === quote && range[1] === end) offset = range[0]
  })
  return offset === undefined ? undefined : { offset, message: NEVER_CLOSED[what] }
}

function plain({ message }: YAMLError): string {
  return message.replace(/\s*( at line \d+, column \d+:?)?\s*(\n[\s\S]*)?$/, '')
}
