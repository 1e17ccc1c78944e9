import { at, isObject, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import type { Store } from './store.ts'
import { type Draft, without } from './values.ts'
import type { Addresses } from './world.ts'

const FIRST_NODE_PORT = 30_000
const LAST_NODE_PORT = 32_767

/** Hands out addresses of 10.96.0.0/16 to Services and of 10.244.0.0/16 to pods, in rising order. */
export function makeAddresses(store: Store): Addresses {
  let service = 10
  let pod = 2
  let port = FIRST_NODE_PORT
  const taken = (): ReadonlySet<Json> =>
    new Set(store.list('/services').flatMap((object) => [at(object, 'spec', 'clusterIP') ?? '', ...nodePorts(object)]))
  const nextIp = (): string => {
    const used = taken()
    for (;;) {
      service = (service + 1) % 65_536
      const ip = `10.96.${service >> 8}.${service & 255}`
      if (!used.has(ip) && (service & 255) !== 0) return ip
    }
  }
  const nextPort = (): number => {
    const used = taken()
    for (;;) {
      port = port >= LAST_NODE_PORT ? FIRST_NODE_PORT : port + 1
      if (!used.has(port)) return port
    }
  }
  return {
    podIp: () => {
      pod = (pod + 1) % 65_536
      return `10.244.${pod >> 8}.${pod & 255}`
    },
    assign: (object, before) => ({
      ...object,
      spec: assign(objectAt(object, 'spec'), objectAt(before, 'spec'), { nextIp, nextPort }),
    }),
  }
}

function nodePorts(service: JsonObject): readonly Json[] {
  return listAt(service, 'spec', 'ports').flatMap((port) => at(port, 'nodePort') ?? [])
}

interface Pools {
  readonly nextIp: () => string
  readonly nextPort: () => number
}

function assign(spec: JsonObject, before: JsonObject, pools: Pools): JsonObject {
  if (textAt(spec, 'type') === 'ExternalName')
    return without(spec, 'clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy')
  const given = textAt(spec, 'clusterIP') ?? ''
  const kept = textAt(before, 'clusterIP') ?? ''
  const ip = given === '' ? (kept === '' ? pools.nextIp() : kept) : given
  const out: Draft = { ...spec, clusterIP: ip, clusterIPs: [ip] }
  if (own(out, 'ipFamilies') === undefined) out['ipFamilies'] = ['IPv4']
  if (own(out, 'ipFamilyPolicy') === undefined) out['ipFamilyPolicy'] = 'SingleStack'
  if (textAt(spec, 'type') !== 'ClusterIP')
    out['ports'] = listAt(spec, 'ports').map((port) => withNodePort(port, listAt(before, 'ports'), pools))
  return out
}

function withNodePort(port: Json, before: readonly Json[], pools: Pools): Json {
  if (!isObject(port) || own(port, 'nodePort') !== undefined) return port
  const kept = before.find(
    (other) => at(other, 'port') === at(port, 'port') && at(other, 'protocol') === at(port, 'protocol'),
  )
  return { ...port, nodePort: at(kept, 'nodePort') ?? pools.nextPort() }
}
