import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const DRIVERS = join(import.meta.dirname, '../../drivers')
const PER_ENVIRONMENT = 100

/** What a repository for measurements holds. */
export interface FleetOptions {
  readonly deployments: number
  readonly driver: string
  /** Folder of the driver; the bundled one when left out. */
  readonly driverFolder?: string
  readonly version: string
  readonly clusterSpec?: string
}

/** Path of one deployment's file. */
export function fleetFile(index: number): string {
  return `deployments/e${Math.floor(index / PER_ENVIRONMENT)}/d${index}.yml`
}

/** Text of one deployment; every one has other values. */
export function fleetDocument(index: number, { driver, version }: FleetOptions, memory: number): string {
  return `apiVersion: styrmin.io/v1
kind: Deployment
metadata: { name: d${index}, environment: e${Math.floor(index / PER_ENVIRONMENT)} }
spec:
  driver: { name: ${driver}, version: "1" }
  version: ${version}
  parameters: { max_memory: ${memory} }
`
}

/** Writes a repository with one cluster, environments of a hundred deployments each, and one driver. */
export async function writeFleet(folder: string, options: FleetOptions): Promise<void> {
  await cp(options.driverFolder ?? join(DRIVERS, options.driver), join(folder, 'drivers', options.driver), {
    recursive: true,
  })
  const cluster = `apiVersion: styrmin.io/v1\nkind: Cluster\nmetadata: { name: main }\nspec: ${options.clusterSpec ?? '{}'}\n`
  await writeFile(join(folder, 'cluster.yml'), cluster)
  const environments = Math.ceil(options.deployments / PER_ENVIRONMENT)
  for (let index = 0; index < environments; index++) {
    await mkdir(join(folder, `deployments/e${index}`), { recursive: true })
    const text = `apiVersion: styrmin.io/v1\nkind: Environment\nmetadata: { name: e${index} }\nspec: { cluster: main }\n`
    await writeFile(join(folder, `deployments/e${index}/environment.yml`), text)
  }
  for (let index = 0; index < options.deployments; index++) {
    await writeFile(join(folder, fleetFile(index)), fleetDocument(index, options, 64 + index))
  }
}
