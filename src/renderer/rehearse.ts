// In:    JavaScript of an action, a Context, answers that are known
// Out:   the primitives it calls, in order, with their arguments
// Never: gives the code an object of this process; it lives in a context of its own and speaks JSON with us
import { createContext, runInContext, SourceTextModule } from 'node:vm'
import type { Context } from 'node:vm'
import type { Problem } from '../domain/problem.ts'
import type { RehearsalRequest, RehearsedCall } from '../ports/renderer.ts'
import { isObject, type Json, listAt, textAt } from '../util/json.ts'
import type { RehearsalAnswer } from './protocol.ts'
import { HARNESS, PRELUDE } from './rehearsal-harness.ts'
import type { RendererCode } from './template/codes.ts'
import { problemAt } from './template/fault.ts'

type Modules = RehearsalRequest['action']['modules']

const SDK = 'styrmin/actions'
/** Primitives answer at once here, so this is far more than any action needs. */
const EVALUATE_MS = 2_000

/**
 * Runs an action against a recording context.
 *
 * Order:  calls as the action makes them, up to its end or its error.
 * Errors: none thrown for what an author can write.
 */
export function rehearse(request: RehearsalRequest, sdk: Modules): RehearsalAnswer {
  const { action, context, targetVersion, images } = request
  const realm = createContext(
    { styrminInput: JSON.stringify({ function: action.entry.function, context, targetVersion, images }) },
    { codeGeneration: { strings: false, wasm: false }, microtaskMode: 'afterEvaluate' },
  )
  runInContext(PRELUDE, realm, { filename: 'styrmin:prelude' })
  try {
    const linker = new Linker(realm, action.modules, sdk)
    const harness = link(linker, action.entry.file)
    harness.instantiate()
    const startMs = performance.now()
    harness.evaluate({ timeout: EVALUATE_MS }).catch(() => {})
    // The promise says so too late, and the module may call itself evaluated: its time is the one sure sign.
    if (performance.now() - startMs >= EVALUATE_MS) return { calls: [], problems: [lateProblem(action.entry.file)] }
    return linker.askedForMore === undefined
      ? answerOf(harness, request)
      : { calls: [], problems: [linker.askedForMore] }
  } catch (cause) {
    return { calls: [], problems: [loadProblem(cause, action.entry.file)] }
  }
}

/** A module that is asked for but not there, or may not be asked for. */
class LinkFault extends Error {
  readonly file: string

  constructor(message: string, file: string) {
    super(message)
    this.file = file
  }
}

function link(linker: Linker, entry: string): SourceTextModule {
  const harness = linker.make('styrmin:harness', HARNESS)
  linker.link(harness, (specifier) =>
    specifier === 'styrmin:entry' ? linker.driverModule(entry, entry) : linker.sdkIndex(),
  )
  return harness
}

/** Makes modules from memory, each once. */
class Linker {
  readonly #realm: Context
  readonly #driver: ReadonlyMap<string, string>
  readonly #sdk: ReadonlyMap<string, string>
  askedForMore: Problem | undefined
  readonly #made = new Map<string, SourceTextModule>()

  constructor(realm: Context, driver: Modules, sdk: Modules) {
    this.#realm = realm
    this.#driver = new Map(driver.map(({ path, code }) => [path, code]))
    this.#sdk = new Map(sdk.map(({ path, code }) => [path, code]))
  }

  make(identifier: string, code: string): SourceTextModule {
    return new SourceTextModule(code, {
      identifier,
      context: this.#realm,
      importModuleDynamically: () => this.#refuse(identifier),
    })
  }

  /** `import(…)`: nothing is handed in, so what waits for it never goes on. */
  #refuse(identifier: string): never {
    const file = identifier.replace(/^driver:/, '')
    const text = { message: 'import() is not there in actions', hint: 'Import at the top of the file.' }
    this.askedForMore ??= problemAt('actionLoad', text, { file, line: 1, col: 1 })
    throw new TypeError(text.message)
  }

  link(module: SourceTextModule, find: (specifier: string) => SourceTextModule): void {
    module.linkRequests(module.moduleRequests.map(({ specifier }) => find(specifier)))
  }

  driverModule(path: string, importer: string): SourceTextModule {
    return this.#module(`driver:${path}`, this.#driver.get(path) ?? missing(path, importer), (specifier) => {
      if (specifier === SDK) return this.sdkIndex()
      if (specifier.startsWith('./') || specifier.startsWith('../'))
        return this.driverModule(resolved(path, specifier), path)
      throw new LinkFault(`"${specifier}" may not be imported`, path)
    })
  }

  sdkIndex(): SourceTextModule {
    return this.sdkModule(this.#sdk.has('index.ts') ? 'index.ts' : 'index.js')
  }

  sdkModule(path: string): SourceTextModule {
    return this.#module(`sdk:${path}`, this.#sdk.get(path) ?? missing(path, SDK), (specifier) =>
      this.sdkModule(resolved(path, specifier)),
    )
  }

  #module(identifier: string, code: string, find: (specifier: string) => SourceTextModule): SourceTextModule {
    const known = this.#made.get(identifier)
    if (known !== undefined) return known
    const module = this.make(identifier, code)
    this.#made.set(identifier, module)
    this.link(module, find)
    return module
  }
}

