import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { documentEntries } from '../../../src/core/documents/own-files.ts'
import { readDocuments } from '../../../src/core/documents/read-documents.ts'
import { formatProblem } from '../../../src/domain/problem.ts'

const CLUSTER = 'apiVersion: styrmin.io/v1\nkind: Cluster\nmetadata: { name: lab }\nspec: {}\n'

function file(path: string, text: string | Uint8Array, mode = '100644') {
  return { path, mode, bytes: typeof text === 'string' ? new TextEncoder().encode(text) : text }
}

function deployment(spec: string, name = 'shop'): string {
  return `apiVersion: styrmin.io/v1\nkind: Deployment\nmetadata: { name: ${name}, environment: dev }\nspec:\n${spec}`
}

describe('what is ours', () => {
  test.for([
    ['apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x }\n', []],
    ['a: {{ not yaml }\n', []],
    ['- a\n- b\n', []],
    ['', []],
    ['# only a comment\n', []],
    ['---\n', []],
    ['apiVersion: styrmin.io/V1\nkind: Cluster\n', ['STY112']],
    ['apiVersion: stymin.io/v1\nkind: Deployment\n', ['STY112']],
    ['apiVersion: styrmin.io/v2\nkind: Anything\n', ['STY112']],
    ['apiversion: styrmin.io/v1\nkind: Cluster\n', ['STY112']],
    ['apiVersion: styrmin.io/v1\nkind: deployment\n', ['STY113']],
    ['apiVersion: styrmin.io/v1\nmetadata: {}\n', ['STY113']],
    ['# for styrmin.io\na: {b\n', ['STY100']],
    ['apiVersion: styrmin.io/v1\nkind: Policy\nmetadata: { name: p }\nspec: {}\n', ['STY114']],
  ] as const)('%j gives %o', ([text, codes]) => {
    const { problems } = readDocuments([file('a.yml', text)])
    expect([...new Set(problems.map(({ code }) => code))]).toEqual(codes)
  })

  test('files under a chart and templates are not', () => {
    const paths = [
      'a.yml',
      'b.txt',
      'x/chart/Chart.yaml',
      'x/chart/values.yaml',
      'x/chart/templates/a.yaml',
      'x/v.j2.yml',
    ]
    const entries = documentEntries(paths.map((path) => ({ path, mode: '100644' })))
    expect(entries.map(({ path }) => path)).toEqual(['a.yml'])
  })
})

describe('files', () => {
  test.for([
    { name: 'a byte order mark', bytes: `\ufeff${CLUSTER}` },
    { name: 'CRLF', bytes: CLUSTER.replaceAll('\n', '\r\n') },
    { name: 'a lone CR', bytes: CLUSTER.replaceAll('\n', '\r') },
  ])('$name is read like plain text', ({ bytes }) => {
    const { documents, problems } = readDocuments([file('a.yml', bytes)])
    expect(documents.map(({ name }) => name)).toEqual(['lab'])
    expect(problems).toEqual([])
  })

  test.for([
    { name: 'UTF-16', entry: file('a.yml', Buffer.from(`\ufeff${CLUSTER}`, 'utf16le')), code: 'STY109' },
    { name: 'UTF-16 without a mark', entry: file('a.yml', Buffer.from(CLUSTER, 'utf16le')), code: 'STY109' },
    { name: 'a bad byte', entry: file('a.yml', Buffer.from(`${CLUSTER}# caf\xe9\n`, 'latin1')), code: 'STY109' },
    { name: 'more than 1 MiB', entry: file('a.yml', new Uint8Array(1024 * 1024 + 1)), code: 'STY110' },
    {
      name: 'too large to be given',
      entry: { path: 'a.yml', mode: '100644', bytes: 'too-large' as const },
      code: 'STY110',
    },
    { name: 'a symbolic link', entry: file('a.yml', '/etc/passwd', '120000'), code: 'STY150' },
    { name: 'a submodule', entry: file('a.yml', '', '160000'), code: 'STY151' },
    { name: 'an LFS pointer', entry: file('a.yml', 'version https://git-lfs.github.com/spec/v1\n'), code: 'STY153' },
  ])('$name is a problem, and nothing may be deleted', ({ entry, code }) => {
    const { problems, unsureFiles } = readDocuments([entry])
    expect(problems.map((problem) => problem.code)).toEqual([code])
    expect(unsureFiles).toEqual(['a.yml'])
  })

  test('a bad byte is found where it is', () => {
    const [problem] = readDocuments([file('a.yml', Buffer.from(`${CLUSTER}# caf\xe9\n`, 'latin1'))]).problems
    expect(problem?.at).toEqual({ file: 'a.yml', line: 5, col: 6 })
  })

  test('other encodings of other files are left alone', () => {
    expect(readDocuments([file('a.yml', Buffer.from('a: \xe9\n', 'latin1'))]).problems).toEqual([])
  })
})

