import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import artefact from '../../src/renderer/engine/artefact.json' with { type: 'json' }
import { helmProgram } from '../cluster/helm.ts'
import { writeFleet } from './fleet-repository.ts'
import { type Bench, loadAverage, round, runProgram, timed } from './measure.ts'

const DEPLOYMENTS = 1_000
const root = join(import.meta.dirname, '../..')

/** B1: resolve and render 1,000 deployments in a cold process, against `helm template` in a loop over the same chart and values. */
export const resolveThousand: Bench = async (say) => {
  const load = loadAverage()
  const folder = await mkdtemp(join(tmpdir(), 'styrmin-b1-'))
  try {
    await writeFleet(folder, { deployments: DEPLOYMENTS, driver: 'redis', version: '7.4.0' })
    const cli = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', join(root, 'src/cli/main.ts')]
    say(`resolving ${DEPLOYMENTS} deployments, cold process`)
    const ours = await timed(() => runProgram(process.execPath, [...cli, 'validate', folder]))
    say(`${round(ours.ms / 1000)} s: ${ours.result.trim()}`)
    const helm = await helmProgram(artefact.helmVersion)
    say(`helm template, ${DEPLOYMENTS} times, ${availableParallelism()} cores, one at a time`)
    const theirs = await timed(() => loop(helm, folder))
    say(`${round(theirs.ms / 1000)} s`)
    return {
      deployments: DEPLOYMENTS,
      styrminSeconds: round(ours.ms / 1000),
      helmSeconds: round(theirs.ms / 1000),
      timesFaster: round(theirs.ms / ours.ms),
      goal: 30,
      loadAverageBefore: load,
      loadAverageAfter: loadAverage(),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function loop(helm: string, folder: string): Promise<void> {
  const values = join(folder, 'values.yaml')
  for (let index = 0; index < DEPLOYMENTS; index++) {
    await writeFile(
      values,
      `image: {repository: registry.local/redis, tag: "7.4.0"}\nserviceName: ""\nmaxMemory: ${64 + index}\neviction: allkeys-lru\nextraEnv: []\n`,
    )
    await runProgram(helm, [
      'template',
      `d${index}`,
      join(folder, 'drivers/redis/chart'),
      '--namespace',
      'e0',
      '--values',
      values,
    ])
  }
}
