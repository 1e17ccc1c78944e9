/** Any JSON value an action may read or return. */
export type ActionJson =
  | null
  | boolean
  | number
  | string
  | readonly ActionJson[]
  | { readonly [key: string]: ActionJson }

/** The same Context that the driver's template reads; frozen, and never fresher than the Instance. */
export interface ActionContext {
  readonly cluster: { readonly [key: string]: ActionJson }
  readonly environment: { readonly [key: string]: ActionJson }
  readonly deployment: { readonly [key: string]: ActionJson }
  readonly instance: { readonly [key: string]: ActionJson }
  readonly app: { readonly [key: string]: ActionJson }
  readonly components: { readonly [key: string]: ActionJson }
  readonly parameters: { readonly [key: string]: ActionJson }
  readonly services: { readonly [key: string]: ActionJson }
}
