import { inject } from 'vitest'
import { compactEtcd } from './etcd.ts'

/** The one control plane that all cluster tests of a run share, as global-setup.ts hands it to the workers. */
export interface SharedAddress {
  readonly url: string
  /** A token of group `system:masters`. */
  readonly token: string
  readonly ca: string
  readonly caFile: string
  readonly kubeconfig: string
  readonly kubectl: string
  /** Absent where the store is not an etcd that can be reached. */
  readonly etcdUrl?: string
}

declare module 'vitest' {
  interface ProvidedContext {
    controlPlane: SharedAddress | { readonly missing: string }
  }
}

/** The shared control plane with what a test may do to it; its API server must not be stopped. */
export interface SharedControlPlane extends SharedAddress {
  /** Forgets all history, so that old resource versions expire. */
  compact?(): Promise<void>
}

/**
 * The control plane of this run, or `undefined` where none can be had.
 *
 * Use: `describe.skipIf(plane === undefined)`; each test works in namespaces of its own.
 */
export function acquireControlPlane(): SharedControlPlane | undefined {
  const address = inject('controlPlane')
  if ('missing' in address) return undefined
  const { etcdUrl } = address
  return etcdUrl === undefined ? address : { ...address, compact: () => compactEtcd(etcdUrl) }
}
