import { type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import { type FieldFault, forbiddenValue, invalidValue, requiredValue } from './status.ts'
import { textOf } from './values.ts'

const ALNUM =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'

/** Says what is wrong with a text; nothing when it fits. */
export type TextCheck = (text: string) => readonly string[]

/** A DNS label: names of namespaces, containers, Services. */
export const dnsLabel: TextCheck = checker(
  LABEL,
  63,
  `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`,
)

/** A DNS subdomain: the name of most objects. */
export const dnsSubdomain: TextCheck = checker(
  SUBDOMAIN,
  253,
  `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`,
)

/** A DNS label that starts with a letter: the name of a Service. */
export const dns1035Label: TextCheck = checker(
  '[a-z]([-a-z0-9]*[a-z0-9])?',
  63,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
)

/** The value of a label. */
export const labelValue: TextCheck = checker(
  `(${QUALIFIED})?`,
  63,
  `a valid label must be an empty string or ${ALNUM} (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`.replace(
    'must be an empty string or must',
    'must be an empty string or',
  ),
)

/** The key of a ConfigMap or Secret. */
export const configKey: TextCheck = checker(
  '[-._a-zA-Z0-9]+',
  253,
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
)

/** Role and binding names are parts of a path and nothing more. */
const pathSegment: TextCheck = (text) => {
  if (text === '.' || text === '..') return [`may not be '${text}'`]
  return ['/', '%'].filter((part) => text.includes(part)).map((part) => `may not contain '${part}'`)
}

/** The key of a label or annotation. */
function qualifiedName(text: string): readonly string[] {
  const parts = text.split('/')
  const name = parts.at(-1) ?? ''
  const example = `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`
  if (parts.length > 2)
    return [
      `a qualified name ${ALNUM} ${example} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  const prefix = parts.length === 2 ? (parts[0] ?? '') : undefined
  const prefixFaults =
    prefix === undefined
      ? []
      : prefix === ''
        ? ['prefix part must be non-empty']
        : dnsSubdomain(prefix).map((fault) => `prefix part ${fault}`)
  if (name === '') return [...prefixFaults, 'name part must be non-empty']
  const long = name.length > 63 ? ['name part must be no more than 63 characters'] : []
  return [
    ...prefixFaults,
    ...long,
    ...(new RegExp(`^${QUALIFIED}$`).test(name) ? [] : [`name part ${ALNUM} ${example}`]),
  ]
}

function checker(pattern: string, length: number, message: string): TextCheck {
  const form = new RegExp(`^(?:${pattern})$`)
  return (text) => [
    ...(text.length > length ? [`must be no more than ${length} characters`] : []),
    ...(form.test(text) ? [] : [message]),
  ]
}

const NAME_CHECKS: Readonly<Record<string, TextCheck>> = {
  '/namespaces': dnsLabel,
  '/services': dns1035Label,
  'rbac.authorization.k8s.io/roles': pathSegment,
  'rbac.authorization.k8s.io/rolebindings': pathSegment,
  'rbac.authorization.k8s.io/clusterroles': pathSegment,
  'rbac.authorization.k8s.io/clusterrolebindings': pathSegment,
}

/** All that is wrong with the metadata of an object of a kind (`group/plural`). */
export function checkMetadata(kind: string, object: JsonObject): readonly FieldFault[] {
  const metadata = objectAt(object, 'metadata')
  const name = textAt(metadata, 'name') ?? ''
  const check = NAME_CHECKS[kind] ?? dnsSubdomain
  const nameFaults =
    name === ''
      ? [requiredValue('metadata.name', 'name or generateName is required')]
      : check(name).map((why) => invalidValue('metadata.name', name, why))
  return [
    ...nameFaults,
    ...checkLabels('metadata.labels', objectAt(metadata, 'labels')),
    ...checkAnnotations(objectAt(metadata, 'annotations')),
    ...listAt(metadata, 'finalizers').flatMap((finalizer) => checkFinalizer(finalizer)),
    ...listAt(metadata, 'ownerReferences').flatMap((owner, index) => checkOwner(owner, index)),
  ]
}

/** All that is wrong with a map of labels. */
export function checkLabels(field: string, labels: JsonObject): readonly FieldFault[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedName(key).map((why) => invalidValue(field, key, why)),
    ...labelValue(textOf(value)).map((why) => invalidValue(field, value, why)),
  ])
}

const ANNOTATIONS_BYTES = 256 * 1024

function checkAnnotations(annotations: JsonObject): readonly FieldFault[] {
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + textOf(value).length, 0)
  const long: readonly FieldFault[] =
    size > ANNOTATIONS_BYTES
      ? [
          {
            reason: 'FieldValueTooLong',
            field: 'metadata.annotations',
            message: `Too long: may not be more than ${ANNOTATIONS_BYTES} bytes`,
          },
        ]
      : []
  return [
    ...long,
    ...Object.keys(annotations).flatMap((key) =>
      qualifiedName(key.toLowerCase()).map((why) => invalidValue('metadata.annotations', key, why)),
    ),
  ]
}

const BARE_FINALIZERS = new Set(['orphan', 'foregroundDeletion', 'kubernetes'])

function checkFinalizer(finalizer: Json): readonly FieldFault[] {
  const text = textOf(finalizer)
  const faults = qualifiedName(text).map((why) => invalidValue('metadata.finalizers', text, why))
  if (faults.length > 0 || text.includes('/') || BARE_FINALIZERS.has(text)) return faults
  return [
    invalidValue('metadata.finalizers', text, 'name is neither a standard finalizer name nor is it fully qualified'),
  ].filter(() => !text.includes('.'))
}

function checkOwner(owner: Json, index: number): readonly FieldFault[] {
  const field = 'metadata.ownerReferences'
  const needed = ['apiVersion', 'kind', 'name', 'uid'].filter((key) => (textAt(owner, key) ?? '') === '')
  return needed
    .map((key) =>
      key === 'apiVersion'
        ? invalidValue(`${field}.${key}`, '', 'version must not be empty')
        : invalidValue(`${field}.${key}`, '', `${key} must not be empty`),
    )
    .filter(() => index >= 0)
}

const IMMUTABLE = ['name', 'namespace', 'uid', 'creationTimestamp'] as const

/** What of the metadata may not change. */
export function checkMetadataChange(before: JsonObject, after: JsonObject): readonly FieldFault[] {
  const [old, now] = [objectAt(before, 'metadata'), objectAt(after, 'metadata')]
  const faults = IMMUTABLE.filter((key) => own(old, key) !== own(now, key)).map((key) =>
    invalidValue(`metadata.${key}`, own(now, key), 'field is immutable'),
  )
  if (own(old, 'deletionTimestamp') === undefined) return faults
  const added = listAt(now, 'finalizers').filter((finalizer) => !listAt(old, 'finalizers').includes(finalizer))
  if (added.length === 0) return faults
  return [
    ...faults,
    forbiddenValue(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((item) => JSON.stringify(item)).join(', ')}}`,
    ),
  ]
}
