import {
  type CommitSha,
  deploymentKey,
  parseCommitSha,
  parseStableId,
  toDigest,
  type Digest,
} from '../../../src/domain/ids.ts'
import type { ResolvedInstance } from '../../../src/domain/instance.ts'
import type { Plan } from '../../../src/domain/plan.ts'
import type { Intent } from '../../../src/domain/wire.ts'
import type { NoteLine, StoredCommit } from '../../../src/ports/store.ts'

export function shaOf(n: number): CommitSha {
  const sha = parseCommitSha(n.toString(16).padStart(40, '0'))
  if (sha === undefined) throw new Error('no sha')
  return sha
}

export function digestOfNumber(n: number): Digest {
  return toDigest(`sha256:${n.toString(16).padStart(64, '0')}`)
}

export function commit(n: number): StoredCommit {
  return {
    sha: shaOf(n),
    subject: `commit ${n}`,
    author: 'Ada',
    committedAtSeconds: n,
    resolvedAtMs: n,
    outcome: 'resolved',
    planDigest: digestOfNumber(n),
    problems: [],
  }
}

export function note(n: number, index: number): NoteLine {
  return { sha: shaOf(n), line: JSON.stringify({ v: 1, n, index }) }
}

export const KEY = deploymentKey('production', 'shop')
const id = parseStableId('0a1b2c3d') ?? '0a1b2c3d'
const deployment = {
  environment: 'production',
  name: 'shop',
  id: id as Intent['deployment']['id'],
  namespace: 'production',
}

export function resolved(n: number): ResolvedInstance {
  return {
    key: KEY,
    instance: {
      digest: digestOfNumber(n),
      environment: 'production',
      name: 'shop',
      id: deployment.id,
      cluster: 'eu',
      namespace: 'production',
      release: 'shop-0a1b2c3d',
      state: 'running',
      driver: { name: 'my-app', version: '1.0.0', digest: digestOfNumber(1) },
      appVersion: `0.${n}.0`,
      chart: { name: 'my-app', version: '1.0.0', digest: digestOfNumber(2) },
      engineVersion: 'helm',
      context: { parameters: { n } },
      values: { n },
      services: [],
      components: {},
      policy: { onFailure: 'hold', drift: 'repair', podSecurity: 'baseline' },
      dependsOn: [],
      manifestsDigest: digestOfNumber(3),
    },
    manifests: [{ object: { kind: 'ConfigMap' }, source: 'a.yaml', generated: ['/data/x'], crd: false }],
    actions: [],
    origins: new Map([['/parameters/n', { layer: 'deployment', at: { file: 'a.yml', line: 3, col: 1 } }]]),
    at: { file: 'a.yml', line: 1, col: 1 },
  }
}

export function plan(n: number): Plan {
  return {
    digest: digestOfNumber(100 + n),
    key: KEY,
    id: deployment.id,
    verdict: { class: 'upgrade', rule: 'app-version', evidence: ['0.1.0 -> 0.2.0'] },
    to: digestOfNumber(n),
    diff: { inputs: [], values: [], objects: [] },
    steps: [],
    stops: [],
    generated: [],
  }
}

export function intent(sequence: number, epoch: number): Intent {
  return {
    version: 1,
    sequence,
    epoch,
    deployment,
    phase: 'running',
    commit: shaOf(epoch),
    class: 'upgrade',
    instance: digestOfNumber(epoch),
    plan: digestOfNumber(100 + epoch),
    bundle: digestOfNumber(200 + epoch),
    signature: 'x',
  }
}
