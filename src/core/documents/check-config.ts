import { Ajv, type ErrorObject } from 'ajv'
import configSchema from '../../../schemas/config.schema.json' with { type: 'json' }
import type { Json } from '../../util/json.ts'
import { nearest } from '../../util/text.ts'

/** One thing that is wrong with a configuration. */
export interface ConfigFault {
  /** RFC 6901, of the value, or of the object that lacks or has a key too many. */
  readonly pointer: string
  readonly message: string
}

/** Everything in a server's configuration that its schema refuses; an empty list when it is right. */
export function configFaults(value: Json): readonly ConfigFault[] {
  const validate = new Ajv({ allErrors: true, verbose: true }).compile(configSchema)
  if (validate(value)) return []
  return (validate.errors ?? []).map((error) => ({ pointer: error.instancePath, message: faultMessage(error) }))
}

function faultMessage(error: ErrorObject): string {
  const where = error.instancePath === '' ? 'the configuration' : error.instancePath.slice(1).replaceAll('/', '.')
  if (error.keyword !== 'additionalProperties') return `${where} ${error.message ?? 'is wrong'}${allowed(error)}`
  const params = error.params as { readonly additionalProperty: string }
  const known = Object.keys((error.parentSchema as { readonly properties?: object } | undefined)?.properties ?? {})
  const meant = nearest(params.additionalProperty, known)
  return `${where} has no key "${params.additionalProperty}"${meant === undefined ? '' : `; "${meant}" was meant?`}`
}

function allowed(error: ErrorObject): string {
  if (error.keyword !== 'enum') return ''
  return `: ${(error.params as { readonly allowedValues: readonly string[] }).allowedValues.join(', ')}`
}
