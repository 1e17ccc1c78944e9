import type { CommitSha, DeploymentKey, Digest, JsonPointer } from '../../domain/ids.ts'
import type { ResolvedInstance } from '../../domain/instance.ts'
import type { Origin } from '../../domain/source.ts'
import type { CommitStatus, StoredBundle } from '../../ports/store.ts'
import type { Tables } from './tables.ts'

/** Reads what `JSON.stringify` of the same type wrote: only our own rows come here. */
export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T
}

interface Beside extends Omit<ResolvedInstance, 'instance' | 'origins'> {
  readonly origins: readonly (readonly [JsonPointer, Origin])[]
}

/** The two texts of an Instance's row: what its digest is over, and what is kept beside it. */
export function instanceTexts({ instance, origins, ...rest }: ResolvedInstance): {
  readonly json: string
  readonly beside: string
} {
  const beside: Beside = { ...rest, origins: [...origins] }
  return { json: JSON.stringify(instance), beside: JSON.stringify(beside) }
}

/** The Instance of a row. */
export function instanceOf(row: { readonly json: string; readonly beside: string }): ResolvedInstance {
  const { origins, ...beside } = fromJson<Beside>(row.beside)
  return { ...beside, instance: fromJson(row.json), origins: new Map(origins) }
}

/** The bundle of a row. */
export function bundleOf(row: Tables['bundles']): StoredBundle {
  return {
    digest: row.digest as Digest,
    text: row.text,
    commit: row.commit_sha as CommitSha,
    key: row.deployment as DeploymentKey,
  }
}

/** The commit status of a row. */
export function statusOf(row: Omit<Tables['statuses'], 'sent'>): CommitStatus {
  return {
    sha: row.commit_sha as CommitSha,
    context: row.context,
    state: row.state as CommitStatus['state'],
    description: row.description,
    digest: row.digest === null ? undefined : (row.digest as Digest),
    atMs: row.at,
  }
}
