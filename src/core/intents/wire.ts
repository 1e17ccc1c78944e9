// In:    messages of the agent API as they came over the wire, and our own values for them.
// Out:   typed messages or every fault in them; canonical bytes, digests and what is signed.
// Never: trust a field that was not checked, or read a clock, a key file or a socket.
import type { ComponentSpec } from '../../domain/documents.ts'
import type { Digest } from '../../domain/ids.ts'
import { toDigest } from '../../domain/ids.ts'
import type { LinkedAction } from '../../domain/instance.ts'
import type { HelmHook, Manifest } from '../../domain/manifest.ts'
import { CLASSES, type Step } from '../../domain/plan.ts'
import type { Problem, ProblemCode } from '../../domain/problem.ts'
import type { SourceRef } from '../../domain/source.ts'
import type {
  Bundle,
  ComponentReport,
  DeploymentRef,
  DeploymentReport,
  DriftReport,
  GeneratedValues,
  Hello,
  Intent,
  IntentList,
  Report,
  StepReport,
} from '../../domain/wire.ts'
import { canonicalJson, digestOfBytes } from '../../util/digest.ts'
import type { Json } from '../../util/json.ts'
import {
  bool,
  count,
  counter,
  type Decoded,
  type Decoder,
  decodeWith,
  digest,
  integer,
  jsonObject,
  listOf,
  mapOf,
  objectOf,
  oneOf,
  optional,
  stableId,
  text,
} from './decoder.ts'

const deploymentRef = objectOf<DeploymentRef>({ environment: text, name: text, id: stableId, namespace: text })

const intent = objectOf<Intent>({
  version: oneOf(1),
  sequence: counter,
  epoch: counter,
  deployment: deploymentRef,
  phase: oneOf('running', 'stopped', 'deleting'),
  commit: text,
  class: oneOf(...CLASSES),
  from: optional(digest),
  instance: optional(digest),
  plan: digest,
  bundle: digest,
  signature: text,
})

const intentList = objectOf<IntentList>({ version: oneOf(1), intents: listOf(intent) })

const hello = objectOf<Hello>({ version: oneOf(1), cluster: text, publicKey: text, server: text })

const componentSpec = objectOf<ComponentSpec>({ labels: mapOf(text), backup: optional(jsonObject) })

const manifest = objectOf<Manifest>({
  object: jsonObject,
  source: text,
  generated: listOf(text),
  hook: optional(objectOf<HelmHook>({ events: listOf(text), weight: integer, deletePolicies: listOf(text) })),
  crd: bool,
})

const linkedAction = objectOf<LinkedAction>({
  name: text,
  hook: oneOf('setup', 'upgrade', 'backup', 'restore', 'clone', 'delete'),
  mode: oneOf('pre', 'core', 'post'),
  entry: objectOf<LinkedAction['entry']>({ file: text, function: text }),
  modules: listOf(objectOf<LinkedAction['modules'][number]>({ path: text, code: text })),
})

const step = objectOf<Step>({
  number: count,
  name: text,
  kind: oneOf('namespace', 'primitive', 'apply', 'wait-ready', 'prune', 'scale-down', 'scale-up', 'delete'),
  hook: optional(text),
  mode: optional(text),
  primitive: optional(text),
  args: jsonObject,
  live: bool,
  title: text,
})

const bundle = objectOf<Bundle>({
  version: oneOf(1),
  deployment: deploymentRef,
  release: text,
  instance: optional(digest),
  appVersion: text,
  previousVersion: optional(text),
  driver: objectOf<Bundle['driver']>({ name: text, version: text }),
  context: jsonObject,
  components: mapOf(componentSpec),
  podSecurity: text,
  drift: oneOf('repair', 'report', 'ignore'),
  onFailure: oneOf('hold', 'rollback'),
  dependsOn: listOf(text),
  manifests: listOf(manifest),
  actions: listOf(linkedAction),
  steps: listOf(step),
  class: oneOf(...CLASSES),
})

const problemCode: Decoder<ProblemCode> = (value, at, faults) => {
  if (typeof value === 'string' && /^STY\d+$/.test(value)) return value as ProblemCode
  faults.push(`${at} must be a problem code`)
  return undefined
}

const sourceRef = objectOf<Omit<SourceRef, 'commit'>>({ file: text, line: count, col: count })

const problem = objectOf<Omit<Problem, 'affects'>>({
  code: problemCode,
  severity: oneOf('error', 'warning'),
  message: text,
  hint: text,
  at: optional(sourceRef),
})

const componentReport = objectOf<ComponentReport>({
  name: text,
  state: oneOf('Running', 'Progressing', 'Stopped', 'Degraded', 'Missing'),
  desired: count,
  ready: count,
  message: text,
})

const stepReport = objectOf<StepReport>({
  number: count,
  name: text,
  title: text,
  state: oneOf('pending', 'running', 'succeeded', 'failed'),
  attempt: count,
  message: text,
  startedAt: optional(text),
  finishedAt: optional(text),
})

const driftReport = objectOf<DriftReport>({
  object: text,
  pointer: text,
  state: oneOf('found', 'repaired', 'ignored'),
  manager: text,
  at: text,
})

const deploymentReport = objectOf<DeploymentReport>({
  deployment: deploymentRef,
  epoch: counter,
  active: optional(digest),
  plan: optional(digest),
  phase: oneOf('pending', 'applying', 'applied', 'failed', 'stopped', 'deleting', 'deleted', 'needs-attention'),
  ready: bool,
  reason: text,
  message: text,
  components: listOf(componentReport),
  steps: listOf(stepReport),
  drift: listOf(driftReport),
  problems: listOf(problem),
  observedAt: text,
})

const report = objectOf<Report>({
  version: oneOf(1),
  agent: text,
  sentAt: text,
  kubernetes: text,
  deployments: listOf(deploymentReport),
})

/** Reads an intent; the signature is not checked here (see `verifyIntent`). */
export function decodeIntent(value: unknown): Decoded<Intent> {
  return decodeWith(intent, value)
}

/** Reads the answer to a long-poll. */
export function decodeIntentList(value: unknown): Decoded<IntentList> {
  return decodeWith(intentList, value)
}

/** Reads the server's greeting. */
export function decodeHello(value: unknown): Decoded<Hello> {
  return decodeWith(hello, value)
}

/** Reads a bundle; check the digest of the bytes it came as first (`bundleDigestOf`). */
export function decodeBundle(value: unknown): Decoded<Bundle> {
  return decodeWith(bundle, value)
}

/** Reads a report of an agent. */
export function decodeReport(value: unknown): Decoded<Report> {
  return decodeWith(report, value)
}

/** Reads the values of generated leaves. */
export function decodeGeneratedValues(value: unknown): Decoded<GeneratedValues> {
  return decodeWith(mapOf(jsonObject), value)
}

/** The one text of a bundle and its content address. Errors: TypeError when it holds what is no JSON (our bug). */
export function encodeBundle(value: Bundle): { readonly text: string; readonly digest: Digest } {
  const encoded = canonicalJson(value as unknown as Json)
  return { text: encoded, digest: bundleDigestOf(encoded) }
}

/** The content address of a bundle's bytes. */
export function bundleDigestOf(bytes: Uint8Array | string): Digest {
  return toDigest(digestOfBytes(bytes))
}
