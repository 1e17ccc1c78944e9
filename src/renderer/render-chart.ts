// In:    a template, a context, a chart
// Out:   values and manifests, with every leaf that chance or clock decided marked as generated
// Never: throws for what an author can write; asks a cluster, a clock or chance
import { createHash } from 'node:crypto'
import { bornAtMs } from '../domain/deployment-key.ts'
import type { ChartFile } from '../domain/driver.ts'
import type { Manifest } from '../domain/manifest.ts'
import { refKey, refOf } from '../domain/object-ref.ts'
import type { Problem } from '../domain/problem.ts'
import type { GeneratedValues } from '../domain/wire.ts'
import type { RenderAnswer } from '../ports/renderer.ts'
import { isObject, type JsonObject, listAt } from '../util/json.ts'
import { Lru } from '../util/lru.ts'
import { valueAt } from '../util/pointer.ts'
import type { HelmEngine } from './engine/helm-engine.ts'
import type { HelmOutput } from './engine/helm-types.ts'
import { templateText } from './engine/template-text.ts'
import { generatedLeaves, mayGenerate, withMarks } from './generated.ts'
import type { ChartlessRequest } from './protocol.ts'
import { problemAt } from './template/fault.ts'
import { compileTemplate, renderValues, type ValuesAnswer } from './template/render-values.ts'

type Rendered = Extract<HelmOutput, { kind: 'rendered' }>

interface Chance {
  readonly seed: string
  readonly nowMs: number
}

/** Two seeds and two clocks that differ in every part of a date; they decide nothing but which leaves differ. */
const FIRST: Chance = { seed: 'styrmin-1', nowMs: Date.UTC(2001, 1, 3, 4, 5, 6, 789) }
const SECOND: Chance = { seed: 'styrmin-2', nowMs: Date.UTC(2014, 9, 16, 17, 38, 49, 123) }
const MAX_TEMPLATES = 64
const MAX_CHARTS = 256

/** Renders charts with one warm engine. */
export class ChartRenderer {
  readonly #engine: HelmEngine
  readonly #charts = new Map<string, { readonly files: readonly ChartFile[]; readonly chancy: boolean }>()
  readonly #templates = new Lru<string, ReturnType<typeof compileTemplate>>(MAX_TEMPLATES)

  constructor(engine: HelmEngine) {
    this.#engine = engine
  }

  /** Keeps a chart's files under its digest. */
  addChart(digest: string, files: readonly ChartFile[]): void {
    const chancy = files.some(({ data }) => mayGenerate(Buffer.from(data).toString('latin1')))
    if (this.#charts.size >= MAX_CHARTS) this.forgetCharts()
    this.#charts.set(digest, { files, chancy })
  }

  forgetCharts(): void {
    this.#charts.clear()
  }

  render(request: ChartlessRequest): RenderAnswer {
    const { values, problems } = this.#values(request)
    if (problems.length > 0) return { values, manifests: [], text: '', problems }
    const first = this.#helm(request, values, FIRST)
    if (first.kind === 'failed')
      return { values, manifests: [], text: '', problems: [chartProblem(first), ...warningsOf(first)] }
    const second = this.#chancy(request, values) ? this.#helm(request, values, SECOND) : first
    const manifests = second.kind === 'failed' ? undefined : markedManifests(first, second)
    if (manifests === undefined)
      return { values, manifests: [], text: '', problems: [namesProblem(), ...warningsOf(first)] }
    return { values, manifests, text: templateText(first), problems: warningsOf(first) }
  }

  /** Values of the generated leaves, from a key; empty when the request does not render. */
  fill(request: ChartlessRequest, key: Uint8Array): GeneratedValues {
    const { values, manifests } = this.render(request)
    if (manifests.every(({ generated }) => generated.length === 0)) return {}
    const seed = createHash('sha256').update('styrmin-fill\0').update(key).digest('hex')
    const filled = this.#helm(request, values, { seed, nowMs: bornAtMs(key) })
    const objects = filled.kind === 'failed' ? [] : manifestsOf(filled)
    return Object.fromEntries(
      manifests.flatMap(({ object, generated }, index) => {
        const source = objects[index]?.object
        if (generated.length === 0 || source === undefined) return []
        return [[refKey(refOf(object)), Object.fromEntries(generated.map((at) => [at, valueAt(source, at) ?? null]))]]
      }),
    )
  }

  #values({ template, context }: ChartlessRequest): ValuesAnswer {
    if (template === undefined) return { values: {}, problems: [] }
    const name = `${template.file}\0${template.source}`
    const compiled = this.#templates.get(name) ?? compileTemplate(template.source, template.file)
    this.#templates.set(name, compiled)
    return 'problems' in compiled
      ? { values: {}, problems: compiled.problems }
      : renderValues(compiled.template, context)
  }

