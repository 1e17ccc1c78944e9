import { text } from 'node:stream/consumers'
import { evaluateAction } from '../../../src/agent/evaluate-action.ts'
import type { Json } from '../../../src/util/json.ts'

const { code, modules } = JSON.parse(await text(process.stdin)) as {
  readonly code: string
  readonly modules: Readonly<Record<string, string>>
}
const calls: (readonly [string, Json])[] = []
let error: string | null = null
const files = Object.entries({ 'actions.ts': code, ...modules }).map(([path, source]) => ({ path, code: source }))
try {
  await evaluateAction(
    { name: 'go', hook: 'upgrade', mode: 'core', entry: { file: 'actions.ts', function: 'go' }, modules: files },
    { context: { app: { name: 'shop' } }, targetVersion: '1.2.3' },
    {
      call: (primitive, args) => {
        calls.push([primitive, args])
        return Promise.resolve(primitive === 'getComponentImages' ? ['registry/app'] : null)
      },
      now: () => 1000,
      random: () => 0.5,
    },
  )
} catch (cause) {
  error = cause instanceof Error ? cause.message : String(cause)
}
process.stdout.write(JSON.stringify({ calls, error }))
