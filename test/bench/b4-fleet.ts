import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startControlPlane } from '../cluster/control-plane.ts'
import { type FleetRun, openFleet } from './fleet-run.ts'
import { type Bench, loadAverage, round, timed } from './measure.ts'
import { cpuSeconds, familyOf, peakMiB } from './processes.ts'
import type { JsonObject } from '../../src/util/json.ts'

const SIZE = 200
const KUBE_API_QPS = 1_000
/** The application's objects of one release. */
const OBJECTS = 4
/** Writes of a release that are not the application's, and those of each step. */
const OWN_WRITES = 8
const OWN_WRITES_A_STEP = 2
const IDLE_MS = 10_000
const LEAST_PHASE_MS = 120_000
/** A release that takes longer than this, in the mean, is a failure. */
const RELEASE_MS = 1_000

/** Flux on two cores, 1,000 releases: seconds, and a release's CPU (its controller; API server with etcd) and requests. */
const FLUX = {
  install: { releases: 1_000, seconds: 284, cpuMs: 179, planeCpuMs: 234, requests: 73 },
  upgrade: { releases: 1_000, seconds: 256, cpuMs: 276, planeCpuMs: 199, requests: 60 },
  pass: { releases: 1_000, seconds: 44, cpuMs: 24, planeCpuMs: 59, requests: 17 },
} as const

/** B4: a fleet installed, upgraded and passed over with nothing to do on a real API server, against what Flux was measured at. */
export const fleet: Bench = async (say) => {
  const load = loadAverage()
  const size = Number(process.env['STYRMIN_BENCH_N'] ?? SIZE)
  const phaseMs = Math.max(LEAST_PHASE_MS, size * RELEASE_MS)
  const folder = await mkdtemp(join(tmpdir(), 'styrmin-b4-'))
  const plane = await startControlPlane({ scheduler: false, kwok: false, etcdFsync: true, kubeApiQps: KUBE_API_QPS })
  await using closing = new AsyncDisposableStack()
  closing.defer(() => rm(folder, { recursive: true, force: true }))
  closing.defer(() => plane.stop())
  const run = await openFleet({ folder, plane, size, proxied: process.env['STYRMIN_BENCH_PROXY'] === '1' })
  closing.defer(() => run.stop())
  const measure = async (name: keyof typeof FLUX, work: () => Promise<void>): Promise<JsonObject> => {
    say(`${name}: ${size} deployments`)
    const figures = await phase({ name, size, run, pids: plane.pids() }, work)
    say(JSON.stringify(figures))
    return figures
  }
  const install = await measure('install', () => run.bring('6.14.0', phaseMs))
  const upgrade = await measure('upgrade', () => run.bring('6.14.1', phaseMs))
  say(`idle for ${IDLE_MS / 1000} s`)
  const idle = await idleFigures(run)
  const pass = await measure('pass', () => run.passAgain(phaseMs))
  return {
    deployments: size,
    install,
    upgrade,
    idle,
    pass,
    rss: { agentPeakMiB: peakMiB(run.agentPid()), serverPeakMiB: peakMiB(run.serverPid()) },
    goals: { rateTimes: 4, cpuShare: 0.125, requestShare: 0.25 },
    loadAverageBefore: load,
    loadAverageAfter: loadAverage(),
  }
}

interface Phase {
  readonly name: keyof typeof FLUX
  readonly size: number
  readonly run: FleetRun
  /** Of the control plane. */
  readonly pids: Readonly<Record<string, number>>
}

async function phase({ name, size, run, pids }: Phase, work: () => Promise<void>): Promise<JsonObject> {
  const before = { agent: run.agentCpu(), server: serverCpu(run), plane: cpuOf(pids), requests: await run.requests() }
  const { ms } = await timed(work)
  const requests = await run.requests()
  const agentMs = ((run.agentCpu() - before.agent) * 1000) / size
  const serverMs = ((serverCpu(run) - before.server) * 1000) / size
  const reads = (requests.reads - before.requests.reads) / size
  const writes = (requests.writes - before.requests.writes) / size
  const flux = FLUX[name]
  const planeMs = Object.fromEntries(
    Object.entries(cpuOf(pids)).map(([part, cpu]) => [part, round(((cpu - (before.plane[part] ?? 0)) * 1000) / size)]),
  )
  const storeMs = (planeMs['kube-apiserver'] ?? 0) + (planeMs['etcd'] ?? 0)
  const rate = (size * 1000) / ms
  return {
    seconds: round(ms / 1000),
    releasesPerSecond: round(rate),
    agentCpuMsPerRelease: round(agentMs),
    serverAndRenderersCpuMsPerRelease: round(serverMs),
    controlPlaneCpuMsPerRelease: planeMs,
    requestsPerRelease: round(reads + writes),
    readsPerRelease: round(reads),
    writesPerRelease: round(writes),
    ...(name === 'pass' ? {} : ownWrites(writes, await run.stepsPerRun())),
    ...(requests.proxied === undefined ? {} : { requestsSeenByProxy: requests.proxied }),
    againstFlux: {
      rateTimes: round(rate / (flux.releases / flux.seconds)),
      agentCpuShare: round(agentMs / flux.cpuMs),
      agentAndServerCpuShare: round((agentMs + serverMs) / flux.cpuMs),
      apiServerAndEtcdCpuShare: round(storeMs / flux.planeCpuMs),
      wholeCpuShare: round((agentMs + serverMs + storeMs) / (flux.cpuMs + flux.planeCpuMs)),
      requestShare: round((reads + writes) / flux.requests),
    },
  }
}

/** Everything that is not one write of each of the application's objects. */
function ownWrites(writes: number, steps: number): JsonObject {
  const allowed = OWN_WRITES + OWN_WRITES_A_STEP * steps
  return {
    stepsPerRelease: round(steps),
    ownWritesPerRelease: round(writes - OBJECTS),
    ownWritesAllowed: round(allowed),
  }
}

async function idleFigures(run: FleetRun): Promise<JsonObject> {
  const before = { cpu: run.agentCpu(), requests: await run.requests() }
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  const after = await run.requests()
  return {
    seconds: IDLE_MS / 1000,
    reads: after.reads - before.requests.reads,
    writes: after.writes - before.requests.writes,
    agentCpuMs: round((run.agentCpu() - before.cpu) * 1000),
  }
}

function serverCpu(run: FleetRun): number {
  return familyOf(run.serverPid()).reduce((total, pid) => total + cpuSeconds(pid), 0)
}

function cpuOf(pids: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuSeconds(pid)]))
}
