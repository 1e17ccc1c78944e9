import { expect, test } from 'vitest'
import { checkImmutable, driverVersionKey } from '../../../src/core/instances/check-immutable.ts'
import { isDriverFile, readDriver } from '../../../src/core/instances/read-driver.ts'
import type { DriverSpec } from '../../../src/domain/documents.ts'
import { toDigest } from '../../../src/domain/ids.ts'
import { digestOf } from '../../../src/util/digest.ts'
import { aDriverDocument } from '../builders.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const CHART = 'name: web\nversion: 0.1.0\napiVersion: v2\n'

function files(more: Readonly<Record<string, string>> = {}): ReadonlyMap<string, Uint8Array> {
  const all = { 'chart/Chart.yaml': CHART, 'chart/templates/a.yaml': 'a: 1\n', 'values.j2.yml': 'a: 1\n', ...more }
  return new Map(Object.entries(all).map(([path, text]) => [path, bytes(text)]))
}

function digestWith(more: Readonly<Record<string, string>>, spec: Partial<DriverSpec> = {}): string | undefined {
  return readDriver(aDriverDocument(spec), files(more)).driver?.digest
}

test('a driver is its spec, template, actions and chart', () => {
  const { driver, problems } = readDriver(
    aDriverDocument(),
    files({ 'actions.ts': 'export {}\n', 'README.md': 'hello' }),
  )
  expect(problems).toEqual([])
  expect(driver?.template).toEqual({ file: 'drivers/web/values.j2.yml', source: 'a: 1\n' })
  expect(driver?.actionFiles.map(({ path }) => path)).toEqual(['actions.ts'])
  expect(driver?.chart.files.map(({ path }) => path)).toEqual(['Chart.yaml', 'templates/a.yaml'])
})

test.for([
  { name: 'the template', more: { 'values.j2.yml': 'a: 2\n' } },
  { name: 'an action', more: { 'actions.ts': 'export {}\n' } },
  { name: 'a chart file', more: { 'chart/values.yaml': 'b: 1\n' } },
])('its digest changes with $name', ({ more }) => {
  expect(digestWith(more)).not.toBe(digestWith({}))
})

test('its digest does not change with the order of files, its folder, or files it does not use', () => {
  const shuffled = new Map([...files()].reverse())
  const elsewhere = { ...aDriverDocument(), folder: 'other', at: { file: 'other/driver.styrmin.yml', line: 9, col: 1 } }
  expect(readDriver(elsewhere, shuffled).driver?.digest).toBe(digestWith({}))
  expect(digestWith({ 'README.md': 'other' })).toBe(digestWith({}))
})

test.for([
  { code: 'STY250', location: 'oci://registry.example.com/web', version: '0.1.0', what: 'a chart from a registry' },
  { code: 'STY250', location: '../chart', version: '0.1.0', what: 'a chart outside the folder' },
  { code: 'STY251', location: 'other', version: '0.1.0', what: 'a folder without chart' },
  { code: 'STY253', location: 'chart', version: '0.2.0', what: 'another chart version than pinned' },
])('$what is $code', ({ code, location, version }) => {
  const { driver, problems } = readDriver(aDriverDocument({ chart: { location, version } }), files())
  expect(driver).toBeUndefined()
  expect(problems.map((problem) => problem.code)).toEqual([code])
})

test('an unreadable Chart.yaml is told at its line in the repository', () => {
  const { problems } = readDriver(aDriverDocument(), files({ 'chart/Chart.yaml': 'name: web\nversion: [\n' }))
  expect(problems[0]).toMatchObject({ code: 'STY252', at: { file: 'drivers/web/chart/Chart.yaml' } })
})

test('an action in a file that is not there is STY254', () => {
  const location = { file: 'actions.ts', function: 'upgrade' }
  const actions = [{ name: 'upgrade', hook: 'upgrade', mode: 'core', location } as const]
  expect(readDriver(aDriverDocument({ actions }), files()).problems.map(({ code }) => code)).toEqual(['STY254'])
})

test('only what a driver is made of is asked for', () => {
  const document = aDriverDocument()
  const paths = ['values.j2.yml', 'actions.ts', 'lib/x.ts', 'chart/Chart.yaml', 'README.md', 'charts/other.yaml']
  expect(paths.filter((path) => isDriverFile(document, path))).toEqual(paths.slice(0, 4))
})

test.for([
  {
    name: 'names by their last part',
    rules: '*.bak',
    gone: ['notes.bak', 'templates/x.bak'],
    kept: ['templates/a.yaml'],
  },
  { name: 'folders with all that is in them', rules: 'ci/', gone: ['ci/values.yaml', 'ci/a/b'], kept: ['ci.yaml'] },
  { name: 'paths from the root', rules: '/docs/*.md', gone: ['docs/a.md'], kept: ['docs/deep/a.md', 'a.md'] },
  { name: 'hidden files in templates, always', rules: '', gone: ['templates/.swp'], kept: ['.hidden'] },
  { name: 'comments and blank lines as nothing', rules: '# *.yaml\n\n', gone: [], kept: ['templates/b.yaml'] },
  { name: 'classes and single characters', rules: 'log[0-9].tx?', gone: ['log1.txt'], kept: ['logs.txt', 'log1.tx'] },
])('.helmignore leaves out $name', ({ rules, gone, kept }) => {
  const extra = Object.fromEntries([...gone, ...kept].map((path) => [`chart/${path}`, 'x: 1']))
  const { driver } = readDriver(aDriverDocument(), files({ ...extra, 'chart/.helmignore': rules }))
  const paths = driver?.chart.files.map(({ path }) => path) ?? []
  expect(paths.filter((path) => gone.includes(path))).toEqual([])
  expect(kept.filter((path) => !paths.includes(path))).toEqual([])
})

test("a pattern of Helm's .helmignore that Helm refuses is refused", () => {
  const { problems } = readDriver(aDriverDocument(), files({ 'chart/.helmignore': 'ok\n**/x\n' }))
  expect(problems[0]).toMatchObject({ code: 'STY252', at: { file: 'drivers/web/chart/.helmignore', line: 2 } })
})

test('a pattern with many stars is matched in reasonable time', () => {
  const extra = { [`chart/${'a'.repeat(2000)}b`]: 'x', 'chart/.helmignore': `${'a*'.repeat(200)}c` }
  expect(digestWith(extra)).toBeDefined()
})

test('a byte order mark is no part of a chart file, as in Helm', () => {
  expect(digestWith({ 'chart/values.yaml': '\uFEFFa: 1\n' })).toBe(digestWith({ 'chart/values.yaml': 'a: 1\n' }))
})

test('a driver version whose content changed is an error, a new version is not', () => {
  const { driver } = readDriver(aDriverDocument(), files())
  if (driver === undefined) throw new Error('the driver of this test cannot be read')
  const key = driverVersionKey({ name: 'web', version: '1' })
  expect(checkImmutable(new Map([[key, driver.digest]]), [driver])).toEqual([])
  expect(checkImmutable(new Map(), [driver])).toEqual([])
  const other = new Map([[key, toDigest(digestOf('other'))]])
  expect(checkImmutable(other, [driver]).map(({ code, at }) => ({ code, file: at?.file }))).toEqual([
    { code: 'STY255', file: 'drivers/web/driver.styrmin.yml' },
  ])
})
