import { isObject, type Json, type JsonObject, own, textAt } from '../../util/json.ts'
import { editDistance } from '../../util/text.ts'

/** The one version of our format. */
export const API_VERSION = 'styrmin.io/v1'

/** Kinds with a schema. */
export const KINDS = ['ApplicationDriver', 'Cluster', 'Deployment', 'Environment'] as const
/** Kinds of the format that nothing acts on yet. */
export const LATER_KINDS: readonly string[] = ['Backup', 'BackupLocation', 'DriverSource', 'Policy', 'Restore']

const GROUP = 'styrmin.io'
const NEAR = 2

/** Whose a document is: ours, nearly ours (so an error), or another's. */
export type Belonging =
  | { readonly kind: 'ours'; readonly root: JsonObject }
  | { readonly kind: 'near'; readonly root: JsonObject; readonly key: string; readonly found: string }
  | { readonly kind: 'other' }

/** Whose a document is, by its `apiVersion`, also a misspelt one. */
export function belonging(value: Json): Belonging {
  if (!isObject(value)) return { kind: 'other' }
  if (own(value, 'apiVersion') === API_VERSION) return { kind: 'ours', root: value }
  const key = Object.keys(value).find((name) => editDistance(name.toLowerCase(), 'apiversion') <= NEAR)
  const found = key === undefined ? undefined : textAt(value, key)
  if (key === undefined || found === undefined || !nearlyOurs(found, textAt(value, 'kind'))) return { kind: 'other' }
  return { kind: 'near', root: value, key, found }
}

function nearlyOurs(apiVersion: string, kind: string | undefined): boolean {
  const group = apiVersion.split('/')[0]?.trim().toLowerCase() ?? ''
  if (group === GROUP) return true
  if (group.length < GROUP.length - NEAR || group.length > GROUP.length + NEAR) return false
  return kind !== undefined && isOurKind(kind) && editDistance(group, GROUP) <= NEAR
}

function isOurKind(kind: string): boolean {
  return [...KINDS, ...LATER_KINDS].some((known) => known.toLowerCase() === kind.toLowerCase())
}
