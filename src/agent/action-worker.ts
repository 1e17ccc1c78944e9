import { parentPort, workerData } from 'node:worker_threads'
import { evaluateAction } from './evaluate-action.ts'
import type { LinkedAction } from '../domain/instance.ts'
import type { Json, JsonObject } from '../util/json.ts'
import { randomFrom } from '../workflow/random.ts'

/** What the thread is started with. */
export interface ActionTask {
  readonly action: LinkedAction
  readonly context: JsonObject
  readonly targetVersion: string
  readonly nowMs: number
  readonly seed: string
}

/** What the thread says. */
export type FromAction =
  | { readonly kind: 'call'; readonly id: number; readonly primitive: string; readonly args: JsonObject }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string }

/** What it is told of a call it made. */
export interface ToAction {
  readonly id: number
  readonly nowMs: number
  readonly result?: Json
  readonly error?: string
}

const task = workerData as ActionTask
const calls = new Map<number, PromiseWithResolvers<Json>>()
let nowMs = task.nowMs

parentPort?.on('message', (answer: ToAction) => {
  nowMs = answer.nowMs
  const call = calls.get(answer.id)
  calls.delete(answer.id)
  if (answer.error === undefined) call?.resolve(answer.result ?? null)
  else call?.reject(new Error(answer.error))
})

const say = (message: FromAction): void => parentPort?.postMessage(message)
let nextId = 0

evaluateAction(task.action, task, {
  now: () => nowMs,
  random: randomFrom(task.seed),
  call: (primitive, args) => {
    const call = Promise.withResolvers<Json>()
    const id = nextId++
    calls.set(id, call)
    say({ kind: 'call', id, primitive, args })
    return call.promise
  },
}).then(
  () => say({ kind: 'done' }),
  (error: unknown) => say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
)
