import { join } from 'node:path'
import { refOf } from '../../src/domain/object-ref.ts'
import type { HelmOutput } from '../../src/renderer/engine/helm-types.ts'
import type { JsonObject } from '../../src/util/json.ts'
import { inputOf, rendered, testEngine } from '../renderer/engine/charts.ts'

/** Where the chart is. */
export const STYRMIN_CHART = join(import.meta.dirname, '../../charts/styrmin')

/** The least that an installation must say. */
export const LEAST = {
  server: {
    config: {
      repository: 'https://git.example.com/ops/apps.git',
      auth: { tokens: [{ name: 'team', hash: `sha256:${'0'.repeat(64)}` }] },
    },
  },
  agent: { existingSecret: 'agent-token' },
} as const

/** Everything that is off by itself. */
export const ALL = {
  image: { digest: `sha256:${'1'.repeat(64)}` },
  imagePullSecrets: [{ name: 'registry' }],
  server: {
    ...LEAST.server,
    existingSecret: 'git-credentials',
    persistence: { storageClass: 'fast', size: '1Gi' },
    service: { annotations: { team: 'ops' } },
    serviceAccount: { annotations: { team: 'ops' } },
    podLabels: { team: 'ops' },
    podAnnotations: { team: 'ops' },
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'ops', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
    priorityClassName: 'system-cluster-critical',
    extraEnv: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/ca/ca.crt' }],
    extraVolumes: [{ name: 'ca', configMap: { name: 'ca' } }],
    extraVolumeMounts: [{ name: 'ca', mountPath: '/ca' }],
  },
  agent: {
    ...LEAST.agent,
    serverUrl: 'https://styrmin.example.com',
    podAnnotations: { team: 'ops' },
    extraVolumes: [{ name: 'ca', configMap: { name: 'ca' } }],
    extraVolumeMounts: [{ name: 'ca', mountPath: '/ca' }],
  },
  rbac: { extraRules: [{ apiGroups: ['monitoring.coreos.com'], resources: ['servicemonitors'], verbs: ['*'] }] },
  networkPolicy: {
    enabled: true,
    serverFrom: [{ namespaceSelector: { matchLabels: { team: 'ops' } } }],
    metricsFrom: [{ podSelector: { matchLabels: { app: 'prometheus' } } }],
  },
} as const

const engine = await testEngine()

/** What Helm makes of the chart. */
export function renderStyrmin(values: object, release = { name: 'styrmin', namespace: 'styrmin-system' }): HelmOutput {
  const chart = { title: 'styrmin', chartFolder: STYRMIN_CHART, wantFile: '' }
  return engine.render(inputOf(chart, { values: values as JsonObject, release }))
}

/** The rendered objects by `Kind/name`, definitions first; a failure throws. */
export function styrminObjects(
  values: object,
  release?: { readonly name: string; readonly namespace: string },
): ReadonlyMap<string, JsonObject> {
  const { crds, manifests } = rendered(renderStyrmin(values, release))
  const objects = [
    ...crds.flatMap((crd) => crd.objects),
    ...manifests.flatMap(({ object }) => (object === null ? [] : [object])),
  ]
  return new Map(objects.map((object) => [`${refOf(object).kind}/${refOf(object).name}`, object]))
}
