import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diffInstances } from '../../../src/core/diff/diff-instances.ts'
import { judgeChange } from '../../../src/core/verdict/judge-change.ts'
import { RULES } from '../../../src/core/verdict/rules.ts'
import type { Instance } from '../../../src/domain/instance.ts'
import type { Manifest } from '../../../src/domain/manifest.ts'
import { CLASSES, type Verdict } from '../../../src/domain/plan.ts'
import type { Origin } from '../../../src/domain/source.ts'
import { at, isObject, type Json, type JsonObject, listAt, objectAt } from '../../../src/util/json.ts'
import { parseYaml } from '../../../src/util/yaml.ts'
import { aManifest, anInstance } from '../builders.ts'

const cases = join(import.meta.dirname, '../../golden/verdict')
const names = readdirSync(cases).sort()

// A case is a folder: case.yml with `before` and `after`, each with fields of the Instance and `objects`. The answer
// is want.txt: `vitest -u` writes it, a person reads it.
test.for(names)('%s', async (name) => {
  const verdict = verdictOf(name)
  const text = [`${verdict.class} because ${verdict.rule}`, ...verdict.evidence.map((line) => `  ${line}`), '']
  await expect(text.join('\n')).toMatchFileSnapshot(join(cases, name, 'want.txt'))
})

test('every rule of the table decides a case', () => {
  const decided = new Set(names.map((name) => verdictOf(name).rule))
  expect(RULES.map(({ name }) => name).filter((name) => !decided.has(name))).toEqual([])
})

test('every rule leads to a class there is', () => {
  expect(RULES.filter((rule) => !CLASSES.includes(rule.class))).toEqual([])
})

test('evidence is cut to what a person reads', () => {
  const values = (value: number): JsonObject =>
    Object.fromEntries([...Array(40).keys()].map((key) => [`k${key}`, `${value}`]))
  const side = (value: number): Side => ({
    instance: anInstance({ values: values(value) }),
    manifests: [aManifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: values(value) })],
    origins: new Map(),
  })
  const [before, after] = [side(1), side(2)]
  const { evidence } = judgeChange({
    before: before.instance,
    after: after.instance,
    diff: diffInstances(before, after),
    deleteData: false,
  })
  expect(evidence).toHaveLength(12)
  expect(evidence.at(-1)).toBe('and 29 more')
})

function verdictOf(name: string): Verdict {
  const [document] = parseYaml(readFileSync(join(cases, name, 'case.yml'), 'utf8'))
  const [before, after] = [sideOf(at(document?.value, 'before')), sideOf(at(document?.value, 'after'))]
  return judgeChange({
    ...(before === undefined ? {} : { before: before.instance }),
    ...(after === undefined ? {} : { after: after.instance }),
    diff: diffInstances(before, after),
    deleteData: at(document?.value, 'delete_data') === true,
  })
}

interface Side {
  readonly instance: Instance
  readonly manifests: readonly Manifest[]
  readonly origins: ReadonlyMap<string, Origin>
}

function sideOf(value: Json | undefined): Side | undefined {
  if (!isObject(value)) return undefined
  const fields = objectAt(value, 'instance')
  const objects = listAt(value, 'objects').filter(isObject)
  const instance = anInstance({
    ...(fields as Partial<Instance>),
    manifestsDigest: anInstance({ values: { objects } }).digest,
  })
  return { instance, manifests: objects.map((object) => aManifest(object)), origins: new Map() }
}