function missing(path: string, importer: string): never {
  throw new LinkFault(`there is no file ${path} beside the action`, importer)
}

/** A relative import as a path from the driver's folder. */
function resolved(from: string, specifier: string): string {
  const steps = from.split('/').slice(0, -1)
  for (const step of specifier.split('/')) {
    if (step === '..' && steps.pop() === undefined)
      throw new LinkFault(`"${specifier}" leaves the driver's folder`, from)
    if (step !== '.' && step !== '..') steps.push(step)
  }
  return steps.join('/')
}

function lateProblem(file: string): Problem {
  const text = {
    message: `the action took longer than ${EVALUATE_MS} ms`,
    hint: 'Look for endless loops in the action.',
  }
  return problemAt('deadline', text, { file, line: 1, col: 1 })
}

function loadProblem(cause: unknown, entry: string): Problem {
  const hint = 'Import only `styrmin/actions` and files beside it, and check the code with `styrminctl validate`.'
  const message = textOf(cause, 'message')
  if (cause instanceof LinkFault)
    return problemAt('actionLoad', { message, hint }, { file: cause.file, line: 1, col: 1 })
  const at = /driver:([^:\n]+):(\d+)(?::(\d+))?/.exec(textOf(cause, 'stack'))
  return problemAt(
    'actionLoad',
    { message, hint },
    { file: at?.[1] ?? entry, line: Number(at?.[2] ?? 1), col: Number(at?.[3] ?? 1) },
  )
}

/** A field of what was thrown, which may be anything: an object of the context, or its proxy. */
function textOf(cause: unknown, field: 'message' | 'stack'): string {
  try {
    const text: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, field) : undefined
    return typeof text === 'string' ? text : 'the code cannot be loaded'
  } catch {
    return 'the code cannot be loaded'
  }
}

function answerOf(harness: SourceTextModule, { action }: RehearsalRequest): RehearsalAnswer {
  const file = action.entry.file
  if (harness.status === 'errored') return { calls: [], problems: [loadProblem(harness.error, file)] }
  const { report } = harness.namespace as { readonly report?: unknown }
  if (typeof report !== 'string') {
    const text = { message: 'the code of the action does not come to its end', hint: 'Wait for primitives only.' }
    return { calls: [], problems: [problemAt('actionStuck', text, { file, line: 1, col: 1 })] }
  }
  return readReport(JSON.parse(report) as Json, file)
}

function readReport(report: Json, file: string): RehearsalAnswer {
  const calls = listAt(report, 'calls').flatMap((call): readonly RehearsedCall[] => {
    const args = isObject(call) ? call['args'] : undefined
    if (!isObject(call) || !isObject(args)) return []
    return [{ primitive: String(textAt(call, 'primitive')), args, live: call['live'] === true }]
  })
  const message = textAt(report, 'error')
  return { calls, problems: message === undefined ? [] : [reportProblem(report, message, file)] }
}

const REASONS: Readonly<Record<string, { readonly code: RendererCode; readonly hint: string }>> = {
  load: { code: 'actionLoad', hint: 'Export it as `export const name = action(async (…) => { … })`.' },
  threw: { code: 'actionFailed', hint: 'Make the action work for this change; only primitives reach the cluster.' },
  stuck: { code: 'actionStuck', hint: 'Wait for primitives only.' },
}

function reportProblem(report: Json, message: string, file: string): Problem {
  const { code, hint } = REASONS[textAt(report, 'reason') ?? ''] ?? {
    code: 'actionFailed',
    hint: 'Correct the action.',
  }
  const at = /driver:([^:\n]+):(\d+):(\d+)/.exec(textAt(report, 'stack') ?? '')
  return problemAt(
    code,
    { message, hint },
    { file: at?.[1] ?? file, line: Number(at?.[2] ?? 1), col: Number(at?.[3] ?? 1) },
  )
}
