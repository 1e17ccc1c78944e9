import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DeploymentResource, deploymentSpec, readDeployment } from '../../src/agent/resources.ts'
import { Reporter } from '../../src/agent/reporter.ts'
import { connectServer } from '../../src/agent/server-client.ts'
import { type AgentWorld, MACHINE_CLOCK } from '../../src/agent/world.ts'
import { eventually } from '../cluster/wait.ts'
import { type IntentServer, startIntentServer, TOKEN } from './kit/intent-server.ts'
import { change, shop } from './kit/shop.ts'

let server: IntentServer

beforeAll(async () => {
  server = await startIntentServer()
})

afterAll(async () => {
  await server.stop()
})

test.for([
  { status: 401, name: 'token' },
  { status: 403, name: 'rights' },
  { status: 404, name: 'route' },
])('a report that met HTTP $status arrives without any further change', async ({ status, name }) => {
  const reporter = new Reporter('agent')
  const stop = new AbortController()
  const deployment = asked(name)
  server.refuse = { status, times: 1 }
  reporter.touch(deployment.key)
  const running = reporter.run(worldOf(deployment), stop.signal)
  await eventually({ what: 'the report', timeoutMs: 10_000 }, () => Promise.resolve(server.report(name)))
  stop.abort(new Error('seen'))
  await running
})

test('a report that was refused for what it says is sent again when its deployment is touched', async () => {
  const reporter = new Reporter('agent')
  const stop = new AbortController()
  const deployment = asked('unwell')
  server.refuse = { status: 422, times: 1 }
  reporter.touch(deployment.key)
  const running = reporter.run(worldOf(deployment), stop.signal)
  await eventually({ what: 'the refusal' }, () => Promise.resolve(server.refuse.times === 0 || undefined))
  expect(server.report('unwell')).toBeUndefined()
  const again = setInterval(() => reporter.touch(deployment.key), 300)
  await eventually({ what: 'the report', timeoutMs: 10_000 }, () => Promise.resolve(server.report('unwell')))
  clearInterval(again)
  stop.abort(new Error('seen'))
  await running
})

/** A deployment that was just asked for. */
function asked(name: string): DeploymentResource {
  const { bundle, plan, phase } = change('create', undefined, shop({ namespace: 'shop', name }))
  const intent = server.ask({ bundle, plan, phase })
  const metadata = { namespace: 'shop', name: `${name}-${bundle.deployment.id}`, generation: 1 }
  const deployment = readDeployment({ metadata, spec: deploymentSpec(intent) })
  if (deployment === undefined) throw new Error('no deployment')
  return deployment
}

function worldOf(deployment: DeploymentResource): AgentWorld {
  // Reporting asks nothing else of the world.
  return {
    api: { version: () => Promise.resolve('v1.36.0') },
    server: connectServer(server.url, TOKEN),
    clock: MACHINE_CLOCK,
    log: pino({ level: 'silent' }),
    bundles: { peek: () => undefined },
    deployments: { get: (key: string) => (key === deployment.key ? deployment : undefined) },
    runs: { get: () => undefined },
  } as unknown as AgentWorld
}
