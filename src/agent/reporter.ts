import { deploymentReport, type ReportInput } from '../core/report/deployment-report.ts'
import type { Step } from '../domain/plan.ts'
import type { DeploymentReport } from '../domain/wire.ts'
import { resourceKey } from './names.ts'
import type { DeploymentResource, RunResource } from './resources.ts'
import { MessageRefused } from './server-client.ts'
import type { AgentWorld } from './world.ts'

const BATCH_MS = 250
const HEARTBEAT_MS = 15_000
const AT_ONCE = 200
const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 15_000

/** Tells the server what changed, at once and in batches, and that the agent is there when nothing did. */
export class Reporter {
  readonly #name: string
  readonly #touched = new Set<string>()
  readonly #progress = new Map<string, string>()
  /** Epochs of deletions that the server has taken in. */
  readonly #deleted = new Map<string, number>()
  readonly #sent = new Map<string, string>()
  #wake: () => void = () => {}
  #atOnce = AT_ONCE
  #beatAtMs = 0
  lastReportMs = 0

  constructor(name: string) {
    this.#name = name
  }

  touch(key: string): void {
    this.#touched.add(key)
    this.#wake()
  }

  say(key: string, message: string): void {
    if (message === '') this.#progress.delete(key)
    else this.#progress.set(key, message)
    this.touch(key)
  }

  isReported(key: string, epoch: number): boolean {
    return this.#deleted.get(key) === epoch
  }

  /** Reports until the signal ends it; what could not be sent is sent again. */
  async run(world: AgentWorld, signal: AbortSignal): Promise<void> {
    const kubernetes = await world.api.version(signal).catch(() => '')
    let failures = 0
    this.#beatAtMs = performance.now()
    while (!signal.aborted) {
      await this.#due(world, this.#beatAtMs + HEARTBEAT_MS - performance.now(), signal)
      if (signal.aborted) return
      failures = (await this.#send(world, kubernetes, signal)) ? 0 : failures + 1
      if (failures > 0) await pause(world, failures, signal)
    }
  }

  /** One message; false when it was not taken in. */
  async #send(world: AgentWorld, kubernetes: string, signal: AbortSignal): Promise<boolean> {
    const keys = [...this.#touched].slice(0, this.#atOnce)
    for (const key of keys) this.#touched.delete(key)
    const deployments = await this.#reportsOf(world, keys, signal)
    if (deployments.length === 0 && performance.now() < this.#beatAtMs + HEARTBEAT_MS) return true
    try {
      const sentAt = new Date(world.clock.now()).toISOString()
      await world.server.report({ version: 1, agent: this.#name, sentAt, kubernetes, deployments }, signal)
    } catch (error) {
      if (!signal.aborted) this.#notTaken(world, keys, error)
      return false
    }
    this.#atOnce = AT_ONCE
    this.#beatAtMs = performance.now()
    this.lastReportMs = world.clock.now()
    for (const report of deployments) this.#taken(world, report)
    return true
  }

  /** One that the server refuses must not hold up the others: it is found by sending fewer, and left out. */
  #notTaken(world: AgentWorld, keys: readonly string[], error: unknown): void {
    world.log.warn({ err: error, deployments: keys }, 'a report could not be sent')
    const isRefused = error instanceof MessageRefused
    if (isRefused) this.#atOnce = 1
    for (const key of keys) {
      this.#sent.delete(key)
      if (!isRefused || keys.length > 1) this.#touched.add(key)
    }
  }

  /** Waits for a change, and a moment more for others; no longer than to the next heartbeat. */
  async #due(world: AgentWorld, heartbeatMs: number, signal: AbortSignal): Promise<void> {
    if (this.#touched.size === 0) {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      this.#wake = () => resolve(undefined)
      const timer = setTimeout(() => resolve(undefined), Math.max(0, heartbeatMs))
      signal.addEventListener('abort', this.#wake, { once: true })
      await promise
      signal.removeEventListener('abort', this.#wake)
      clearTimeout(timer)
    }
    if (this.#touched.size > 0 && this.#touched.size < AT_ONCE)
      await world.clock.sleep(BATCH_MS, signal).catch(() => undefined)
  }

  async #reportsOf(
    world: AgentWorld,
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly DeploymentReport[]> {
    const reports: DeploymentReport[] = []
    for (const key of keys) {
      const report = await this.#reportOf(world, key, signal)
      if (report === undefined) continue
      const { observedAt: _observedAt, ...facts } = report
      const text = JSON.stringify(facts)
      if (this.#sent.get(key) === text) continue
      this.#sent.set(key, text)
      reports.push(report)
    }
    return reports
  }

  async #reportOf(world: AgentWorld, key: string, signal: AbortSignal): Promise<DeploymentReport | undefined> {
    const deployment = world.deployments.get(key)
    if (deployment === undefined) {
      this.#sent.delete(key)
      this.#deleted.delete(key)
      return undefined
    }
    // A copy under another name must not speak for the deployment.
    if (key !== resourceKey(deployment.intent.deployment)) return undefined
    const run = runOf(world, deployment)
    const planned = await stepsOf(world, deployment, run, signal)
    const observedAt = new Date(world.clock.now()).toISOString()
    return deploymentReport({
      ...factsOf(deployment),
      plan: run?.plan ?? deployment.intent.plan,
      planned,
      recorded: run?.steps ?? [],
      progress: this.#progress.get(key) ?? '',
      observedAt,
    })
  }

  #taken(world: AgentWorld, report: DeploymentReport): void {
    if (report.phase !== 'deleted') return
    const key = resourceKey(report.deployment)
    this.#deleted.set(key, report.epoch)
    world.queue.add(key)
  }
}

async function pause(world: AgentWorld, failures: number, signal: AbortSignal): Promise<void> {
  const ceiling = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10))
  await world.clock.sleep(ceiling / 2 + (Math.random() * ceiling) / 2, signal).catch(() => undefined)
}

function runOf(world: AgentWorld, { key, status }: DeploymentResource): RunResource | undefined {
  return status.run === undefined ? undefined : world.runs.get(`${key.split('/')[0] ?? ''}/${status.run}`)
}

/** Steps of the plan: read for a run on its way; otherwise only when they are at hand. */
async function stepsOf(
  world: AgentWorld,
  { status }: DeploymentResource,
  run: RunResource | undefined,
  signal: AbortSignal,
): Promise<readonly Step[]> {
  const busy = status.phase === 'applying' || status.phase === 'deleting'
  if (run === undefined || !busy) return world.bundles.peek(run?.bundle)?.steps ?? []
  return world.bundles.read(run.bundle, signal).then(
    ({ steps }) => steps,
    () => [],
  )
}

function factsOf({
  intent,
  status,
  generation,
}: DeploymentResource): Pick<
  ReportInput,
  'deployment' | 'epoch' | 'active' | 'phase' | 'ready' | 'components' | 'drift'
> {
  const ready = status.conditions.find(({ type }) => type === 'Ready')
  return {
    deployment: intent.deployment,
    epoch: status.epoch === 0 ? intent.epoch : status.epoch,
    ...(status.active === undefined ? {} : { active: status.active }),
    phase: status.phase,
    ready: {
      status: ready?.status === 'True',
      current: status.observedGeneration === generation,
      reason: ready?.reason ?? 'Pending',
      message: ready?.message ?? '',
    },
    components: status.components,
    drift: status.drift,
  }
}