describe('fields', () => {
  test.for([
    ['  driver: my-app\n  repicas: 1\n', 'a.yml:6:3: error STY120: "spec" has no field "repicas"'],
    [
      '  driver: my-app\n  state: stoped\n',
      'a.yml:6:10: error STY123: "state" cannot be "stoped"\n  hint: Did you mean stopped?',
    ],
    [
      '  driver: my-app\n  version: 1.10\n',
      'a.yml:6:12: error STY121: "version" must be a text, not a number: 1.10\n  hint: Quote it: "1.10".',
    ],
    ['  version: "1"\n', 'a.yml:4:1: error STY122: "spec" lacks the field "driver"'],
    ['  driver: My_App\n', 'a.yml:5:11: error STY125: "driver" is no usable name: "My_App"\n  hint: Write "my-app"'],
    ['  driver: my-app\n  depends_on: postgres\n', 'hint: Write a list: ["postgres"].'],
    [
      '  driver: my-app\n  components: { server: { env: { "A B": x } } }\n',
      'a.yml:6:34: error STY124: the key must be letters',
    ],
    ['  driver: my-app\n  components: { server: { env: { DEBUG: yes } } }\n', undefined],
    ['  driver: my-app\n  components: { server: { env: { DEBUG: true } } }\n', 'hint: Quote it: "true".'],
    ['  driver: my-app\n  approve: sha256:12\n', 'STY124: "approve" must be "sha256:" and 64'],
    [
      '  driver: my-app\n  parameters: { a: "x\\u202ey" }\n',
      'a.yml:6:20: error STY127: the value holds the character U+202E',
    ],
    ['  driver: my-app\n  config: { a: no }\n', 'a.yml:6:16: warning STY116'],
    [
      '  driver: my-app\n  on_failure: rollback\n',
      'a.yml:6:3: warning STY115: spec.on_failure: rollback is not carried out yet',
    ],
    ['  driver: my-app\n  adopt: { release: old }\n', 'a.yml:6:3: warning STY115: spec.adopt is not carried out yet'],
  ] as const)('%j: %s', ([spec, want]) => {
    const { problems } = readDocuments([file('a.yml', deployment(spec))])
    const text = problems.map(formatProblem).join('\n')
    if (want === undefined) expect(text).toBe('')
    else expect(text).toContain(want)
  })

  test('all problems of all documents come at once, the sound documents with them', () => {
    const text = [deployment('  driver: 3\n  version: 2\n  x: 1\n'), CLUSTER, deployment('  driver: a\n', 'BAD')].join(
      '---\n',
    )
    const { documents, broken, problems, unsureFiles } = readDocuments([file('a.yml', text)])
    expect(problems.map(({ code }) => code)).toEqual(['STY121', 'STY121', 'STY120', 'STY125'])
    expect(documents.map(({ kind }) => kind)).toEqual(['Cluster'])
    expect(broken.map(({ name }) => name)).toEqual(['shop'])
    expect(unsureFiles).toEqual(['a.yml'])
  })

  test('names with invisible characters say which', () => {
    const { problems } = readDocuments([file('a.yml', deployment('  driver: a\n', '"sh\\u200bop"'))])
    expect(problems.map(formatProblem).join('\n')).toContain('it holds the invisible character U+200B')
  })

  test('snake case becomes camel case and defaults are filled in', () => {
    const text = deployment(
      '  driver: { name: my-app, version: "2" }\n  depends_on: [b, a]\n  drift: { mode: report }\n',
    )
    const [document] = readDocuments([file('a.yml', text)]).documents
    expect(document).toMatchObject({
      environment: 'dev',
      driver: { name: 'my-app', version: '2' },
      dependsOn: ['a', 'b'],
      drift: 'report',
      state: 'running',
      onFailure: 'hold',
      deleteData: false,
    })
  })
})

test('the order of files changes nothing', () => {
  const files = [
    file('a.yml', CLUSTER),
    file('b/c.yml', deployment('  driver: 3\n')),
    file('b/d.yml', deployment('  driver: x\n', 'two')),
    file('e.yml', 'apiVersion: stymin.io/v1\nkind: Cluster\n'),
  ]
  const want = JSON.stringify(readDocuments(files))
  fc.assert(
    fc.property(fc.shuffledSubarray(files, { minLength: files.length }), (shuffled) => {
      expect(JSON.stringify(readDocuments(shuffled))).toBe(want)
    }),
  )
})

test('no text makes it throw', () => {
  const piece = fc.constantFrom(
    'apiVersion: styrmin.io/v1\n',
    'kind: Deployment\n',
    'metadata:\n',
    '  name: a\n',
    'spec:',
    ' [',
    '{',
    '&a ',
    '*a',
    '"',
    '\t',
    '---\n',
    '!!x ',
    '<<: ',
    '\u0000',
    ': ',
    '- ',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      expect(readDocuments([file('a.yml', pieces.join(''))]).documents.length).toBeLessThanOrEqual(pieces.length)
    }),
    { numRuns: 500 },
  )
})
