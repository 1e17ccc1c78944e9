import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import driverSchema from '../../../schemas/ApplicationDriver.schema.json' with { type: 'json' }
import clusterSchema from '../../../schemas/Cluster.schema.json' with { type: 'json' }
import deploymentSchema from '../../../schemas/Deployment.schema.json' with { type: 'json' }
import environmentSchema from '../../../schemas/Environment.schema.json' with { type: 'json' }
import type { StyrminDocument } from '../../domain/documents.ts'
import type { JsonObject } from '../../util/json.ts'

/** The JSON Schemas by kind, as editors read them. */
export const SCHEMAS: Readonly<Record<StyrminDocument['kind'], object>> = {
  ApplicationDriver: driverSchema,
  Cluster: clusterSchema,
  Deployment: deploymentSchema,
  Environment: environmentSchema,
}

/** Everything in a document that its schema refuses, in the schema's terms. */
export function schemaErrors(kind: StyrminDocument['kind'], document: JsonObject): readonly ErrorObject[] {
  const validate = validators()(kind)
  return validate(document) ? [] : (validate.errors ?? [])
}

type Validators = (kind: StyrminDocument['kind']) => ValidateFunction

/** Compiling costs about 50 ms, so it is done at the first document and once: what it makes never changes. */
const compiled: { validators?: Validators } = {}

function validators(): Validators {
  compiled.validators ??= compile()
  return compiled.validators
}

function compile(): Validators {
  const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, strictRequired: false })
  ajv.addKeyword({ keyword: 'patternErrorMessage', schemaType: 'string' })
  const made = new Map<string, ValidateFunction>()
  return (kind) => {
    const known = made.get(kind) ?? ajv.compile(SCHEMAS[kind])
    made.set(kind, known)
    return known
  }
}
