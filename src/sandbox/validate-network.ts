import { at, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import { checkLabels, dnsLabel } from './names.ts'
import { duplicateValue, type FieldFault, invalidValue, requiredValue, unsupportedValue } from './status.ts'

const SERVICE_TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']

/** All that is wrong with a Service. */
export function checkService(object: JsonObject): readonly FieldFault[] {
  const spec = objectAt(object, 'spec')
  const type = textAt(spec, 'type') ?? ''
  const ports = listAt(spec, 'ports')
  const headless = textAt(spec, 'clusterIP') === 'None'
  const none = ports.length === 0 && !headless && type !== 'ExternalName' ? [requiredValue('spec.ports')] : []
  const known = SERVICE_TYPES.includes(type) ? [] : [unsupportedValue('spec.type', type, SERVICE_TYPES)]
  const external =
    type === 'ExternalName' && (textAt(spec, 'externalName') ?? '') === '' ? [requiredValue('spec.externalName')] : []
  return [
    ...none,
    ...ports.flatMap((port, index) => checkServicePort(port, { index, ports })),
    ...checkLabels('spec.selector', objectAt(spec, 'selector')),
    ...known,
    ...external,
  ]
}

function checkServicePort(
  port: Json,
  { index, ports }: { readonly index: number; readonly ports: readonly Json[] },
): readonly FieldFault[] {
  const field = `spec.ports[${index}]`
  const number = at(port, 'port')
  const protocol = textAt(port, 'protocol') ?? ''
  const target = at(port, 'targetPort')
  const earlier = ports.slice(0, index)
  const taken = earlier.some((other) => at(other, 'port') === number && textAt(other, 'protocol') === protocol)
  return [
    ...checkServicePortName(textAt(port, 'name') ?? '', `${field}.name`, ports, earlier),
    ...(isPort(number) ? [] : [invalidValue(`${field}.port`, number, PORT_RANGE)]),
    ...(PROTOCOLS.includes(protocol) ? [] : [unsupportedValue(`${field}.protocol`, protocol, PROTOCOLS)]),
    ...(typeof target !== 'number' || isPort(target) ? [] : [invalidValue(`${field}.targetPort`, target, PORT_RANGE)]),
    ...(taken ? [duplicateValue(field, { port: number ?? 0, protocol })] : []),
  ]
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

function checkServicePortName(
  name: string,
  field: string,
  all: readonly Json[],
  earlier: readonly Json[],
): readonly FieldFault[] {
  if (name === '') return all.length > 1 ? [requiredValue(field)] : []
  const taken = earlier.some((other) => textAt(other, 'name') === name)
  return [
    ...dnsLabel(name).map((why) => invalidValue(field, name, why)),
    ...(taken ? [duplicateValue(field, name)] : []),
  ]
}

const PORT_RANGE = 'must be between 1 and 65535, inclusive'

function isPort(value: Json | undefined): boolean {
  return typeof value === 'number' && value >= 1 && value <= 65_535
}

/** What of a Service may not change. */
export function checkServiceChange(object: JsonObject, before: JsonObject): readonly FieldFault[] {
  const keeps = [object, before].every((side) => textAt(side, 'spec', 'type') !== 'ExternalName')
  const old = textAt(before, 'spec', 'clusterIP') ?? ''
  const now = textAt(object, 'spec', 'clusterIP') ?? ''
  if (!keeps || old === '' || old === now) return []
  return [invalidValue('spec.clusterIPs[0]', [now], 'may not change once set')]
}

/** All that is wrong with an Ingress. */
export function checkIngress(object: JsonObject): readonly FieldFault[] {
  const spec = objectAt(object, 'spec')
  const rules = listAt(spec, 'rules')
  const empty = rules.length === 0 && own(spec, 'defaultBackend') === undefined
  const paths = rules.flatMap((rule, index) =>
    listAt(rule, 'http', 'paths').flatMap((path, place) =>
      checkIngressPath(path, `spec.rules[${index}].http.paths[${place}]`),
    ),
  )
  return [
    ...(empty ? [invalidValue('spec', [], 'either `defaultBackend` or `rules` must be specified')] : []),
    ...paths,
  ]
}

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']

function checkIngressPath(path: Json, field: string): readonly FieldFault[] {
  const type = textAt(path, 'pathType')
  if (type === undefined) return [requiredValue(`${field}.pathType`, 'pathType must be specified')]
  if (!PATH_TYPES.includes(type)) return [unsupportedValue(`${field}.pathType`, type, PATH_TYPES)]
  const text = textAt(path, 'path') ?? ''
  return type !== 'ImplementationSpecific' && !text.startsWith('/')
    ? [invalidValue(`${field}.path`, text, 'must be an absolute path')]
    : []
}
