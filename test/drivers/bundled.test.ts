import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { folderTree } from '../../src/adapters/files/folder-tree.ts'
import { readFileDocuments } from '../../src/core/documents/read-file.ts'
import type { DriverDocument } from '../../src/domain/documents.ts'
import type { DeploymentKey } from '../../src/domain/ids.ts'
import type { Resolution } from '../../src/pipeline/resolution.ts'
import { createResolveCache } from '../../src/pipeline/resolve-cache.ts'
import { resolveTree } from '../../src/pipeline/resolve-tree.ts'
import { openRenderers } from '../../src/renderer/open-renderers.ts'
import { listAt, objectAt, textAt } from '../../src/util/json.ts'

const root = join(import.meta.dirname, '../..')
const drivers = readdirSync(join(root, 'drivers'))

let resolution: Resolution

beforeAll(async () => {
  const renderers = await openRenderers({ size: 1 })
  const tools = { renderer: renderers.trusted, cache: createResolveCache() }
  resolution = await resolveTree(folderTree(join(root, 'examples/gitops-repo')), tools, AbortSignal.timeout(60_000))
  await renderers.close()
})

describe.for(drivers)('%s', (name) => {
  test('is in the example repository, byte for byte', () => {
    expect(contents(join(root, 'examples/gitops-repo/drivers', name))).toEqual(contents(join(root, 'drivers', name)))
  })

  test('every parameter and every override it declares is wired in its template', () => {
    const { spec } = documentOf(name)
    const template = readFileSync(join(root, 'drivers', name, 'values.j2.yml'), 'utf8')
    const wanted = [
      ...spec.parameters.map((parameter) => `parameters.${parameter.name}`),
      ...listAt(spec.raw, 'container_overrides').flatMap((entry) =>
        ['command', 'args'].map((what) => `component_${what}("${textAt(entry, 'component')}")`),
      ),
      ...listAt(spec.raw, 'env_vars').flatMap((entry) =>
        listAt(entry, 'components').map((component) => `component_env_vars("${textAt(component)}")`),
      ),
    ]
    expect(wanted.filter((text) => !template.includes(text))).toEqual([])
  })

  test('every workload of its chart is exactly one component, and every component has a workload', () => {
    const { spec } = documentOf(name)
    const found = [...resolution.instances.values()].filter(({ instance }) => instance.driver.name === name)
    expect(found.length).toBeGreaterThan(1)
    for (const { manifests } of found) {
      const pods = manifests
        .filter(({ object }) => ['Deployment', 'StatefulSet'].includes(textAt(object, 'kind') ?? ''))
        .map(({ object }) => objectAt(object, 'spec', 'template', 'metadata', 'labels'))
      const owners = pods.map((labels) => componentsOf(labels, spec.components))
      expect(owners.every((components) => components.length === 1)).toBe(true)
      expect(owners.flat().sort()).toEqual(Object.keys(spec.components).sort())
    }
  })

  test('every stateful component says how it is backed up', () => {
    const { spec } = documentOf(name)
    const stateful = [...resolution.instances.values()]
      .filter(({ instance }) => instance.driver.name === name)
      .flatMap(({ manifests }) => manifests.map(({ object }) => object))
      .filter((object) => textAt(object, 'kind') === 'StatefulSet')
      .flatMap((object) => componentsOf(objectAt(object, 'spec', 'template', 'metadata', 'labels'), spec.components))
    expect(stateful.filter((component) => spec.components[component]?.backup === undefined)).toEqual([])
  })
})

test('the example repository resolves without a word', () => {
  expect(resolution.problems).toEqual([])
  expect(resolution.clusters.map(({ name }) => name)).toEqual(['lab', 'prod-eu'])
  expect(resolution.environments.map(({ name }) => name)).toEqual(['dev', 'production', 'staging'])
  expect(resolution.instances.size).toBe(9)
})

test('what a deployment sets for a component arrives in its container', () => {
  expect(container('dev/shop', 'server')).toMatchObject({ args: ['serve', '--reload'] })
  expect(container('production/shop', 'server')).not.toHaveProperty('args')
  expect(listAt(container('production/shop', 'worker'), 'env')).toContainEqual({ name: 'LOG_FORMAT', value: 'json' })
})

function container(key: string, name: string): ReturnType<typeof objectAt> {
  const workload = resolution.instances
    .get(key as DeploymentKey)
    ?.manifests.find(
      ({ object }) =>
        textAt(object, 'metadata', 'name')?.endsWith(`-${name}`) && textAt(object, 'kind') === 'Deployment',
    )
  return objectAt(workload?.object, 'spec', 'template', 'spec', 'containers', 0)
}

function componentsOf(
  labels: ReturnType<typeof objectAt>,
  components: DriverDocument['spec']['components'],
): readonly string[] {
  return Object.entries(components)
    .filter(([, component]) => Object.entries(component.labels).every(([label, value]) => labels[label] === value))
    .map(([component]) => component)
}

function documentOf(name: string): DriverDocument {
  const path = `drivers/${name}/driver.styrmin.yml`
  const { documents, problems } = readFileDocuments({ path, mode: '100644', bytes: readFileSync(join(root, path)) })
  const [document] = documents
  if (document?.kind !== 'ApplicationDriver' || problems.length > 0) throw new Error(JSON.stringify(problems))
  return document
}

function contents(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((file) => [file.slice(folder.length + 1), readFileSync(file, 'utf8')]),
  )
}
