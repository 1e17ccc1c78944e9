import { buildContext } from '../core/instances/build-context.ts'
import { contextOrigins } from '../core/instances/context-origins.ts'
import { freezeInstance } from '../core/instances/freeze-instance.ts'
import { chartPlace, checkManifests } from '../core/render/check-manifests.ts'
import { claimsOf } from '../core/render/claims.ts'
import type { DesiredDeployment } from '../domain/desired.ts'
import type { Driver } from '../domain/driver.ts'
import type { LinkedAction, ResolvedInstance } from '../domain/instance.ts'
import type { Problem } from '../domain/problem.ts'
import type { RenderRequest } from '../ports/renderer.ts'
import { digestOf } from '../util/digest.ts'
import { plainJson, textAt } from '../util/json.ts'
import type { PipelineTools } from './resolution.ts'
import type { CheckedRender, Outcome } from './resolve-cache.ts'

/** A deployment with the driver that was loaded for it. */
export interface Resolvable {
  readonly desired: DesiredDeployment
  readonly driver: Driver
  readonly actions: readonly LinkedAction[]
}

/** Resolves one deployment. Errors: bad input as problems that affect it; what the renderer throws is thrown on. */
export async function resolveOne(
  { desired, driver, actions }: Resolvable,
  { renderer, cache }: PipelineTools,
  signal: AbortSignal,
): Promise<Outcome> {
  const built = buildContext(desired, driver.chart)
  const request: RenderRequest = {
    ...(driver.template === undefined ? {} : { template: driver.template }),
    context: built.context,
    chart: driver.chart,
    release: { name: built.release, namespace: built.namespace },
    capabilities: desired.cluster.capabilities,
  }
  const key = renderKey(request, renderer.engineVersion, desired)
  const known = cache.renders.get(key)
  const rendered = known ?? (await renderChecked(request, { desired, services: built.services }, renderer, signal))
  cache.renders.set(key, rendered)
  if (rendered.problems.some(({ severity }) => severity === 'error')) return { problems: rendered.problems }

  const instance = freezeInstance({
    desired,
    driver,
    built,
    values: rendered.values,
    manifestsDigest: rendered.digest,
    engineVersion: renderer.engineVersion,
  })
  const resolved: ResolvedInstance = {
    key: desired.key,
    instance,
    manifests: rendered.manifests,
    actions,
    origins: contextOrigins(desired),
    ...(textAt(driver.spec.raw, 'upgrades', 'downgrade') === 'supported' ? { downgrade: 'supported' } : {}),
    at: desired.document.at,
  }
  return { resolved, request, claims: claimsOf(resolved, rendered.manifests), problems: rendered.problems }
}

/** Everything a checked render depends on; the chart by its digest, the place of the driver for its problems. */
function renderKey(request: RenderRequest, engineVersion: string, { key, driver }: DesiredDeployment): string {
  const { template, context, chart, release, capabilities } = request
  return digestOf(
    plainJson({
      key,
      engineVersion,
      template: template ?? null,
      context,
      chart: chart.digest,
      release,
      capabilities,
      folder: driver.folder,
      location: driver.spec.chart.location,
      clusterScoped: driver.spec.clusterScoped,
      components: driver.spec.components,
    }),
  )
}

async function renderChecked(
  request: RenderRequest,
  {
    desired,
    services,
  }: { readonly desired: DesiredDeployment; readonly services: ReturnType<typeof buildContext>['services'] },
  renderer: PipelineTools['renderer'],
  signal: AbortSignal,
): Promise<CheckedRender> {
  const answer = await renderer.render(request, signal)
  const { driver, key, environment } = desired
  const chartFolder = [driver.folder, driver.spec.chart.location.replace(/^\.\//, '').replace(/\/+$/, '')]
    .filter((part) => part !== '')
    .join('/')
  const checked = checkManifests(answer.manifests, {
    key,
    namespace: environment.namespace,
    services,
    components: driver.spec.components,
    clusterScoped: driver.spec.clusterScoped,
    chartFolder,
  })
  const placed = answer.problems.map((problem) =>
    placedProblem(problem, { desired, chartFolder, template: request.template?.file }),
  )
  return {
    values: answer.values,
    manifests: checked.manifests,
    digest: checked.digest,
    problems: [...placed, ...checked.problems],
  }
}

/** Places of the chart as paths of the repository; without any place, the deployment's document. */
function placedProblem(
  problem: Problem,
  where: { readonly desired: DesiredDeployment; readonly chartFolder: string; readonly template: string | undefined },
): Problem {
  const { at } = problem
  const affects = [where.desired.key]
  if (at === undefined) return { ...problem, at: where.desired.document.at, affects }
  if (at.file === where.template) return { ...problem, affects }
  return { ...problem, at: { ...at, file: chartPlace(where.chartFolder, at.file) }, affects }
}
