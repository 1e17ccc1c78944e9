import type { EnvironmentDocument } from '../../domain/documents.ts'
import type { DeploymentKey } from '../../domain/ids.ts'
import { byText } from '../../util/json.ts'

/** What was declared before. */
export interface DeclaredBefore {
  readonly file: string
}

/** What a tree says now. */
export interface DeclaredNow {
  /** The file of each declared deployment, blocked or not. */
  readonly declared: ReadonlyMap<DeploymentKey, string>
  readonly blocked: readonly DeploymentKey[]
  readonly declaredTwice: readonly DeploymentKey[]
  readonly unsureFiles: readonly string[]
  /** Paths that were read for documents. */
  readonly readFiles: ReadonlySet<string>
  /** All paths of the tree. */
  readonly presentFiles: ReadonlySet<string>
  readonly environments: readonly EnvironmentDocument[]
  /** Environments of the tree before, for protection that goes away together with its document. */
  readonly environmentsBefore: readonly Pick<EnvironmentDocument, 'name' | 'protect'>[]
}

/** What goes away, and what stays although its document is gone. Both sorted by key. */
export interface FoundDeletions {
  readonly deleted: readonly DeploymentKey[]
  readonly held: readonly { readonly key: DeploymentKey; readonly why: string }[]
}

/**
 * Which deployments are gone for good.
 *
 * Shape:  a deployment is deleted only when the file that held it is gone or was read without it, no error could hide
 *         it, and its environment is not protected. An uncertainty falls on the side of keeping.
 */
export function findDeletions(previous: ReadonlyMap<DeploymentKey, DeclaredBefore>, now: DeclaredNow): FoundDeletions {
  const gone = [...previous].filter(([key]) => !now.declared.has(key)).sort(byText(([key]) => key))
  const hiding = gone.length === 0 ? undefined : whatCouldHide(previous, now)
  const judged = gone.map(([key, { file }]) => ({ key, why: hiding ?? fileDoubt(file, now) ?? protection(key, now) }))
  return {
    deleted: judged.filter(({ why }) => why === undefined).map(({ key }) => key),
    held: judged.flatMap(({ key, why }) => (why === undefined ? [] : [{ key, why }])),
  }
}

/** An error anywhere that could be a deployment misspelt or unreadable. */
function whatCouldHide(previous: ReadonlyMap<DeploymentKey, DeclaredBefore>, now: DeclaredNow): string | undefined {
  if (now.declared.size === 0) return 'the commit declares nothing at all, and everything is never deleted at once'
  const [unsure] = now.unsureFiles
  if (unsure !== undefined) return `${unsure} cannot be read and could hold it`
  const [twice] = now.declaredTwice
  if (twice !== undefined) return `${twice} is declared twice, and one of the two could be meant`
  const strange = now.blocked.find((key) => !previous.has(key))
  return strange === undefined ? undefined : `${strange} is new and has an error, and could be meant`
}

function fileDoubt(file: string, { presentFiles, readFiles }: DeclaredNow): string | undefined {
  const link = foldersOf(file).find((folder) => presentFiles.has(folder))
  if (link !== undefined) return `the folder ${link} has become a link or a file`
  if (!presentFiles.has(file) || readFiles.has(file)) return undefined
  return `${file} is still there, but is now part of a chart or a template`
}

/** `a/b/c.yml` -> `a`, `a/b`. */
function foldersOf(file: string): readonly string[] {
  const steps = file.split('/')
  return steps.slice(1).map((_, index) => steps.slice(0, index + 1).join('/'))
}

function protection(key: DeploymentKey, { environments, environmentsBefore }: DeclaredNow): string | undefined {
  const name = key.slice(0, key.indexOf('/'))
  const here = environments.find((environment) => environment.name === name)
  const before = environmentsBefore.find((environment) => environment.name === name)
  const guarded = (here ?? before)?.protect === true
  return guarded ? `the environment ${name} is protected; set protect: false in the same commit` : undefined
}
