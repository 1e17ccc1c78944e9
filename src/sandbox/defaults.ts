import { type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import { defaultPodSpec } from './defaults-pod.ts'
import { type Draft, draftAt, draftsAt, isDraft, setDefault, textOf } from './values.ts'

/**
 * Fills in what the real server fills in for the kinds of Kubernetes.
 *
 * Source: k8s.io/kubernetes pkg/apis, defaults.go of each group. Numbers and names are those of release 1.34.
 */
export function applyDefaults(kind: string, draft: Draft): void {
  DEFAULTS[kind]?.(draft)
}

const DEFAULTS: Readonly<Record<string, (draft: Draft) => void>> = {
  '/pods': (draft) => {
    const spec = draftAt(draft, 'spec')
    setDefault(spec, 'enableServiceLinks', true)
    for (const container of [...draftsAt(spec, 'containers'), ...draftsAt(spec, 'initContainers')])
      requestLimits(container)
    defaultPodSpec(spec)
    setDefault(draftAt(draft, 'status'), 'phase', 'Pending')
  },
  '/podtemplates': (draft) => defaultPodSpec(draftAt(draft, 'template', 'spec')),
  '/replicationcontrollers': (draft) => defaultSet(draftAt(draft, 'spec')),
  '/namespaces': (draft) => {
    setDefault(draftAt(draft, 'status'), 'phase', 'Active')
    setDefault(
      draftAt(draft, 'metadata', 'labels'),
      'kubernetes.io/metadata.name',
      textAt(draft, 'metadata', 'name') ?? '',
    )
  },
  '/secrets': (draft) => {
    setDefault(draft, 'type', 'Opaque')
    mergeStringData(draft)
  },
  '/services': defaultService,
  '/persistentvolumeclaims': (draft) => {
    defaultClaim(draftAt(draft, 'spec'))
    setDefault(draftAt(draft, 'status'), 'phase', 'Pending')
  },
  '/persistentvolumes': (draft) => {
    setDefault(draftAt(draft, 'spec'), 'persistentVolumeReclaimPolicy', 'Retain')
    setDefault(draftAt(draft, 'spec'), 'volumeMode', 'Filesystem')
    setDefault(draftAt(draft, 'status'), 'phase', 'Pending')
  },
  '/endpoints': (draft) => {
    for (const subset of draftsAt(draft, 'subsets'))
      for (const port of draftsAt(subset, 'ports')) setDefault(port, 'protocol', 'TCP')
  },
  'apps/deployments': (draft) => {
    const spec = draftAt(draft, 'spec')
    defaultSet(spec)
    setDefault(spec, 'revisionHistoryLimit', 10)
    setDefault(spec, 'progressDeadlineSeconds', 600)
    const strategy = draftAt(spec, 'strategy')
    setDefault(strategy, 'type', 'RollingUpdate')
    if (strategy['type'] !== 'RollingUpdate') return
    setDefault(draftAt(strategy, 'rollingUpdate'), 'maxUnavailable', '25%')
    setDefault(draftAt(strategy, 'rollingUpdate'), 'maxSurge', '25%')
  },
  'apps/replicasets': (draft) => defaultSet(draftAt(draft, 'spec')),
  'apps/daemonsets': (draft) => {
    const spec = draftAt(draft, 'spec')
    defaultPodSpec(draftAt(spec, 'template', 'spec'))
    setDefault(spec, 'revisionHistoryLimit', 10)
    const strategy = draftAt(spec, 'updateStrategy')
    setDefault(strategy, 'type', 'RollingUpdate')
    if (strategy['type'] !== 'RollingUpdate') return
    setDefault(draftAt(strategy, 'rollingUpdate'), 'maxUnavailable', 1)
    setDefault(draftAt(strategy, 'rollingUpdate'), 'maxSurge', 0)
  },
  'apps/statefulsets': defaultStatefulSet,
  'batch/jobs': (draft) => defaultJob(draftAt(draft, 'spec')),
  'batch/cronjobs': (draft) => {
    const spec = draftAt(draft, 'spec')
    setDefault(spec, 'concurrencyPolicy', 'Allow')
    setDefault(spec, 'suspend', false)
    setDefault(spec, 'successfulJobsHistoryLimit', 3)
    setDefault(spec, 'failedJobsHistoryLimit', 1)
    defaultPodSpec(draftAt(spec, 'jobTemplate', 'spec', 'template', 'spec'))
  },
  'autoscaling/horizontalpodautoscalers': (draft) => {
    const spec = draftAt(draft, 'spec')
    setDefault(spec, 'minReplicas', 1)
    if (listAt(spec, 'metrics').length > 0) return
    spec['metrics'] = [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
    ]
  },
  'networking.k8s.io/networkpolicies': (draft) => {
    const spec = draftAt(draft, 'spec')
    for (const rule of [...draftsAt(spec, 'ingress'), ...draftsAt(spec, 'egress')]) {
      for (const port of draftsAt(rule, 'ports')) setDefault(port, 'protocol', 'TCP')
    }
    setDefault(spec, 'policyTypes', listAt(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress'])
  },
  'rbac.authorization.k8s.io/rolebindings': defaultBinding,
  'rbac.authorization.k8s.io/clusterrolebindings': defaultBinding,
  'storage.k8s.io/storageclasses': (draft) => {
    setDefault(draft, 'reclaimPolicy', 'Delete')
    setDefault(draft, 'volumeBindingMode', 'Immediate')
  },
  'scheduling.k8s.io/priorityclasses': (draft) => setDefault(draft, 'preemptionPolicy', 'PreemptLowerPriority'),
  'discovery.k8s.io/endpointslices': (draft) => {
    for (const port of draftsAt(draft, 'ports')) {
      setDefault(port, 'name', '')
      setDefault(port, 'protocol', 'TCP')
    }
  },
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': defaultWebhooks,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': defaultWebhooks,
  'apiextensions.k8s.io/customresourcedefinitions': (draft) => {
    const names = draftAt(draft, 'spec', 'names')
    setDefault(draftAt(draft, 'spec', 'conversion'), 'strategy', 'None')
    if (names['singular'] === undefined || names['singular'] === '')
      names['singular'] = textOf(names['kind']).toLowerCase()
    if (names['listKind'] === undefined || names['listKind'] === '') names['listKind'] = `${textOf(names['kind'])}List`
  },
}

/** A workload with a number of pods. */
function defaultSet(spec: Draft): void {
  setDefault(spec, 'replicas', 1)
  if (isDraft(own(spec, 'template'))) defaultPodSpec(draftAt(spec, 'template', 'spec'))
}

function requestLimits(container: Draft): void {
  const limits = objectAt(container, 'resources', 'limits')
  for (const [key, value] of Object.entries(limits)) setDefault(draftAt(container, 'resources', 'requests'), key, value)
}

/** `stringData` is write-only: it ends in `data`, where it wins. */
function mergeStringData(draft: Draft): void {
  const plain = objectAt(draft, 'stringData')
  delete draft['stringData']
  for (const [key, value] of Object.entries(plain)) {
    draftAt(draft, 'data')[key] = Buffer.from(textOf(value), 'utf8').toString('base64')
  }
}

function defaultService(draft: Draft): void {
  const spec = draftAt(draft, 'spec')
  setDefault(spec, 'type', 'ClusterIP')
  setDefault(spec, 'sessionAffinity', 'None')
  if (spec['sessionAffinity'] === 'ClientIP')
    setDefault(draftAt(spec, 'sessionAffinityConfig', 'clientIP'), 'timeoutSeconds', 10_800)
  for (const port of draftsAt(spec, 'ports')) {
    setDefault(port, 'protocol', 'TCP')
    if (port['targetPort'] === undefined || port['targetPort'] === 0 || port['targetPort'] === '')
      port['targetPort'] = port['port'] ?? 0
  }
  if (spec['type'] === 'ExternalName') return
  setDefault(spec, 'internalTrafficPolicy', 'Cluster')
  if (spec['type'] === 'ClusterIP') return
  setDefault(spec, 'externalTrafficPolicy', 'Cluster')
  if (spec['type'] === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true)
}

function defaultClaim(spec: Draft): void {
  setDefault(spec, 'volumeMode', 'Filesystem')
}

function defaultStatefulSet(draft: Draft): void {
  const spec = draftAt(draft, 'spec')
  defaultSet(spec)
  setDefault(spec, 'podManagementPolicy', 'OrderedReady')
  setDefault(spec, 'revisionHistoryLimit', 10)
  const strategy = draftAt(spec, 'updateStrategy')
  setDefault(strategy, 'type', 'RollingUpdate')
  if (strategy['type'] === 'RollingUpdate') setDefault(draftAt(strategy, 'rollingUpdate'), 'partition', 0)
  const retention = draftAt(spec, 'persistentVolumeClaimRetentionPolicy')
  setDefault(retention, 'whenDeleted', 'Retain')
  setDefault(retention, 'whenScaled', 'Retain')
  for (const claim of draftsAt(spec, 'volumeClaimTemplates')) {
    claim['apiVersion'] = 'v1'
    claim['kind'] = 'PersistentVolumeClaim'
    defaultClaim(draftAt(claim, 'spec'))
    setDefault(draftAt(claim, 'status'), 'phase', 'Pending')
  }
}

function defaultJob(spec: Draft): void {
  if (own(spec, 'completions') === undefined && own(spec, 'parallelism') === undefined) {
    spec['completions'] = 1
    spec['parallelism'] = 1
  }
  setDefault(spec, 'parallelism', 1)
  setDefault(spec, 'backoffLimit', 6)
  setDefault(spec, 'completionMode', 'NonIndexed')
  setDefault(spec, 'suspend', false)
  setDefault(
    spec,
    'podReplacementPolicy',
    own(spec, 'podFailurePolicy') === undefined ? 'TerminatingOrFailed' : 'Failed',
  )
  defaultPodSpec(draftAt(spec, 'template', 'spec'))
}

const RBAC = 'rbac.authorization.k8s.io'

function defaultBinding(draft: Draft): void {
  const role = draftAt(draft, 'roleRef')
  if (own(role, 'apiGroup') === undefined || role['apiGroup'] === '') role['apiGroup'] = RBAC
  for (const subject of draftsAt(draft, 'subjects')) {
    if (subject['kind'] !== 'ServiceAccount') setDefault(subject, 'apiGroup', RBAC)
  }
}

function defaultWebhooks(draft: Draft): void {
  for (const hook of draftsAt(draft, 'webhooks')) {
    setDefault(hook, 'failurePolicy', 'Fail')
    setDefault(hook, 'matchPolicy', 'Equivalent')
    setDefault(hook, 'timeoutSeconds', 10)
    setDefault(hook, 'namespaceSelector', {})
    setDefault(hook, 'objectSelector', {})
    for (const rule of draftsAt(hook, 'rules')) setDefault(rule, 'scope', '*')
  }
}

/** Whether a kind counts the changes of what is wanted in `metadata.generation`. */
export function countsGenerations(kind: string): boolean {
  return GENERATIONS.has(kind)
}

const GENERATIONS = new Set([
  '/pods',
  '/replicationcontrollers',
  'apps/deployments',
  'apps/replicasets',
  'apps/daemonsets',
  'apps/statefulsets',
  'batch/jobs',
  'batch/cronjobs',
  'networking.k8s.io/ingresses',
  'networking.k8s.io/networkpolicies',
  'networking.k8s.io/ingressclasses',
  'policy/poddisruptionbudgets',
  'discovery.k8s.io/endpointslices',
  'scheduling.k8s.io/priorityclasses',
  'admissionregistration.k8s.io/mutatingwebhookconfigurations',
  'admissionregistration.k8s.io/validatingwebhookconfigurations',
  'apiextensions.k8s.io/customresourcedefinitions',
])

/** What a Job gets besides defaults, once it has its uid: the labels its pods are found by. */
export function labelJob(draft: Draft): void {
  const spec = draftAt(draft, 'spec')
  if (own(spec, 'manualSelector') === true) return
  const uid = textAt(draft, 'metadata', 'uid') ?? ''
  const name = textAt(draft, 'metadata', 'name') ?? ''
  const labels: JsonObject = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  }
  Object.assign(draftAt(spec, 'template', 'metadata', 'labels'), labels)
  if (own(spec, 'selector') === undefined)
    spec['selector'] = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } }
}
