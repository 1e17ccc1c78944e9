import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import configSchema from '../../schemas/config.schema.json' with { type: 'json' }
import packageJson from '../../package.json' with { type: 'json' }
import { DEPLOYMENT_CRD } from '../../src/agent/crds/deployment-crd.ts'
import { RUN_CRD } from '../../src/agent/crds/run-crd.ts'
import { refOf } from '../../src/domain/object-ref.ts'
import { parseConfig } from '../../src/server/config.ts'
import { at, type Json, type JsonObject, listAt, objectAt, textAt } from '../../src/util/json.ts'
import { parseYaml, printYaml } from '../../src/util/yaml.ts'
import { faultOf } from '../renderer/engine/charts.ts'
import { AGENT_RIGHTS, CHART_RESOURCES, CHART_VERBS } from './agent-rights.ts'
import { ALL, LEAST, renderStyrmin, STYRMIN_CHART, styrminObjects } from './styrmin-chart.ts'

const root = join(STYRMIN_CHART, '../..')
const KEEP = { 'helm.sh/resource-policy': 'keep' }

describe('what is installed', () => {
  test('is both parts with their rights when the least is said', () => {
    expect([...styrminObjects(LEAST).keys()]).toEqual([
      'CustomResourceDefinition/styrmindeployments.styrmin.io',
      'CustomResourceDefinition/styrminruns.styrmin.io',
      'ServiceAccount/styrmin-server',
      'ServiceAccount/styrmin-agent',
      'ConfigMap/styrmin-server',
      'PersistentVolumeClaim/styrmin-data',
      'ClusterRole/styrmin-system-styrmin-agent',
      'ClusterRoleBinding/styrmin-system-styrmin-agent',
      'Service/styrmin-server',
      'Deployment/styrmin-agent',
      'Deployment/styrmin-server',
    ])
  })

  test('is only the agent where the server is elsewhere', () => {
    const agent = { ...LEAST.agent, serverUrl: 'https://styrmin.example.com' }
    const objects = styrminObjects({ server: { enabled: false }, agent, networkPolicy: { enabled: true } })
    expect([...objects.keys()].filter((key) => key.includes('server') || key.includes('data'))).toEqual([])
    expect(argsOf(objects.get('Deployment/styrmin-agent'))).toContain('https://styrmin.example.com')
  })

  test('is only the server, with no right, where the agent is elsewhere', () => {
    const objects = styrminObjects({ ...LEAST, agent: { enabled: false }, networkPolicy: { enabled: true } })
    expect([...objects.keys()].filter((key) => /agent|Role/.test(key))).toEqual([])
    expect(at(podOf(objects.get('Deployment/styrmin-server')), 'automountServiceAccountToken')).toBe(false)
  })

  test.for([
    ['no repository', { agent: LEAST.agent }, 'server.config.repository is required'],
    ['no reader', { ...LEAST, server: { config: { repository: 'https://x/y' } } }, 'server.config.auth.tokens is'],
    ['no token', { server: LEAST.server }, 'agent.existingSecret is required'],
    ['no server', { agent: LEAST.agent, server: { enabled: false } }, 'agent.serverUrl is required'],
    ['another profile', { ...LEAST, rbac: { profile: 'all' } }, 'rbac/profile'],
    ['a value that is none', { ...LEAST, sever: {} }, 'sever'],
    ['a key that the server has not', { ...LEAST, server: { config: { repo: 'x' } } }, 'repo'],
  ] as const)('is nothing, and it is said why, with %s', ([, values, message]) => {
    expect(faultOf(renderStyrmin(values)).message).toContain(message)
  })
})

