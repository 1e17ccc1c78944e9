import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** One commit of the example's history, as an edit of a folder. */
export interface HistoryCommit {
  readonly subject: string
  readonly edit: (folder: string) => Promise<void>
}

const EXAMPLE = join(import.meta.dirname, 'gitops-repo')

/** Seven commits that meet the main situations: import, parameter, upgrade, mistake, fix, stop, deletion. Oldest first. */
export const HISTORY: readonly HistoryCommit[] = [
  { subject: 'Import the shop', edit: (folder) => cp(EXAMPLE, folder, { recursive: true }) },
  {
    subject: 'Give production a new greeting',
    edit: (folder) => replace(folder, 'deployments/production/shop.yml', 'Welcome to the shop', 'Welcome, winter sale'),
  },
  {
    subject: 'Upgrade the production shop to 0.2.0',
    edit: (folder) => replace(folder, 'deployments/production/shop.yml', 'version: 0.1.0', 'version: 0.2.0'),
  },
  {
    subject: 'Use three replicas in staging',
    edit: (folder) =>
      replace(folder, 'deployments/staging/shop.yml', '  parameters:\n', '  parameters:\n    replicas: "three"\n'),
  },
  {
    subject: 'Write the replicas of staging as a number',
    edit: (folder) => replace(folder, 'deployments/staging/shop.yml', 'replicas: "three"', 'replicas: 3'),
  },
  {
    subject: 'Stop the queue of dev',
    edit: (folder) =>
      replace(folder, 'deployments/dev/queue.yml', '  version: 7.4.0\n', '  version: 7.4.0\n  state: stopped\n'),
  },
  { subject: 'Remove the scratch cache of dev', edit: (folder) => rm(join(folder, 'deployments/dev/scratch.yml')) },
]

async function replace(folder: string, path: string, before: string, after: string): Promise<void> {
  const file = join(folder, path)
  const text = await readFile(file, 'utf8')
  if (!text.includes(before)) throw new Error(`${path} does not contain ${JSON.stringify(before)}`)
  await writeFile(file, text.replace(before, after))
}
