import { own, textAt } from '../util/json.ts'
import { type Draft, draftAt, draftsAt, isDraft, setDefault } from './values.ts'

/** rw-r--r--, what files of a volume get. */
const FILE_MODE = 0o644

/** Fills in what the real server fills in for a pod's spec. Source: k8s.io/kubernetes pkg/apis/core/v1/defaults.go. */
export function defaultPodSpec(spec: Draft): void {
  setDefault(spec, 'restartPolicy', 'Always')
  setDefault(spec, 'terminationGracePeriodSeconds', 30)
  setDefault(spec, 'dnsPolicy', 'ClusterFirst')
  setDefault(spec, 'securityContext', {})
  setDefault(spec, 'schedulerName', 'default-scheduler')
  const account = own(spec, 'serviceAccountName') ?? own(spec, 'serviceAccount')
  if (account !== undefined && account !== '') {
    spec['serviceAccountName'] = account
    spec['serviceAccount'] = account
  }
  for (const container of [...draftsAt(spec, 'containers'), ...draftsAt(spec, 'initContainers')]) {
    defaultContainer(container, spec['hostNetwork'] === true)
  }
  for (const volume of draftsAt(spec, 'volumes')) defaultVolume(volume)
}

function defaultContainer(container: Draft, hostNetwork: boolean): void {
  setDefault(container, 'terminationMessagePath', '/dev/termination-log')
  setDefault(container, 'terminationMessagePolicy', 'File')
  setDefault(container, 'imagePullPolicy', pullPolicy(textAt(container, 'image') ?? ''))
  for (const port of draftsAt(container, 'ports')) {
    setDefault(port, 'protocol', 'TCP')
    if (hostNetwork) setDefault(port, 'hostPort', port['containerPort'] ?? 0)
  }
  for (const variable of draftsAt(container, 'env')) {
    fillIn(draftIn(variable, 'valueFrom', 'fieldRef'), 'apiVersion', 'v1')
    fillIn(draftIn(variable, 'valueFrom', 'resourceFieldRef'), 'divisor', '0')
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = own(container, name)
    if (isDraft(probe)) defaultProbe(probe)
  }
  const hooks = own(container, 'lifecycle')
  if (isDraft(hooks)) defaultHooks(hooks)
}

function defaultHooks(hooks: Draft): void {
  for (const hook of ['postStart', 'preStop']) {
    const request = draftIn(hooks, hook, 'httpGet')
    if (request !== undefined) defaultRequest(request)
  }
}

function fillIn(draft: Draft | undefined, key: string, value: string): void {
  if (draft !== undefined) setDefault(draft, key, value)
}

function draftIn(draft: Draft, outer: string, inner: string): Draft | undefined {
  const found = own(draft, outer)
  const below = isDraft(found) ? own(found, inner) : undefined
  return isDraft(below) ? below : undefined
}

/** Always for `latest` and for no tag, as the kubelet would have to look. */
function pullPolicy(image: string): string {
  if (image.includes('@')) return 'IfNotPresent'
  const tag = /:([^:/]+)$/.exec(image)?.[1]
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent'
}

function defaultProbe(probe: Draft): void {
  setDefault(probe, 'timeoutSeconds', 1)
  setDefault(probe, 'periodSeconds', 10)
  setDefault(probe, 'successThreshold', 1)
  setDefault(probe, 'failureThreshold', 3)
  const request = own(probe, 'httpGet')
  if (isDraft(request)) defaultRequest(request)
  const grpc = own(probe, 'grpc')
  if (isDraft(grpc)) setDefault(grpc, 'service', '')
}

function defaultRequest(request: Draft): void {
  setDefault(request, 'path', '/')
  setDefault(request, 'scheme', 'HTTP')
}

function defaultVolume(volume: Draft): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume['emptyDir'] = {}
  for (const name of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    const source = own(volume, name)
    if (isDraft(source)) setDefault(source, 'defaultMode', FILE_MODE)
  }
  const path = own(volume, 'hostPath')
  if (isDraft(path)) setDefault(path, 'type', '')
  const projected = own(volume, 'projected')
  for (const source of isDraft(projected) ? draftsAt(projected, 'sources') : []) {
    const token = own(source, 'serviceAccountToken')
    if (isDraft(token)) setDefault(token, 'expirationSeconds', 3600)
  }
  if (isDraft(own(volume, 'ephemeral')))
    setDefault(draftAt(volume, 'ephemeral', 'volumeClaimTemplate', 'spec'), 'volumeMode', 'Filesystem')
}
