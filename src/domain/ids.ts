declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** A git commit: 40 lower-case hex digits. */
export type CommitSha = Brand<string, 'CommitSha'>
/** A content address: `sha256:` and 64 lower-case hex digits. */
export type Digest = Brand<string, 'Digest'>
/** Identity of a deployment in the repository: `<environment>/<name>`. */
export type DeploymentKey = Brand<string, 'DeploymentKey'>
/** The stable id of a deployment: 8 lower-case hex digits, in hostnames, labels, release and resource names. */
export type StableId = Brand<string, 'StableId'>
/** RFC 6901. */
export type JsonPointer = string

/** The only way to make one; `undefined` when `text` is not 40 lower-case hex digits. */
export function parseCommitSha(text: string): CommitSha | undefined {
  return /^[0-9a-f]{40}$/.test(text) ? (text as CommitSha) : undefined
}

/** The only way to make one; `undefined` when `text` is no sha256 content address. */
export function parseDigest(text: string): Digest | undefined {
  return /^sha256:[0-9a-f]{64}$/.test(text) ? (text as Digest) : undefined
}

/** Like `parseDigest`, for text that our own code made. Errors: RangeError (our bug). */
export function toDigest(text: string): Digest {
  const digest = parseDigest(text)
  if (digest === undefined) throw new RangeError(`not a digest: ${text}`)
  return digest
}

/** The key of a deployment from its environment's name and its own. */
export function deploymentKey(environment: string, name: string): DeploymentKey {
  return `${environment}/${name}` as DeploymentKey
}

/** The only way to make one; `undefined` when `text` is not 8 lower-case hex digits. */
export function parseStableId(text: string): StableId | undefined {
  return /^[0-9a-f]{8}$/.test(text) ? (text as StableId) : undefined
}
