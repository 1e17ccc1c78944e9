import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadBuiltin } from '../../src/sandbox/builtin.ts'
import { fieldOf } from '../../src/sandbox/schema.ts'
import { extractBuiltin } from './extract-builtin.ts'

const RELEASE = loadBuiltin().release
const FILE = join(import.meta.dirname, '../../src/sandbox/builtin/kubernetes.json')

test('the kinds and types are those of the Kubernetes release they name', ({ skip }) => {
  const module = moduleFolder()
  if (module === undefined) return skip(`the Go module k8s.io/kubernetes@${RELEASE} is not here`)
  expect(extractBuiltin(module, RELEASE) === readFileSync(FILE, 'utf8')).toBe(true)
})

test('a type knows its lists, keys and defaults', () => {
  const pod = loadBuiltin().type('core.v1.PodSpec')
  const containers = fieldOf(pod, 'containers')
  expect(containers).toMatchObject({ type: 'array', list: 'map', keys: ['name'], mergeKey: 'name' })
  const ports = containers?.items === undefined ? undefined : fieldOf(containers.items, 'ports')
  expect(ports).toMatchObject({ keys: ['containerPort', 'protocol'] })
  expect(ports?.items === undefined ? undefined : fieldOf(ports.items, 'protocol')?.default).toBe('TCP')
})

function moduleFolder(): string | undefined {
  const folder = join(process.env['GOMODCACHE'] ?? join(homedir(), 'go/pkg/mod'), `k8s.io/kubernetes@${RELEASE}`)
  return existsSync(join(folder, 'api/discovery')) ? folder : undefined
}
