import type { ChartFile } from '../domain/driver.ts'
import type { Manifest } from '../domain/manifest.ts'
import type { Problem } from '../domain/problem.ts'
import type { GeneratedValues } from '../domain/wire.ts'
import type { RehearsalRequest, RehearsedCall, RenderAnswer, RenderRequest } from '../ports/renderer.ts'
import { isObject, type Json } from '../util/json.ts'

/** A render request without the chart's bytes; they are sent once for each process and named by digest. */
export interface ChartlessRequest extends Omit<RenderRequest, 'chart'> {
  readonly chartDigest: string
}

/** One thing for a renderer process to do. */
export type Job =
  | { readonly kind: 'render'; readonly request: ChartlessRequest }
  | { readonly kind: 'fill'; readonly request: ChartlessRequest; readonly key: Uint8Array }
  | { readonly kind: 'rehearse'; readonly request: RehearsalRequest }

/** Parent to child, as v8 serialises it. */
export type ToChild =
  | { readonly kind: 'chart'; readonly digest: string; readonly files: readonly ChartFile[] }
  | { readonly kind: 'forget-charts' }
  | { readonly kind: 'job'; readonly id: number; readonly deadlineMs: number; readonly job: Job }

/** Child to parent, as JSON: the child may have been taken over, so nothing in it is believed unchecked. */
export type FromChild =
  | { readonly kind: 'ready'; readonly engineVersion: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Json }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }

/** Steps an action takes, and what is wrong with it. */
export interface RehearsalAnswer {
  readonly calls: readonly RehearsedCall[]
  readonly problems: readonly Problem[]
}

/** Checks a message of a child. Errors: TypeError when it is none. */
export function readFromChild(text: string): FromChild {
  const value: unknown = JSON.parse(text)
  if (!isObject(value)) throw new TypeError('not a message')
  const { kind, id, engineVersion, answer, message } = value
  if (kind === 'ready' && typeof engineVersion === 'string') return { kind, engineVersion }
  if (kind === 'answer' && typeof id === 'number' && answer !== undefined) return { kind, id, answer }
  if (kind === 'failed' && typeof id === 'number' && typeof message === 'string') return { kind, id, message }
  throw new TypeError('not a message')
}

/** Checks the answer to a render job. Errors: TypeError. */
export function readRenderAnswer(value: Json): RenderAnswer {
  if (!isObject(value) || !isObject(value['values']) || typeof value['text'] !== 'string')
    throw new TypeError('not a render')
  if (!isListOf(value['manifests'], isManifest) || !isListOf(value['problems'], isProblem))
    throw new TypeError('not a render')
  return value as unknown as RenderAnswer
}

/** Checks the answer to a fill job. Errors: TypeError. */
export function readGeneratedValues(value: Json): GeneratedValues {
  if (!isObject(value) || !Object.values(value).every(isObject)) throw new TypeError('not generated values')
  return value as GeneratedValues
}

/** Checks the answer to a rehearsal. Errors: TypeError. */
export function readRehearsal(value: Json): RehearsalAnswer {
  if (!isObject(value)) throw new TypeError('not a rehearsal')
  if (!isListOf(value['calls'], isCall) || !isListOf(value['problems'], isProblem))
    throw new TypeError('not a rehearsal')
  return value as unknown as RehearsalAnswer
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isItem)
}

function isManifest(value: unknown): value is Manifest {
  if (!isObject(value) || !isObject(value['object']) || typeof value['source'] !== 'string') return false
  if (!isListOf(value['generated'], isText) || typeof value['crd'] !== 'boolean') return false
  return value['hook'] === undefined || isHook(value['hook'])
}

function isHook(value: unknown): boolean {
  if (!isObject(value)) return false
  return (
    isListOf(value['events'], isText) &&
    isListOf(value['deletePolicies'], isText) &&
    typeof value['weight'] === 'number'
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isProblem(value: unknown): value is Problem {
  if (!isObject(value) || !isText(value['code']) || !/^STY3\d\d$/.test(value['code'])) return false
  if (value['severity'] !== 'error' && value['severity'] !== 'warning') return false
  return isText(value['message']) && isText(value['hint']) && (value['at'] === undefined || isPlace(value['at']))
}

function isPlace(value: unknown): boolean {
  return (
    isObject(value) && isText(value['file']) && typeof value['line'] === 'number' && typeof value['col'] === 'number'
  )
}

function isCall(value: unknown): value is RehearsedCall {
  return isObject(value) && isText(value['primitive']) && isObject(value['args']) && typeof value['live'] === 'boolean'
}
