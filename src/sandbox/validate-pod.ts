import { at, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import { checkLabels, dnsLabel } from './names.ts'
import { parseQuantity } from './quantity.ts'
import { duplicateValue, type FieldFault, invalidValue, requiredValue, unsupportedValue } from './status.ts'
import { textOf } from './values.ts'

/** All that is wrong with a pod template; `claims` are volumes that the workload itself makes, as a StatefulSet does. */
export function checkPodTemplate(
  template: JsonObject,
  field: string,
  claims: readonly string[] = [],
): readonly FieldFault[] {
  return [
    ...checkLabels(`${field}.labels`, objectAt(template, 'metadata', 'labels')),
    ...checkPodSpec(objectAt(template, 'spec'), `${field}.spec`, claims),
  ]
}

/** All that is wrong with a pod's spec. */
export function checkPodSpec(spec: JsonObject, field: string, claims: readonly string[] = []): readonly FieldFault[] {
  const containers = listAt(spec, 'containers')
  const volumes = listAt(spec, 'volumes').map((volume) => textAt(volume, 'name') ?? '')
  const all = [
    ...listAt(spec, 'initContainers').map((item, index) => ({ item, field: `${field}.initContainers[${index}]` })),
    ...containers.map((item, index) => ({ item, field: `${field}.containers[${index}]` })),
  ]
  const names = all.map(({ item }) => textAt(item, 'name') ?? '')
  return [
    ...checkVolumes(volumes, `${field}.volumes`),
    ...(containers.length === 0 ? [requiredValue(`${field}.containers`)] : []),
    ...all.flatMap(({ item, field: here }, index) => [
      ...(names.indexOf(names[index] ?? '') < index && names[index] !== ''
        ? [duplicateValue(`${here}.name`, names[index])]
        : []),
      ...checkContainer(item, here, [...volumes, ...claims]),
    ]),
    ...checkChoices(spec, field),
  ]
}

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  restartPolicy: ['Always', 'Never', 'OnFailure'],
  dnsPolicy: ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'],
}

function checkChoices(spec: JsonObject, field: string): readonly FieldFault[] {
  return Object.entries(CHOICES).flatMap(([key, choices]) => {
    const value = textAt(spec, key) ?? ''
    return choices.includes(value) ? [] : [unsupportedValue(`${field}.${key}`, value, choices)]
  })
}

function checkVolumes(names: readonly string[], field: string): readonly FieldFault[] {
  return names.flatMap((name, index) => {
    if (name === '') return [requiredValue(`${field}[${index}].name`)]
    if (names.indexOf(name) < index) return [duplicateValue(`${field}[${index}].name`, name)]
    return dnsLabel(name).map((why) => invalidValue(`${field}[${index}].name`, name, why))
  })
}

function checkContainer(container: Json, field: string, volumes: readonly string[]): readonly FieldFault[] {
  const name = textAt(container, 'name') ?? ''
  const image = textAt(container, 'image') ?? ''
  const policy = textAt(container, 'imagePullPolicy') ?? ''
  return [
    ...(name === ''
      ? [requiredValue(`${field}.name`)]
      : dnsLabel(name).map((why) => invalidValue(`${field}.name`, name, why))),
    ...(image === '' ? [requiredValue(`${field}.image`)] : []),
    ...(image.length > 0 && image.trim() !== image
      ? [invalidValue(`${field}.image`, image, 'must not have leading or trailing whitespace')]
      : []),
    ...(['Always', 'IfNotPresent', 'Never'].includes(policy)
      ? []
      : [unsupportedValue(`${field}.imagePullPolicy`, policy, ['Always', 'IfNotPresent', 'Never'])]),
    ...listAt(container, 'ports').flatMap((port, index) => checkPort(port, `${field}.ports[${index}]`)),
    ...listAt(container, 'env').flatMap((item, index) => checkEnv(item, `${field}.env[${index}]`)),
    ...listAt(container, 'volumeMounts').flatMap((mount, index) =>
      checkMount(mount, `${field}.volumeMounts[${index}]`, volumes),
    ),
    ...checkResources(objectAt(container, 'resources'), `${field}.resources`),
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((probe) =>
      checkProbe(at(container, probe), `${field}.${probe}`),
    ),
  ]
}

