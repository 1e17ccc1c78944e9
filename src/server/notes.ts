import { type KeyObject, sign } from 'node:crypto'
import type { CommitSha, DeploymentKey, Digest } from '../domain/ids.ts'
import type { NoteLine } from '../ports/store.ts'
import { canonicalJson } from '../util/digest.ts'
import type { JsonObject } from '../util/json.ts'

/** One fact about a commit, for the record in git. */
export interface NoteFact {
  readonly sha: CommitSha
  readonly state: 'resolved' | 'planned' | 'held' | 'applying' | 'applied' | 'failed'
  /** What the fact is about: a resolution, a plan, or an Instance. */
  readonly digest: Digest
  readonly deployment?: DeploymentKey
  readonly cluster?: string
  readonly class?: string
  readonly plan?: Digest
  readonly from?: Digest
  readonly instance?: Digest
  readonly epoch?: number
  readonly message?: string
}

/** How facts become lines. */
export interface NoteMaking {
  readonly atMs: number
  readonly privateKey: KeyObject
}

/** A line of the record: canonical JSON with an ed25519 signature over the line without it. */
export function noteLine({ sha, ...fact }: NoteFact, { atMs, privateKey }: NoteMaking): NoteLine {
  const unsigned: JsonObject = { v: 1, commit: sha, at: new Date(atMs).toISOString(), ...fact }
  const signature = sign(null, Buffer.from(canonicalJson(unsigned)), privateKey).toString('base64')
  return { sha, line: canonicalJson({ ...unsigned, signature }) }
}
