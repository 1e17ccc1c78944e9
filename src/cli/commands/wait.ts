import { setTimeout as sleep } from 'node:timers/promises'
import { InputError, UnreachableError } from '../../domain/errors.ts'
import type { StyrminClient } from '../../sdk/index.ts'
import { openClient, type ReachOptions, splitKey } from '../online.ts'
import type { CliWorld, ExitCode } from '../world.ts'

export interface WaitOptions extends ReachOptions {
  /** `ready`, or `commit=<sha>`: the server must have taken up that commit first. */
  readonly for: string
  readonly timeout: number
}

interface Seen {
  readonly environment: { readonly name: string }
  readonly name: string
  readonly ready: boolean
  readonly phase: string
  readonly message: string
  readonly blocked: boolean
  readonly sync: string
}

interface Overview {
  readonly status: { readonly head: string | null }
  readonly commits: { readonly nodes: readonly { readonly sha: string }[] }
  readonly deployments: { readonly nodes: readonly Seen[] }
}

const QUERY = `{
  status { head }
  commits(first: 50) { nodes { sha } }
  deployments(first: 500) { nodes { environment { name } name ready phase message blocked sync } }
}`

const LOOK_MS = 300

/**
 * Waits until deployments are ready at what their newest commit asks for; a stopped one is done when it is stopped.
 *
 * Errors: exit code 4 at once when one has failed; UnreachableError STY608 (exit code 124) when the time is up, naming what is missing.
 */
export async function wait(
  names: readonly string[],
  options: WaitOptions,
  world: CliWorld,
  signal: AbortSignal,
): Promise<ExitCode> {
  const commit = commitOf(options.for)
  const wanted = new Set(names.map((name) => keyText(splitKey(name))))
  const client = await openClient(options, world)
  const deadline = world.now() + options.timeout * 1000
  for (;;) {
    const overview = await look(client, signal)
    const looked = overview.deployments.nodes.filter((one) => wanted.size === 0 || wanted.has(keyOf(one)))
    const missing = [...wanted].filter((key) => !looked.some((one) => keyOf(one) === key))
    const failed = looked.filter(({ phase }) => phase === 'failed' || phase === 'needs-attention')
    if (failed.length > 0) return tell(failed, world)
    const open = looked.filter((one) => !isDone(one))
    if (open.length === 0 && missing.length === 0 && hasCommit(overview, commit)) {
      world.out(looked.map((one) => `${keyOf(one)} ${one.phase}\n`).join(''))
      return 0
    }
    if (world.now() > deadline)
      throw timeOut([...missing, ...open.map((one) => `${keyOf(one)} (${one.phase}: ${one.message})`)], options)
    await sleep(LOOK_MS, undefined, { signal })
  }
}

function commitOf(text: string): string | undefined {
  if (text === 'ready') return undefined
  const sha = /^commit=([0-9a-f]{7,40})$/.exec(text)?.[1]
  if (sha === undefined)
    throw new InputError('STY600', `--for does not take "${text}"`, { hint: 'Write ready, or commit=<sha>.' })
  return sha
}

function hasCommit({ status, commits }: Overview, commit: string | undefined): boolean {
  if (commit === undefined) return status.head !== null
  return commits.nodes.some(({ sha }) => sha.startsWith(commit))
}

function isDone({ ready, phase, blocked, sync }: Seen): boolean {
  return !blocked && sync === 'Synced' && (ready || phase === 'stopped')
}

function keyOf({ environment, name }: Seen): string {
  return keyText({ environment: environment.name, name })
}

function keyText({ environment, name }: { readonly environment: string; readonly name: string }): string {
  return `${environment}/${name}`
}

function look(client: StyrminClient, signal: AbortSignal): Promise<Overview> {
  return client.query<Overview>(QUERY, {}, signal)
}

function tell(failed: readonly Seen[], world: CliWorld): ExitCode {
  for (const one of failed) world.err(`${keyOf(one)} ${one.phase}: ${one.message}\n`)
  return 4
}

function timeOut(open: readonly string[], { timeout }: WaitOptions): UnreachableError {
  return new UnreachableError('STY608', `after ${timeout} s still open: ${open.join(', ') || 'the commit'}`, {
    hint: 'Look closer with "styrminctl describe <deployment>".',
  })
}
