import { posix } from 'node:path'
import vm from 'node:vm'
import type { LinkedAction } from '../domain/instance.ts'
import type { Json, JsonObject } from '../util/json.ts'
import { isPrimitive, toArguments } from '../actions/arguments.ts'
import { PRIMITIVES, type PrimitiveName } from '../actions/primitives.ts'

/** What stands behind the primitives, the clock and chance of an action. */
export interface ActionWorld {
  readonly call: (primitive: PrimitiveName, args: JsonObject) => Promise<Json>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
}

/**
 * Runs the code of one action in a context of its own, which has the language and nothing else:
 * no modules but its own, no `process`, `fetch`, timers or `console`, no code from text.
 *
 * Not a wall against hostile code: the process around it is. Needs `--experimental-vm-modules`.
 * Errors: rejects with what the action threw; Error when a file or the function is missing.
 */
export async function evaluateAction(
  action: LinkedAction,
  input: { readonly context: JsonObject; readonly targetVersion: string },
  world: ActionWorld,
): Promise<void> {
  const context = vm.createContext({ __proto__: null }, { codeGeneration: { strings: false, wasm: false } })
  const inside = vm.runInContext(INSIDE, context, { filename: 'styrmin' }) as Inside
  const { action: declare, start } = inside(bridge(world), world.now, world.random, PRIMITIVES.join(','))
  const entry = await link(action, context, declare)
  const found: unknown = Reflect.get(entry.namespace, action.entry.function)
  if (found === undefined) throw new Error(`${action.entry.file} exports no "${action.entry.function}"`)
  await new Promise<void>((resolve, reject) => {
    start(found, JSON.stringify(input), resolve, (message) => reject(new Error(message)))
  })
}

type Bridge = (name: string, values: string, resolve: (result: string) => void, reject: (why: string) => void) => void
type Inside = (
  call: Bridge,
  now: () => number,
  random: () => number,
  names: string,
) => {
  readonly action: unknown
  readonly start: (action: unknown, input: string, done: () => void, failed: (message: string) => void) => void
}

/** Only texts pass between the two worlds, so no object of ours can be reached from inside. */
function bridge({ call }: ActionWorld): Bridge {
  return (name, values, resolve, reject) => {
    const fail = (error: unknown): void => reject(error instanceof Error ? error.message : String(error))
    if (!isPrimitive(name)) return reject(`no primitive "${name}"`)
    try {
      const args = toArguments(name, JSON.parse(values) as readonly Json[])
      call(name, args).then((result) => resolve(JSON.stringify(result)), fail)
    } catch (error) {
      fail(error)
    }
  }
}

async function link(action: LinkedAction, context: vm.Context, declare: unknown): Promise<vm.Module> {
  const sources = new Map(action.modules.map(({ path, code }) => [posix.normalize(path), code]))
  const modules = new Map<string, vm.Module>()
  const own = new vm.SyntheticModule(['action'], () => own.setExport('action', declare), {
    context,
    identifier: 'styrmin/actions',
  })
  const load = (path: string, from: string): vm.Module => {
    const known = modules.get(path)
    if (known !== undefined) return known
    const code = sources.get(path)
    if (code === undefined) throw new Error(`${from} imports "${path}", which is not part of the driver`)
    const module = new vm.SourceTextModule(code, { context, identifier: path })
    modules.set(path, module)
    return module
  }
  const entry = load(posix.normalize(action.entry.file), 'the driver')
  await entry.link((specifier, { identifier }) =>
    specifier === 'styrmin/actions' ? own : load(posix.join(posix.dirname(identifier), specifier), identifier),
  )
  await entry.evaluate()
  return entry
}

const INSIDE = `(call, now, random, names) => {
  'use strict'
  const { JSON, Promise, Error, Object, Reflect } = globalThis
  const freeze = (value) => {
    if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze)
    return value
  }
  const primitive = (name) => (...values) => new Promise((resolve, reject) => {
    call(name, JSON.stringify(values), (text) => resolve(JSON.parse(text)), (why) => reject(new Error(why)))
  })
  const primitives = Object.freeze(Object.fromEntries(names.split(',').map((name) => [name, primitive(name)])))
  const RealDate = globalThis.Date
  const JournalDate = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
    get: (target, key) => (key === 'now' ? () => now() : Reflect.get(target, key)),
  })
  Object.defineProperty(RealDate.prototype, 'constructor', { value: JournalDate })
  globalThis.Date = JournalDate
  globalThis.Math.random = () => random()
  for (const name of ['console', 'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'FinalizationRegistry', 'WeakRef']) {
    delete globalThis[name]
  }
  const textOf = (error) => {
    try {
      return error instanceof Error ? String(error.message) : String(error)
    } catch {
      return 'unknown error'
    }
  }
  return {
    action: (run) => Object.freeze({ kind: 'styrmin-action', run }),
    start: (action, text, done, failed) => {
      const { context, targetVersion } = JSON.parse(text)
      if (action?.kind !== 'styrmin-action') return failed('it is not made by action()')
      Promise.resolve()
        .then(() => action.run({ context: freeze(context), targetVersion, primitives }))
        .then(() => done(), (error) => failed(textOf(error)))
    },
  }
}`
