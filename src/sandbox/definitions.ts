import { at, isObject, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import type { SubresourceFacts } from './builtin.ts'
import { dns1035Label, dnsSubdomain, type TextCheck } from './names.ts'
import type { CustomFacts, Registry, Resource } from './registry.ts'
import { type FieldFault, invalidValue, requiredValue, unsupportedValue } from './status.ts'
import { readStructural } from './structural-schema.ts'

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']

/** What a CustomResourceDefinition serves, one resource a served version, the stored one first. */
export function customResources(definition: JsonObject, type: Registry['type']): readonly Resource[] {
  const spec = objectAt(definition, 'spec')
  const versions = listAt(spec, 'versions').filter(
    (version) => at(version, 'served') === true || at(version, 'storage') === true,
  )
  const stored =
    textAt(
      versions.find((version) => at(version, 'storage') === true),
      'name',
    ) ?? ''
  const resources = versions.map((version) => customResource(spec, version, { stored, type }))
  return resources.sort((a, b) => Number(b.version === stored) - Number(a.version === stored))
}

function customResource(
  spec: JsonObject,
  version: Json,
  { stored, type }: { readonly stored: string; readonly type: Registry['type'] },
): Resource {
  const names = objectAt(spec, 'names')
  const group = textAt(spec, 'group') ?? ''
  const kind = textAt(names, 'kind') ?? ''
  const plural = textAt(names, 'plural') ?? ''
  const custom = customFacts(version, stored)
  const { schema } = readStructural(at(version, 'schema', 'openAPIV3Schema'), '', type('meta.v1.ObjectMeta'))
  return {
    group,
    version: textAt(version, 'name') ?? '',
    plural,
    singular: textAt(names, 'singular') ?? kind.toLowerCase(),
    kind,
    namespaced: textAt(spec, 'scope') === 'Namespaced',
    shortNames: listAt(names, 'shortNames').map(String),
    categories: listAt(names, 'categories').map(String),
    verbs: VERBS,
    subresources: subresources(kind, custom),
    schema,
    key: `${group}/${plural}`,
    custom,
    convert: undefined,
  }
}

function customFacts(version: Json, stored: string): CustomFacts {
  const scale = at(version, 'subresources', 'scale')
  return {
    stored,
    hasStatus: at(version, 'subresources', 'status') !== undefined,
    scale: isObject(scale)
      ? {
          spec: textAt(scale, 'specReplicasPath') ?? '',
          status: textAt(scale, 'statusReplicasPath') ?? '',
          selector: textAt(scale, 'labelSelectorPath') ?? '',
        }
      : undefined,
    columns: listAt(version, 'additionalPrinterColumns').filter(isObject),
    selectable: listAt(version, 'selectableFields').map((field) =>
      (textAt(field, 'jsonPath') ?? '').replace(/^\./, ''),
    ),
  }
}

function subresources(kind: string, { hasStatus, scale }: CustomFacts): readonly SubresourceFacts[] {
  const verbs = ['get', 'patch', 'update']
  return [
    ...(hasStatus ? [{ name: 'status', kind, group: '', version: '', verbs }] : []),
    ...(scale === undefined ? [] : [{ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs }]),
  ]
}

/** All that is wrong with a CustomResourceDefinition, a rule outside of the known part of CEL included. */
export function checkDefinition(definition: JsonObject): readonly FieldFault[] {
  const spec = objectAt(definition, 'spec')
  const versions = listAt(spec, 'versions')
  const storing = versions.filter((version) => at(version, 'storage') === true)
  return [
    ...checkNames(definition, spec),
    ...(['Namespaced', 'Cluster'].includes(textAt(spec, 'scope') ?? '')
      ? []
      : [unsupportedValue('spec.scope', own(spec, 'scope'), ['Cluster', 'Namespaced'])]),
    ...(versions.length === 0 ? [requiredValue('spec.versions', 'must have at least one version')] : []),
    ...(versions.length > 0 && storing.length !== 1
      ? [invalidValue('spec.versions', versions, 'must have exactly one version marked as storage version')]
      : []),
    ...versions.flatMap((version, index) => checkVersion(version, `spec.versions[${index}]`)),
    ...(textAt(spec, 'conversion', 'strategy') === 'Webhook'
      ? [unsupportedValue('spec.conversion.strategy', 'Webhook', ['None'])]
      : []),
  ]
}

function checkNames(definition: JsonObject, spec: JsonObject): readonly FieldFault[] {
  const name = textAt(definition, 'metadata', 'name') ?? ''
  const group = textAt(spec, 'group') ?? ''
  const plural = textAt(spec, 'names', 'plural') ?? ''
  const kind = textAt(spec, 'names', 'kind') ?? ''
  const whole = `${plural}.${group}`
  return [
    ...(name === whole ? [] : [invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group')]),
    ...checkNeeded('spec.group', group, dnsSubdomain),
    ...(group === '' || group.includes('.')
      ? []
      : [invalidValue('spec.group', group, 'should be a domain with at least one dot')]),
    ...checkNeeded('spec.names.plural', plural, dns1035Label),
    ...checkNeeded('spec.names.kind', kind, (text) =>
      dns1035Label(text.toLowerCase()).map((why) => `may have mixed case, but should otherwise match: ${why}`),
    ),
  ]
}

function checkNeeded(field: string, text: string, check: TextCheck): readonly FieldFault[] {
  return text === '' ? [requiredValue(field)] : check(text).map((why) => invalidValue(field, text, why))
}

function checkVersion(version: Json, field: string): readonly FieldFault[] {
  const name = textAt(version, 'name') ?? ''
  const schema = at(version, 'schema', 'openAPIV3Schema')
  const at0 = `${field}.schema.openAPIV3Schema`
  const named =
    name === ''
      ? [requiredValue(`${field}.name`)]
      : dns1035Label(name).map((why) => invalidValue(`${field}.name`, name, why))
  if (schema === undefined) return [...named, requiredValue(at0, 'schemas are required')]
  const root =
    textAt(schema, 'type') === 'object'
      ? []
      : [invalidValue(`${at0}.type`, at(schema, 'type') ?? '', 'must be object at the root')]
  return [...named, ...root, ...readStructural(schema, at0, { type: 'object' }).faults]
}
