import { PROGRAMS, type ProgramName } from './binaries.ts'

/** What a machine offers for a real control plane. */
export interface MachineFacts {
  /** The programs in the folder of `KUBEBUILDER_ASSETS`; absent when it is not set. */
  readonly assets?: readonly string[]
  /** Whether a container engine answers. */
  readonly engine: boolean
  /** As `go env GOVERSION` prints it, `go1.26.0`; absent without Go. */
  readonly go?: string
}

/** Where the control plane of the tests comes from, or why there is none. */
export type Choice =
  | { readonly kind: 'assets' }
  | { readonly kind: 'engine' }
  | { readonly kind: 'go' }
  | { readonly kind: 'none'; readonly reason: string }

/** What envtest's assets hold; without these three the folder is of no use. */
const CORE: readonly ProgramName[] = ['etcd', 'kube-apiserver', 'kubectl']

/** The oldest Go that builds the pinned modules. */
const GO_MINOR = 24

/**
 * Chooses the source of the control plane: assets that were named win, then a container engine, then Go.
 *
 * Shape: assets may lack the controllers where Go can build them.
 */
export function chooseControlPlane(facts: MachineFacts): Choice {
  const builds = facts.go !== undefined && goMinor(facts.go) >= GO_MINOR
  if (facts.assets !== undefined && missing(facts.assets, builds ? CORE : PROGRAMS).length === 0) {
    return { kind: 'assets' }
  }
  if (facts.engine) return { kind: 'engine' }
  if (builds) return { kind: 'go' }
  return { kind: 'none', reason: [assetsReason(facts), 'no container engine answers', goReason(facts)].join(', ') }
}

function missing(assets: readonly string[], wanted: readonly string[]): readonly string[] {
  return wanted.filter((name) => !assets.includes(name))
}

function assetsReason({ assets }: MachineFacts): string {
  if (assets === undefined) return 'KUBEBUILDER_ASSETS is not set'
  return `KUBEBUILDER_ASSETS lacks ${missing(assets, PROGRAMS).join(', ')}`
}

function goReason({ go }: MachineFacts): string {
  return go === undefined ? 'there is no Go' : `${go} is older than 1.${GO_MINOR}`
}

/** The minor version of `go1.26.0` or `go1.26rc1`; -1 when it is not of that form. */
function goMinor(version: string): number {
  return Number(/^go1\.(\d+)/.exec(version)?.[1] ?? -1)
}