  #helm({ chartDigest, release, capabilities }: ChartlessRequest, values: JsonObject, chance: Chance): HelmOutput {
    const chart = this.#charts.get(chartDigest)?.files ?? []
    return this.#engine.render({ chartDigest, chart, values, release, capabilities, ...chance })
  }

  /** A chart's templates and, because of `tpl`, the values can name such functions. */
  #chancy({ chartDigest }: ChartlessRequest, values: JsonObject): boolean {
    return (this.#charts.get(chartDigest)?.chancy ?? true) || mayGenerate(JSON.stringify(values))
  }
}

/** Both renders as one list; `undefined` when they do not hold the same objects. */
function markedManifests(first: Rendered, second: Rendered): readonly Manifest[] | undefined {
  const [left, right] = [manifestsOf(first), manifestsOf(second)]
  if (left.length !== right.length) return undefined
  const marked = left.flatMap((manifest, index) => {
    const other = right[index]
    if (other === undefined || refKey(refOf(manifest.object)) !== refKey(refOf(other.object))) return []
    const generated = generatedLeaves(manifest.object, other.object)
    return [{ ...manifest, generated, object: withMarks(manifest.object, generated) }]
  })
  return marked.length === left.length ? marked : undefined
}

/** In the order CRDs, objects, hooks; lists taken apart, documents of comments left out. */
function manifestsOf({ crds, manifests, hooks }: Rendered): readonly Manifest[] {
  const plain = { generated: [], crd: false }
  return [
    ...crds.flatMap(({ path, objects }) => objects.map((object) => ({ ...plain, object, source: path, crd: true }))),
    ...manifests.flatMap(({ path, object }) => parts(object).map((part) => ({ ...plain, object: part, source: path }))),
    ...hooks.flatMap(({ path, object, events, weight, deletePolicies }) =>
      parts(object).map((part) => ({ ...plain, object: part, source: path, hook: { events, weight, deletePolicies } })),
    ),
  ]
}

function parts(object: JsonObject | null): readonly JsonObject[] {
  if (object === null) return []
  if (object['kind'] !== 'List' || !Array.isArray(object['items'])) return [object]
  return listAt(object, 'items').filter(isObject)
}

function chartProblem({ fault }: Extract<HelmOutput, { kind: 'failed' }>): Problem {
  const { message, file, line } = fault
  const text = { message, hint: 'Correct the chart, or the values that it is given.' }
  return problemAt('chart', text, file === undefined ? undefined : { file, line: line ?? 1, col: 1 })
}

function namesProblem(): Problem {
  return problemAt('names', {
    message: 'the chart makes other objects from render to render',
    hint: 'Give its objects fixed kinds, names and number; keep generated values inside them.',
  })
}

function warningsOf({ warnings }: HelmOutput): readonly Problem[] {
  const hint = 'Correct the chart, or leave it if the warning is expected.'
  return warnings.map((message) => ({ ...problemAt('warning', { message, hint }), severity: 'warning' as const }))
}
