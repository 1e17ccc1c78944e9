/** `npm test [path...]`: all tests that this machine can run; the last line is `N passed, N failed` over both projects. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { chooseControlPlane } from './cluster/choose.ts'
import { machineFacts } from './cluster/facts.ts'

interface Counts {
  readonly passed: number
  readonly failed: number
}

const root = join(import.meta.dirname, '..')
const bin = join(root, 'node_modules', '.bin')
const required = process.env['STYRMIN_REQUIRE_CLUSTER'] === '1'
const paths = process.argv.slice(2)
const reports = mkdtempSync(join(tmpdir(), 'styrmin-tests-'))

say(`node ${process.version} at ${process.execPath}`)
const runs = [await run('vitest.config.ts')]
const choice = chooseControlPlane(await machineFacts())
if (choice.kind !== 'none') {
  say(`tests against a real Kubernetes API: control plane from ${choice.kind}`)
  runs.push(await run('vitest.cluster.config.ts'))
} else if (required) {
  say(`tests against a real Kubernetes API are required but cannot run: ${choice.reason}`)
  runs.push({ passed: 0, failed: 1 })
} else {
  say(`not run: tests against a real Kubernetes API (${choice.reason})`)
}
rmSync(reports, { recursive: true, force: true })
const passed = sum(runs.map((one) => one.passed))
const failed = sum(runs.map((one) => one.failed))
process.exitCode = failed === 0 ? 0 : 1
say(`${passed} passed, ${failed} failed`)

async function run(config: string): Promise<Counts> {
  const report = join(reports, `${config}.json`)
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const args = [
    vitest,
    'run',
    '--config',
    config,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]
  const named = paths.length === 0 ? [] : [...paths, '--passWithNoTests']
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}` }
  const child = spawn(process.execPath, [...args, ...named], { cwd: root, env, stdio: 'inherit' })
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? 1)))
  const counts = countsOf(report)
  // A file that cannot be loaded fails the run without a failed test.
  return { passed: counts.passed, failed: Math.max(counts.failed, code === 0 ? 0 : 1) }
}

/** Nothing when the runner ended before it wrote its report; its exit code then says so. */
function countsOf(report: string): Counts {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8')) as {
      readonly numPassedTests: number
      readonly numFailedTests: number
    }
    return { passed: numPassedTests, failed: numFailedTests }
  } catch {
    return { passed: 0, failed: 0 }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
