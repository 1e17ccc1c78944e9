declare module 'nunjucks/src/parser.js' {
  /** What nunjucks' parser makes; only the fields that its class lists are read. Lines and columns count from 0. */
  interface ParsedNode {
    readonly typename: string
    readonly lineno: number
    readonly colno: number
    readonly [field: string]: unknown
  }
  const parser: {
    readonly parse: (source: string, extensions: readonly unknown[], options: object) => ParsedNode
  }
  export default parser
  export type { ParsedNode }
}
