/**
 * Run first in the context: what could tell one run from another, or reach out of the context, is taken away.
 *
 * The clock stands still and chance is the same in every rehearsal; in a run both come from the journal.
 */
export const PRELUDE = `
'use strict'
{
  for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'console', 'eval', 'Function', 'FinalizationRegistry', 'WeakRef']) {
    delete globalThis[name]
  }
  const NOW = ${Date.UTC(2026, 0, 1)}
  const RealDate = Date
  globalThis.Date = class Date extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(NOW)
      else super(...args)
    }
    static now() {
      return NOW
    }
  }
  let state = 1
  Math.random = () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}
`

/** The one module of ours in the context: gives the action its input and records what it calls. Speaks JSON with the host. */
export const HARNESS = `
import { isAction, PRIMITIVES } from 'styrmin:sdk'
import * as entry from 'styrmin:entry'

const { parse, stringify } = JSON
const input = parse(globalThis.styrminInput)
delete globalThis.styrminInput

const LIVE = 'known-only-in-the-cluster'
// Long enough that an action which does not wait for its primitive is seen to go on.
const TURNS = 32
const calls = []
let inFlight
let failure

const argsOf = {
  executeCommands: (commands, options) => ({ commands, ...options }),
  log: (message) => ({ message }),
}

const answers = {
  getComponentImages: ({ component }) => input.images[component] ?? [LIVE + '/' + component],
}

function record(primitive, args) {
  if (inFlight !== undefined) throw new Error(primitive + ' was called before ' + inFlight + ' had answered')
  const text = stringify((argsOf[primitive] ?? ((only) => only ?? {}))(...args))
  if (text === undefined) throw new TypeError(primitive + ' was called with what is not JSON')
  calls.push({ primitive, args: parse(text), live: text.includes(LIVE) })
  return parse(text)
}

function deepFreeze(value) {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}

const primitives = {}
for (const name of PRIMITIVES) {
  primitives[name] = async (...args) => {
    const given = record(name, args)
    inFlight = name
    for (let turn = 0; turn < TURNS; turn++) await undefined
    inFlight = undefined
    return answers[name]?.(given)
  }
}

export let report = stringify({ calls: [], reason: 'stuck', error: 'the action waits for something that never happens' })

function finish(more) {
  report = stringify({ calls, ...more })
}

const chosen = Object.hasOwn(entry, input.function) ? entry[input.function] : undefined
if (!isAction(chosen)) {
  finish({ reason: 'load', error: 'the file exports no action named ' + input.function })
} else {
  finish({ reason: 'stuck', error: 'the action waits for something that never happens' })
  const { context, targetVersion } = input
  Promise.resolve()
    .then(() => chosen.run(deepFreeze({ context, targetVersion, primitives })))
    .then(
      () => finish(inFlight === undefined ? {} : { reason: 'threw', error: inFlight + ' was not awaited' }),
      (error) => finish({ reason: 'threw', error: String(error?.message ?? error), stack: String(error?.stack ?? '') }),
    )
}
`
