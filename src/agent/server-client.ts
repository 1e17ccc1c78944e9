import {
  bundleDigestOf,
  decodeBundle,
  decodeGeneratedValues,
  decodeHello,
  decodeIntentList,
} from '../core/intents/wire.ts'
import { SetupError, UnreachableError } from '../domain/errors.ts'
import type { Digest } from '../domain/ids.ts'
import type { Bundle, GeneratedValues, Hello, Intent, Report } from '../domain/wire.ts'
import type { Json } from '../util/json.ts'

/** The server, as the agent sees it. Errors: UnreachableError when it does not answer, SetupError when it refuses. */
export interface ServerClient {
  hello(signal: AbortSignal): Promise<Hello>
  /** Ascending by sequence; waits up to `waitSeconds` for the first. */
  intents(after: number, waitSeconds: number, signal: AbortSignal): Promise<readonly Intent[]>
  /** The bundle's own bytes, checked against the digest. */
  bundle(digest: Digest, signal: AbortSignal): Promise<string>
  fill(digest: Digest, key: Uint8Array, signal: AbortSignal): Promise<GeneratedValues>
  report(report: Report, signal: AbortSignal): Promise<void>
}

/** The message itself is refused: sent again unchanged, it is refused again. */
export class MessageRefused extends SetupError {}

const ANSWER_MS = 30_000
/** Answers that speak of the message; any other refusal may end without the message being changed. */
const OF_THE_MESSAGE = new Set([400, 413, 422])

interface Question {
  readonly path: string
  readonly body?: Json
  readonly waitMs?: number
}

/** The server behind an address, over HTTP. */
export function connectServer(url: string, token: string): ServerClient {
  const base = url.replace(/\/$/, '')
  const ask = async (question: Question, signal: AbortSignal): Promise<string> => {
    const { status, text } = await exchange(base, token, question, signal)
    if (status >= 200 && status < 300) return text
    if (status >= 500 || status === 429 || status === 408) throw unreachable(base, `HTTP ${status}`)
    const why = `${question.path.split('?')[0] ?? ''}: HTTP ${status} ${text.slice(0, 300)}`
    throw refused(why, { ofMessage: OF_THE_MESSAGE.has(status) })
  }
  return {
    hello: async (signal) => read(decodeHello, await ask({ path: 'hello' }, signal)),
    intents: async (after, waitSeconds, signal) => {
      const text = await ask({ path: `intents?after=${after}&wait=${waitSeconds}`, waitMs: waitSeconds * 1000 }, signal)
      return read(decodeIntentList, text).intents
    },
    bundle: async (digest, signal) => checkBundle(await ask({ path: `bundles/${digest}` }, signal), digest),
    fill: async (digest, key, signal) => {
      const body = { key: Buffer.from(key).toString('base64') }
      return read(decodeGeneratedValues, await ask({ path: `bundles/${digest}/fill`, body }, signal))
    },
    report: async (report, signal) => void (await ask({ path: 'reports', body: report as unknown as Json }, signal)),
  }
}

async function exchange(
  base: string,
  token: string,
  question: Question,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = question.body === undefined ? {} : { method: 'POST', body: JSON.stringify(question.body) }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS + (question.waitMs ?? 0))])
  try {
    const answer = await fetch(`${base}/agent/v1/${question.path}`, { headers, ...body, signal: limit })
    return { status: answer.status, text: await answer.text() }
  } catch (cause) {
    signal.throwIfAborted()
    throw unreachable(base, cause instanceof Error ? (causeOf(cause) ?? cause.message) : String(cause), cause)
  }
}

/** Reads a bundle's bytes. Errors: SetupError when it is none of ours. */
export function readBundle(text: string): Bundle {
  return read(decodeBundle, text)
}

/** The bytes themselves, when they are what the digest names. Errors: SetupError when they are not. */
export function checkBundle(text: string, digest: Digest): string {
  const found = bundleDigestOf(text)
  if (found === digest) return text
  throw new SetupError('STY506', `the bundle ${digest} has the digest ${found}`, {
    hint: 'Check what stands between agent and server; a new commit makes a new bundle.',
  })
}

type Decoder<T> = (
  value: unknown,
) => { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: readonly string[] }

function read<T>(decode: Decoder<T>, text: string): T {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (cause) {
    throw refused('the answer is no JSON', { cause })
  }
  const decoded = decode(value)
  if (decoded.ok) return decoded.value
  throw refused(decoded.faults.slice(0, 3).join('; '))
}

function causeOf(error: Error): string | undefined {
  return error.cause instanceof Error ? error.cause.message : undefined
}

function unreachable(base: string, why: string, cause?: unknown): UnreachableError {
  return new UnreachableError('STY503', `the server at ${base} does not answer: ${why}`, {
    hint: 'Nothing to do: it is tried again, and what runs goes on.',
    cause,
  })
}

function refused(
  why: string,
  { ofMessage = false, cause }: { readonly ofMessage?: boolean; readonly cause?: unknown } = {},
): SetupError {
  const Refusal = ofMessage ? MessageRefused : SetupError
  return new Refusal('STY504', `the server refused: ${why}`, {
    hint: 'Check the token of the cluster (`styrminctl cluster token`) and the versions of agent and server.',
    cause,
  })
}
