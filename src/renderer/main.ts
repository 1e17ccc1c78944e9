// The renderer process: jobs come in on standard input, answers go out on standard output, one at a time.
// It is started by `renderer-process.ts` with no rights but to read its own code.
import { deserialize } from 'node:v8'
import { readArtefact } from './engine/artefact.ts'
import { openHelmEngine } from './engine/helm-engine.ts'
import { FrameReader, frameOf } from './frames.ts'
import { withinMs } from './own-deadline.ts'
import type { FromChild, Job, ToChild } from './protocol.ts'
import { rehearse } from './rehearse.ts'
import { ChartRenderer } from './render-chart.ts'
import { sdkModules } from './sdk-modules.ts'
import { warmUp } from './warm-up.ts'

const MAX_MESSAGE_BYTES = 512 * 1024 * 1024
const AFTER_PARENT_MS = 2_000

const engine = await openHelmEngine(await readArtefact())
const charts = new ChartRenderer(engine)
const sdk = sdkModules()
const frames = new FrameReader(MAX_MESSAGE_BYTES)

process.stdin.on('data', (piece: Uint8Array) => {
  for (const body of frames.push(piece)) receive(deserialize(body) as ToChild)
})
process.stdin.on('end', () => process.exit(0))
warmUp(charts)
send({ kind: 'ready', engineVersion: engine.version })

function receive(message: ToChild): void {
  switch (message.kind) {
    case 'chart':
      return charts.addChart(message.digest, message.files)
    case 'forget-charts':
      return charts.forgetCharts()
    case 'job':
      return work(message)
    default:
      return message satisfies never
  }
}

function work({ id, deadlineMs, job }: Extract<ToChild, { kind: 'job' }>): void {
  try {
    send({ kind: 'answer', id, answer: withinMs(deadlineMs + AFTER_PARENT_MS, () => answerTo(job)) as never })
  } catch (cause) {
    // The parent replaces this process: an engine that was interrupted has an unknown memory.
    send({ kind: 'failed', id, message: cause instanceof Error ? cause.message : 'unknown' })
  }
}

function answerTo(job: Job): unknown {
  switch (job.kind) {
    case 'render':
      return charts.render(job.request)
    case 'fill':
      return charts.fill(job.request, job.key)
    case 'rehearse':
      return rehearse(job.request, sdk)
    default:
      return job satisfies never
  }
}

function send(message: FromChild): void {
  process.stdout.write(frameOf(Buffer.from(JSON.stringify(message))))
}