const RANGE = 'must be between 1 and 65535, inclusive'

function inRange(value: Json | undefined): boolean {
  return typeof value === 'number' && value >= 1 && value <= 65_535
}

function checkPort(port: Json, field: string): readonly FieldFault[] {
  const number = at(port, 'containerPort') ?? 0
  const protocol = textAt(port, 'protocol') ?? ''
  const name = textAt(port, 'name') ?? ''
  const missing = number === 0 ? [requiredValue(`${field}.containerPort`)] : []
  const outside = number === 0 || inRange(number) ? [] : [invalidValue(`${field}.containerPort`, number, RANGE)]
  const known = ['SCTP', 'TCP', 'UDP']
  const unknown = known.includes(protocol) ? [] : [unsupportedValue(`${field}.protocol`, protocol, known)]
  return [
    ...missing,
    ...outside,
    ...unknown,
    ...checkPortName(name).map((why) => invalidValue(`${field}.name`, name, why)),
  ]
}

function checkPortName(name: string): readonly string[] {
  if (name.length > 15) return ['must be no more than 15 characters']
  const fits = name === '' || (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) && /[a-z]/.test(name))
  return fits ? [] : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']
}

function checkEnv(item: Json, field: string): readonly FieldFault[] {
  const name = textAt(item, 'name') ?? ''
  const from = at(item, 'valueFrom')
  const both = from !== undefined && (textAt(item, 'value') ?? '') !== ''
  const refs = objectAt(item, 'valueFrom')
  const keyless = ['secretKeyRef', 'configMapKeyRef'].filter(
    (ref) => own(refs, ref) !== undefined && (textAt(refs, ref, 'key') ?? '') === '',
  )
  return [
    ...(name === '' ? [requiredValue(`${field}.name`)] : []),
    ...(name.includes('=')
      ? [
          invalidValue(
            `${field}.name`,
            name,
            "a valid environment variable name must consist only of printable ASCII characters other than '='",
          ),
        ]
      : []),
    ...(both ? [invalidValue(`${field}.valueFrom`, '', 'may not be specified when `value` is not empty')] : []),
    ...keyless.map((ref) => requiredValue(`${field}.valueFrom.${ref}.key`)),
  ]
}

function checkMount(mount: Json, field: string, volumes: readonly string[]): readonly FieldFault[] {
  const name = textAt(mount, 'name') ?? ''
  const path = textAt(mount, 'mountPath') ?? ''
  const known: readonly FieldFault[] = volumes.includes(name)
    ? []
    : [{ reason: 'FieldValueNotFound', field: `${field}.name`, message: `Not found: ${JSON.stringify(name)}` }]
  return [
    ...(name === '' ? [requiredValue(`${field}.name`)] : known),
    ...(path === '' ? [requiredValue(`${field}.mountPath`)] : []),
  ]
}

function checkResources(resources: JsonObject, field: string): readonly FieldFault[] {
  const limits = objectAt(resources, 'limits')
  return Object.entries(objectAt(resources, 'requests')).flatMap(([key, request]) => {
    const limit = own(limits, key)
    const [asked, most] = [
      parseQuantity(textOf(request)),
      limit === undefined ? undefined : parseQuantity(textOf(limit)),
    ]
    if (asked === undefined || most === undefined || asked.nanos <= most.nanos) return []
    return [
      invalidValue(`${field}.requests`, request, `must be less than or equal to ${key} limit of ${textOf(limit)}`),
    ]
  })
}

function checkProbe(probe: Json | undefined, field: string): readonly FieldFault[] {
  if (probe === undefined) return []
  const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'].filter((key) => at(probe, key) !== undefined)
  if (handlers.length === 0) return [requiredValue(field, 'must specify a handler type')]
  const port = at(probe, handlers[0] ?? '', 'port')
  return typeof port === 'number' && !inRange(port) ? [invalidValue(`${field}.${handlers[0]}.port`, port, RANGE)] : []
}
