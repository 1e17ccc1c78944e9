import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { at, listAt, textAt } from '../../../src/util/json.ts'
import { eventually } from '../../cluster/wait.ts'
import { type AgentProcess, startAgentProcess } from './agent-process.ts'
import { condition, openTestCluster, settled, type TestCluster } from './cluster.ts'
import { type IntentServer, startIntentServer } from './intent-server.ts'
import { type KillProxy, type KillSchedule, startKillProxy } from './kill-proxy.ts'
import { type Change, change, type Shop, shop } from './shop.ts'

/** An API server that agents are killed against. */
export interface KillPlane {
  readonly url: string
  readonly token: string
  readonly ca?: string
  readonly kubeconfig: string
  close(): Promise<void>
}

/** A process starts in half a second on a machine with nothing else to do, and in many on a busy one. */
const PATIENCE_MS = 120_000

/** Kills an agent process at writes and looks whether it ends as if nothing had been. */
export function killChecks(open: () => Promise<KillPlane>, schedules: readonly KillSchedule[]): void {
  let plane: KillPlane
  let cluster: TestCluster
  let server: IntentServer
  let proxy: KillProxy
  let agent: AgentProcess
  let clean: Life
  const folder = mkdtempSync(join(tmpdir(), 'styrmin-kill-'))

  beforeAll(async () => {
    plane = await open()
    cluster = await openTestCluster(plane.kubeconfig)
    server = await startIntentServer()
    proxy = await startKillProxy(plane)
    const file = join(folder, 'kubeconfig')
    writeFileSync(file, kubeconfigOf(proxy.url, plane.token))
    agent = startAgentProcess(server.url, file)
  })

  afterAll(async () => {
    await agent.stop()
    await proxy.stop()
    await server.stop()
    cluster.api.close()
    await plane.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const ask = ({ bundle, plan, phase, from }: Change): void => {
    server.ask({ bundle, plan, phase, ...(from === undefined ? {} : { from }) })
  }

  const active = async (wanted: Shop): Promise<void> => {
    const { namespace, name } = wanted.instance
    const about = { namespace, name: `${name}-${wanted.id}`, what: `${name} active`, timeoutMs: PATIENCE_MS }
    await eventually({ what: about.what, timeoutMs: PATIENCE_MS }, async () =>
      cluster.get('StyrminDeployment', namespace, about.name),
    )
    await settled(
      cluster,
      about,
      (found) =>
        at(found, 'status', 'active') === wanted.instance.digest && condition(found, 'Ready')?.['status'] === 'True',
    )
  }

  /** Install, upgrade and delete with kills; gives what it took, and what was seen on the way. */
  const life = async (schedule: KillSchedule | undefined): Promise<Life> => {
    const before = shop({ namespace: `kill-${randomBytes(4).toString('hex')}` })
    const after = shop({ ...before.options, version: '2.0.0' })
    const { namespace } = before.instance
    proxy.arm(schedule, () => agent.kill())
    ask(change('create', undefined, before))
    await active(before)
    const highest = await cluster.watchReplicas(namespace, 'shop-server')
    ask(change('upgrade', before, after))
    await active(after)
    const jobs = await cluster.list('Job', namespace)
    const runs = await cluster.list('StyrminRun', namespace)
    const steps = runs
      .filter((run) => at(run, 'spec', 'class') === 'upgrade')
      .flatMap((run) =>
        listAt(run, 'status', 'steps').map((step) => `${textAt(step, 'name')} ${textAt(step, 'state')}`),
      )
    const replicas = at(await cluster.get('Deployment', namespace, 'shop-server'), 'spec', 'replicas')
    const seen = { jobs: jobs.length, runs: runs.length, steps, replicas, highest: await highest() }
    ask(change('delete', after, undefined))
    await eventually({ what: 'deleted', timeoutMs: PATIENCE_MS }, async () => {
      const left = [
        ...(await cluster.list('StyrminDeployment', namespace)),
        ...(await cluster.list('Deployment', namespace)),
      ]
      return left.length === 0 || undefined
    })
    return { kills: proxy.disarm(), writes: proxy.writes(), seen }
  }

  test('a life without a kill shows how it should end', async () => {
    clean = await life(undefined)
    expect(clean.kills).toBe(0)
    expect(clean.seen).toMatchObject({ jobs: 1, runs: 2, replicas: 2, highest: 2 })
  }, 60_000)

  test.for([...schedules])(
    'killed at one of $stride writes, first at number $first, it ends the same, with one migration',
    { timeout: 300_000 },
    async (schedule) => {
      const { seen, kills } = await life(schedule)
      expect(seen).toEqual(clean.seen)
      expect(kills).toBeGreaterThanOrEqual(Math.floor(clean.writes.length / schedule.stride))
    },
  )
}

interface Life {
  readonly kills: number
  readonly writes: readonly string[]
  readonly seen: object
}

function kubeconfigOf(url: string, token: string): string {
  return `apiVersion: v1
kind: Config
current-context: test
clusters: [{ name: test, cluster: { server: "${url}" } }]
users: [{ name: test, user: { token: "${token}" } }]
contexts: [{ name: test, context: { cluster: test, user: test } }]
`
}
