/**
 * `npm run bench [-- B1 B2 …]`: the figures of the design, each against its peer in the same run, as JSON on stdout.
 *
 * A bench that cannot run on this machine says why and counts as not measured, never as reached.
 */
import { resolveThousand } from './b1-resolve.ts'
import { commitToPlan } from './b2-commit-to-plan.ts'
import { fleet } from './b4-fleet.ts'
import { durableSteps } from './b7-durable-steps.ts'
import type { Bench } from './measure.ts'

const BENCHES: Readonly<Record<string, Bench>> = { B1: resolveThousand, B2: commitToPlan, B4: fleet, B7: durableSteps }

const wanted = process.argv.slice(2).filter((name) => name in BENCHES)
const names = wanted.length > 0 ? wanted : Object.keys(BENCHES)
const results: Record<string, unknown> = {}
for (const name of names) {
  process.stderr.write(`${name} …\n`)
  results[name] = await BENCHES[name]?.((line) => void process.stderr.write(`  ${line}\n`)).catch((cause: unknown) => ({
    failed: String(cause),
  }))
}
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
