import { linkDocuments, type Linked } from '../../../src/core/desired/link-documents.ts'
import { type Reading, readDocuments } from '../../../src/core/documents/read-documents.ts'
import { formatProblem } from '../../../src/domain/problem.ts'

/** A small tree: two environments in one cluster, one driver, three deployments. Overrides by path; `''` removes. */
export function tree(changes: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const files: Record<string, string> = {
    'cluster.yml': document(
      'Cluster',
      '{ name: lab }',
      '  config: { fqdn_suffix: lab.example.com, storage: { class: fast, size: 1 } }',
    ),
    'dev.yml': document('Environment', '{ name: dev }', '  cluster: lab\n  config: { storage: { size: 2 } }'),
    'prod.yml': document('Environment', '{ name: prod }', '  cluster: lab'),
    'drivers/web/driver.styrmin.yml': driver('1'),
    'dev/shop.yml': deployment('shop', 'dev'),
    'dev/api.yml': deployment('api', 'dev'),
    'prod/shop.yml': deployment('shop', 'prod'),
    ...changes,
  }
  return Object.fromEntries(Object.entries(files).filter(([, text]) => text !== ''))
}

/** Text of a document. */
export function document(kind: string, metadata: string, spec: string): string {
  return `apiVersion: styrmin.io/v1\nkind: ${kind}\nmetadata: ${metadata}\nspec:\n${spec}\n`
}

/** Text of a deployment with the driver `web`. */
export function deployment(name: string, environment: string, spec = '  parameters: { title: Hi }', more = ''): string {
  const head = '  driver: web\n  version: 1.0.0\n'
  return document('Deployment', `{ name: ${name}, environment: ${environment}${more} }`, `${head}${spec}`)
}

/** Text of the driver `web` in one version. */
export function driver(version: string, supported = '>=1.0,<2.0'): string {
  return document(
    'ApplicationDriver',
    '{ name: web }',
    [
      `  version: "${version}"`,
      `  supported_versions: "${supported}"`,
      '  helm: { main: { location: chart, version: 0.1.0 } }',
      '  components: { server: { identifier: { label: { app: web } } } }',
      '  services: [{ name: web, kind: http, scope: external, port: 80, component: server }]',
      '  parameters:',
      '    - { name: title, kind: string, pattern: "[A-Za-z ]+" }',
      '    - { name: size, kind: integer, default: 1, minimum: 1, maximum: 9 }',
      '    - { name: level, kind: enum, values: [low, high], default: low }',
      '    - { name: password, kind: secret, default: { secret: web, key: password } }',
    ].join('\n'),
  )
}

/** The files read, in the order given. */
export function read(files: Readonly<Record<string, string>>, order = Object.keys(files)): Reading {
  return readDocuments(
    order.map((path) => ({ path, mode: '100644', bytes: new TextEncoder().encode(files[path] ?? '') })),
  )
}

/** The files read and linked. */
export function link(files: Readonly<Record<string, string>>): Linked {
  return linkDocuments(read(files))
}

/** Problems as text with what they affect. */
export function told({ problems }: Linked): string {
  return problems
    .map((problem) => `${formatProblem(problem)}\n  affects: ${(problem.affects ?? []).join(', ')}`)
    .join('\n')
}
