import type { Lru } from '../../util/lru.ts'
import type { TextPlace } from '../../util/yaml.ts'
import type { YamlNode } from '../../util/yaml-tree.ts'

/** What can stand in a template. Everything that nunjucks parses and that has no form here is refused. */
export type Statement =
  | { readonly kind: 'data'; readonly text: string; readonly at: TextPlace }
  | { readonly kind: 'output'; readonly value: Expression; readonly source: string; readonly at: TextPlace }
  | {
      readonly kind: 'if'
      readonly test: Expression
      readonly body: readonly Statement[]
      readonly otherwise: readonly Statement[]
    }
  | {
      readonly kind: 'for'
      readonly names: readonly string[]
      readonly list: Expression
      readonly body: readonly Statement[]
      readonly otherwise: readonly Statement[]
      readonly at: TextPlace
    }
  | { readonly kind: 'set'; readonly names: readonly string[]; readonly value: Expression; readonly at: TextPlace }

/** Arguments of a call: by position, then by name. */
export interface Arguments {
  readonly positional: readonly Expression[]
  readonly named: readonly (readonly [string, Expression])[]
}

/** An operator between two values. */
export type Operator = '+' | '-' | '*' | '/' | '//' | '%' | '**' | '~' | 'in'

/** A comparison. */
export type Comparison = '==' | '!=' | '<' | '>' | '<=' | '>='

interface Placed {
  readonly at: TextPlace
}

/** What has a value. */
export type Expression =
  | (Placed & { readonly kind: 'literal'; readonly value: null | boolean | number | string })
  | (Placed & { readonly kind: 'name'; readonly name: string })
  | (Placed & { readonly kind: 'member'; readonly target: Expression; readonly key: Expression })
  | (Placed & { readonly kind: 'list'; readonly items: readonly Expression[] })
  | (Placed & { readonly kind: 'dict'; readonly pairs: readonly (readonly [string, Expression])[] })
  | (Placed & { readonly kind: 'call'; readonly name: string; readonly args: Arguments })
  | (Placed & { readonly kind: 'method'; readonly target: Expression; readonly name: string; readonly args: Arguments })
  | (Placed & { readonly kind: 'filter'; readonly target: Expression; readonly name: string; readonly args: Arguments })
  | (Placed & { readonly kind: 'test'; readonly target: Expression; readonly name: string; readonly args: Arguments })
  | (Placed & {
      readonly kind: 'choice'
      readonly test: Expression
      readonly yes: Expression
      readonly no?: Expression
    })
  | (Placed & { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression })
  | (Placed & { readonly kind: 'unary'; readonly operator: 'not' | '-' | '+'; readonly target: Expression })
  | (Placed & {
      readonly kind: 'binary'
      readonly operator: Operator
      readonly left: Expression
      readonly right: Expression
    })
  | (Placed & {
      readonly kind: 'compare'
      readonly first: Expression
      readonly rest: readonly { readonly operator: Comparison; readonly value: Expression }[]
    })
  | (Placed & { readonly kind: 'capture'; readonly body: readonly Statement[] })

/** A template that holds only what is allowed. */
export interface Template {
  readonly file: string
  readonly body: readonly Statement[]
  /** Shapes of earlier outputs, by their text with words in place of values: the same for most contexts. */
  readonly shapes: Lru<string, readonly YamlNode[]>
}
