import type { Json } from '../util/json.ts'

/** What a value may be; one shape for the types of Kubernetes and for the schemas of custom resources. */
export interface Schema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'any' | 'int-or-string' | 'quantity'
  /** `int32`, `int64`, `byte`, `date-time` and what a custom resource names. */
  readonly format?: string
  /** The declared fields; a function because types may contain themselves. */
  readonly fields?: () => ReadonlyMap<string, Schema>
  /** Every value of a map with free keys. */
  readonly values?: Schema
  readonly items?: Schema
  readonly list?: 'atomic' | 'set' | 'map'
  /** The fields that name an item of a `map` list. */
  readonly keys?: readonly string[]
  readonly map?: 'granular' | 'atomic'
  readonly required?: readonly string[]
  readonly default?: Json
  /** Of strategic merge patches. */
  readonly mergeKey?: string
  readonly strategy?: string
  /** The name of a type of Kubernetes, for messages. */
  readonly name?: string
  /** What only the schema of a custom resource has. */
  readonly custom?: CustomRules
}

/** The rules of a custom resource's schema that have no counterpart in the types of Kubernetes. */
export interface CustomRules {
  readonly nullable: boolean
  /** Unknown fields are kept. */
  readonly preserve: boolean
  /** The value has apiVersion, kind and metadata of its own. */
  readonly embedded: boolean
  readonly enum?: readonly Json[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly not?: Schema
  readonly rules: readonly Rule[]
}

/** One `x-kubernetes-validations` rule, ready to run. */
export interface Rule {
  readonly text: string
  readonly message: string
  readonly reason: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate'
  /** A rule that names `oldSelf` is only run on updates. */
  readonly transition: boolean
  readonly holds: (self: Json, oldSelf: Json | undefined) => boolean
}

/** Free JSON that merges key by key. */
export const FREE: Schema = { type: 'any', map: 'granular' }

/** Free JSON that is one value. */
export const OPAQUE: Schema = { type: 'any', map: 'atomic' }

/** The schema of one field of an object; `undefined` when the object declares none of that name. */
export function fieldOf(schema: Schema, key: string): Schema | undefined {
  const declared = schema.fields?.().get(key)
  if (declared !== undefined) return declared
  if (schema.values !== undefined) return schema.values
  return schema.type === 'any' || schema.custom?.preserve === true ? FREE : undefined
}

/** Whether a list or object is owned and replaced as one value. */
export function isAtomic(schema: Schema, value: Json): boolean {
  if (Array.isArray(value)) return schema.list === undefined || schema.list === 'atomic'
  if (schema.type === 'any') return schema.map !== 'granular'
  return schema.map === 'atomic'
}