describe('the pods', () => {
  const cases = [LEAST, ALL].flatMap((values) =>
    ['server', 'agent'].map((part) => ({ part, deployment: styrminObjects(values).get(`Deployment/styrmin-${part}`) })),
  )

  test.for(cases)('of the $part keep to the restricted level of pod security', ({ deployment }) => {
    const pod = podOf(deployment)
    expect(pod['securityContext']).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    expect(listAt(pod, 'containers').map((one) => at(one, 'securityContext'))).toEqual([
      { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    ])
    const volumes = listAt(pod, 'volumes').flatMap((volume) => Object.keys(objectAt(volume)))
    expect(new Set(volumes).isSubsetOf(new Set(['name', ...RESTRICTED_VOLUMES]))).toBe(true)
    expect(mounts(pod)).toContainEqual({ name: 'tmp', mountPath: '/tmp' })
  })

  test.for(cases)('of the $part mount only volumes that they have, and end before their next ones start', (one) => {
    const pod = podOf(one.deployment)
    const names = listAt(pod, 'volumes').map((volume) => textAt(volume, 'name'))
    expect(mounts(pod).map((mount) => textAt(mount, 'name'))).toEqual(expect.arrayContaining(names))
    expect(names).toEqual(expect.arrayContaining(mounts(pod).map((mount) => textAt(mount, 'name'))))
    expect(at(one.deployment, 'spec', 'strategy', 'type')).toBe('Recreate')
  })

  test.for(cases)('of the $part are started with flags that the process reads', ({ deployment }) => {
    const [file = '', ...args] = argsOf(deployment)
    const source = readFileSync(join(root, file), 'utf8')
    const flags = args.filter((arg) => arg.startsWith('--')).map((arg) => arg.slice(2))
    const known = [...source.matchAll(/^ {4}'?([a-z-]+)'?: \{ type: |options: \{ ([a-z]+): /gm)].map(
      (m) => m[1] ?? m[2],
    )
    expect(flags.length).toBeGreaterThan(0)
    expect(known).toEqual(expect.arrayContaining(flags))
  })

  test.for(cases)('of the $part are asked at paths that the process answers', ({ part, deployment }) => {
    const file = part === 'server' ? 'src/server/http/app.ts' : 'src/agent/health-server.ts'
    const source = readFileSync(join(root, file), 'utf8')
    const container = listAt(podOf(deployment), 'containers')[0]
    for (const probe of ['livenessProbe', 'readinessProbe']) {
      expect(source).toContain(`'${textAt(container, probe, 'httpGet', 'path')}'`)
    }
  })

  test('take the image by digest when one is named, else by the version of the chart', () => {
    const image = (values: object) =>
      listAt(podOf(styrminObjects(values).get('Deployment/styrmin-agent')), 'containers').map((c) => textAt(c, 'image'))
    expect(image(LEAST)).toEqual([`ghcr.io/styrmin/styrmin:${packageJson.version}`])
    expect(image(ALL)).toEqual([`ghcr.io/styrmin/styrmin@${ALL.image.digest}`])
  })

  test('of the server are made anew when its configuration changes', () => {
    const sum = (repository: string) => {
      const config = { ...LEAST.server.config, repository }
      const objects = styrminObjects({ ...LEAST, server: { config } })
      return at(objects.get('Deployment/styrmin-server'), 'spec', 'template', 'metadata', 'annotations')
    }
    expect(sum('https://a/b')).not.toEqual(sum('https://a/c'))
  })
})

describe('the configuration of the server', () => {
  test('is one that the server takes, on the port and in the folder of its pod', () => {
    const objects = styrminObjects(ALL)
    const text = textAt(objects.get('ConfigMap/styrmin-server'), 'data', 'styrmin.config.yaml') ?? ''
    const config = parseConfig(text, '/etc/styrmin/styrmin.config.yaml')
    expect(config).toMatchObject({ ...LEAST.server.config, listen: { host: '0.0.0.0' } })
    const pod = podOf(objects.get('Deployment/styrmin-server'))
    expect(mounts(pod).map((mount) => textAt(mount, 'mountPath'))).toContain(config.dataFolder)
    expect(at(listAt(pod, 'containers')[0], 'ports', 0, 'containerPort')).toBe(config.listen.port)
  })

  test('is described in the values as in its own schema', () => {
    const schema = JSON.parse(readFileSync(join(STYRMIN_CHART, 'values.schema.json'), 'utf8')) as Json
    const { data_folder: _folder, listen: _listen, ...rest } = configSchema.properties
    expect(at(schema, 'properties', 'server', 'properties', 'config', 'properties')).toEqual(rest)
  })
})

describe('the definitions', () => {
  test.for([DEPLOYMENT_CRD, RUN_CRD])('are those that the agent applies (%#)', async (crd) => {
    const metadata = { ...objectAt(crd, 'metadata'), annotations: KEEP }
    const file = join(STYRMIN_CHART, 'crds', `${refOf(crd).name}.yaml`)
    await expect(printYaml({ ...crd, metadata })).toMatchFileSnapshot(file)
    expect(parseYaml(readFileSync(file, 'utf8'))[0]?.value).toEqual({ ...crd, metadata })
  })

  test('are all that the agent applies', () => {
    const source = readFileSync(join(root, 'src/agent/install-crds.ts'), 'utf8')
    const applied = source.matchAll(/import \{ (\w+_CRD) \}/g)
    expect([...applied].map((match) => match[1])).toEqual(['DEPLOYMENT_CRD', 'RUN_CRD'])
  })
})

describe('the rights of the agent', () => {
  const role = styrminObjects(ALL).get('ClusterRole/styrmin-system-styrmin-agent')
  const rules = listAt(role, 'rules')
  const usual = CHART_RESOURCES.map(([group, resource]) => [group, resource, CHART_VERBS] as const)

  test.for([...AGENT_RIGHTS, ...usual])('cover %s %s: %s', ([group, resource, verbs, name]) => {
    expect(
      verbs.split(' ').filter((verb) => !rules.some((rule) => allows(rule, { group, resource, verb, name }))),
    ).toEqual([])
  })

  test('reach no cluster-scoped kind but namespaces and its own definitions', () => {
    const scoped = ['nodes', 'persistentvolumes', 'clusterroles', 'clusterrolebindings', 'storageclasses']
    const given = rules.flatMap((rule) => listAt(rule, 'resources'))
    expect(given.filter((resource) => scoped.some((one) => one === resource))).toEqual([])
    const wild = listAt(styrminObjects(LEAST).get('ClusterRole/styrmin-system-styrmin-agent'), 'rules')
    expect(JSON.stringify(wild)).not.toContain('*')
  })

  test('grow by the rules that are given', () => {
    expect(rules.at(-1)).toEqual(ALL.rbac.extraRules[0])
  })

  test.for([
    ['namespaced', 'styrmin-system-styrmin-agent', 'styrmin-system-styrmin-agent'],
    ['cluster-admin', 'styrmin-system-styrmin-agent-cluster-admin', 'cluster-admin'],
  ] as const)('are bound to its account with the profile %s', ([profile, name, roleName]) => {
    const binding = styrminObjects({ ...LEAST, rbac: { profile } }).get(`ClusterRoleBinding/${name}`)
    expect(at(binding, 'roleRef', 'name')).toBe(roleName)
    const account = { kind: 'ServiceAccount', name: 'styrmin-agent', namespace: 'styrmin-system' }
    expect(at(binding, 'subjects')).toEqual([account])
  })
})

describe('the network policies', () => {
  test('let the agent of the release and those named reach the server', () => {
    const objects = styrminObjects(ALL)
    const from = listAt(objects.get('NetworkPolicy/styrmin-server'), 'spec', 'ingress', 0, 'from')
    const agent = at(objects.get('Deployment/styrmin-agent'), 'spec', 'selector')
    expect(from).toEqual([{ podSelector: agent }, ...ALL.networkPolicy.serverFrom])
  })

  test('let nobody reach the agent unless somebody is named', () => {
    const closed = styrminObjects({ ...LEAST, networkPolicy: { enabled: true } }).get('NetworkPolicy/styrmin-agent')
    expect(at(closed, 'spec', 'ingress')).toBeUndefined()
    const open = styrminObjects(ALL).get('NetworkPolicy/styrmin-agent')
    expect(at(open, 'spec', 'ingress', 0, 'from')).toEqual(ALL.networkPolicy.metricsFrom)
  })
})

const RESTRICTED_VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

function podOf(deployment: JsonObject | undefined): JsonObject {
  return objectAt(deployment, 'spec', 'template', 'spec')
}

function argsOf(deployment: JsonObject | undefined): readonly string[] {
  return listAt(podOf(deployment), 'containers', 0, 'args').map(String)
}

function mounts(pod: JsonObject): readonly Json[] {
  return listAt(pod, 'containers', 0, 'volumeMounts')
}

interface Asked {
  readonly group: string
  readonly resource: string
  readonly verb: string
  readonly name: string | undefined
}

function allows(rule: Json, { group, resource, verb, name }: Asked): boolean {
  const has = (key: string, wanted: string): boolean => listAt(rule, key).includes(wanted)
  const named = listAt(rule, 'resourceNames')
  return (
    has('apiGroups', group) &&
    has('resources', resource) &&
    has('verbs', verb) &&
    (named.length === 0 || (name !== undefined && named.includes(name)))
  )
}
