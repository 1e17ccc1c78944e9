import { expect, test } from 'vitest'
import { diffObject } from '../../../src/core/diff/diff-object.ts'
import type { Json, JsonObject } from '../../../src/util/json.ts'

const pod = (...containers: readonly Json[]): JsonObject => ({ spec: { template: { spec: { containers } } } })

test('a container is compared by its name, wherever it stands', () => {
  const before = pod({ name: 'web', image: 'a:1' })
  const after = pod({ name: 'proxy', image: 'p' }, { name: 'web', image: 'a:2' })
  expect(diffObject(before, after)).toEqual([
    { kind: 'added', at: '/spec/template/spec/containers/[proxy]', after: { name: 'proxy', image: 'p' } },
    { kind: 'replaced', at: '/spec/template/spec/containers/[web]/image', before: 'a:1', after: 'a:2' },
  ])
})

test.for([
  {
    name: 'environment variables by name',
    before: { env: [{ name: 'A', value: '1' }] },
    after: { env: [{ name: 'A', value: '2' }] },
    at: ['/env/[A]/value'],
  },
  {
    name: 'container ports by port and protocol',
    before: {
      ports: [
        { containerPort: 53, protocol: 'UDP' },
        { containerPort: 53, protocol: 'TCP' },
      ],
    },
    after: {
      ports: [
        { containerPort: 53, protocol: 'UDP' },
        { containerPort: 53, protocol: 'TCP', name: 'dns' },
      ],
    },
    at: ['/ports/[53,TCP]/name'],
  },
  {
    name: 'service ports without a protocol by port',
    before: { ports: [{ port: 80, targetPort: 'a' }] },
    after: { ports: [{ port: 80, targetPort: 'b' }] },
    at: ['/ports/[80]/targetPort'],
  },
  {
    name: 'mounts by path',
    before: { volumeMounts: [{ mountPath: '/a/b', name: 'x' }] },
    after: { volumeMounts: [{ mountPath: '/a/b', name: 'y' }] },
    at: ['/volumeMounts/[~1a~1b]/name'],
  },
  {
    name: 'a list with two items of one key as a whole',
    before: { env: [{ name: 'A' }, { name: 'A' }] },
    after: { env: [{ name: 'A' }, { name: 'B' }] },
    at: ['/env'],
  },
  {
    name: 'a list whose items changed places as a whole',
    before: { env: [{ name: 'A' }, { name: 'B' }] },
    after: { env: [{ name: 'B' }, { name: 'A' }] },
    at: ['/env'],
  },
  { name: 'plain lists as a whole', before: { args: ['a'] }, after: { args: ['a', 'b'] }, at: ['/args'] },
  { name: 'a list that becomes empty as a whole', before: { env: [{ name: 'A' }] }, after: { env: [] }, at: ['/env'] },
])('compares $name', ({ before, after, at }) => {
  expect(diffObject(before as JsonObject, after as JsonObject).map((change) => change.at)).toEqual(at)
})
