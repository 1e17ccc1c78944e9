import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRenderers, type Renderers } from '../../src/renderer/open-renderers.ts'
import { actionWith, chartOf, rehearsalOf, requestOf } from './cases.ts'

const DEADLINE_MS = 3_000

let renderers: Renderers
beforeAll(async () => {
  renderers = await openRenderers({ size: 1, limits: { deadlineMs: DEADLINE_MS, memoryBytes: 700 * 2 ** 20 } })
})
afterAll(() => renderers.close())

const signal = new AbortController().signal

test('a template and a chart become values and manifests', async () => {
  expect(await renderers.trusted.render(requestOf(), signal)).toEqual({
    values: { greeting: 'hi' },
    problems: [],
    text: expect.stringContaining('# Source: web/templates/config.yaml'),
    manifests: [
      {
        source: 'web/templates/config.yaml',
        crd: false,
        generated: [],
        object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shop' }, data: { greeting: 'hi' } },
      },
    ],
  })
})

test('without a template the chart has its own values', async () => {
  const { template: _, ...request } = requestOf()
  const { values, manifests } = await renderers.trusted.render(request, signal)
  expect(values).toEqual({})
  expect(manifests[0]?.object['data']).toEqual({ greeting: 'hello' })
})

test('a template error has its place in the template, and nothing is rendered', async () => {
  const answer = await renderers.trusted.render(
    requestOf({ source: 'a: 1\ngreeting: {{ parameters.greting }}' }),
    signal,
  )
  expect(answer).toMatchObject({ values: {}, manifests: [] })
  expect(answer.problems).toMatchObject([
    { code: 'STY301', at: { file: 'drivers/web/values.j2.yml', line: 2, col: 14 } },
  ])
})

test('a chart error has its place in the chart, in Helm’s words', async () => {
  const chart = chartOf({ 'templates/a.yaml': 'a: 1\nb: {{ required "say a word" .Values.word }}\n' })
  const { problems, manifests } = await renderers.trusted.render(requestOf({ chart }), signal)
  expect(manifests).toEqual([])
  expect(problems).toMatchObject([{ code: 'STY314', at: { file: 'web/templates/a.yaml', line: 2 } }])
  expect(problems[0]?.message).toContain('say a word')
})

const CHANCY = chartOf({
  'templates/all.yaml': `apiVersion: v1
kind: Secret
metadata: { name: s, annotations: { at: {{ now | date "2006-01-02" | quote }} } }
stringData: { password: {{ randAlphaNum 20 | quote }}, user: admin, id: {{ uuidv4 | quote }} }
---
apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: ConfigMap, metadata: { name: c }, data: { fixed: "1" } }
`,
  'crds/crd.yaml': 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: x.test }\n',
  'templates/hook.yaml': `apiVersion: batch/v1
kind: Job
metadata: { name: j, annotations: { "helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-weight": "-5" } }
`,
})

test('leaves that chance or clock decide are marked, and nothing else is', async () => {
  const { manifests, problems } = await renderers.trusted.render(requestOf({ chart: CHANCY }), signal)
  expect(problems).toEqual([])
  expect(manifests.map(({ object, generated, crd, hook }) => [object['kind'], generated, crd, hook?.events])).toEqual([
    ['CustomResourceDefinition', [], true, undefined],
    ['Secret', ['/metadata/annotations/at', '/stringData/id', '/stringData/password'], false, undefined],
    ['ConfigMap', [], false, undefined],
    ['Job', [], false, ['pre-install', 'pre-upgrade']],
  ])
  expect(manifests[1]?.object['stringData']).toEqual({ password: '<generated>', user: 'admin', id: '<generated>' })
  expect(manifests[3]?.hook).toEqual({ events: ['pre-install', 'pre-upgrade'], weight: -5, deletePolicies: [] })
})

test('filled values come from the key alone', async () => {
  const request = requestOf({ chart: CHANCY })
  const [one, other] = [Buffer.from('key one'), Buffer.from('key two')]
  const filled = await renderers.trusted.fill(request, one, signal)
  expect(filled).toEqual({
    'v1/Secret//s': {
      '/metadata/annotations/at': expect.stringMatching(/^\d{4}-/),
      '/stringData/id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      '/stringData/password': expect.stringMatching(/^[A-Za-z0-9]{20}$/),
    },
  })
  await renderers.trusted.render(requestOf({ chart: CHANCY }), signal)
  expect(await renderers.trusted.fill(request, one, signal)).toEqual(filled)
  const again = await renderers.untrusted().fill(request, one, signal)
  expect(again).toEqual(filled)
  expect(await renderers.trusted.fill(request, other, signal)).not.toEqual(filled)
  expect(await renderers.trusted.fill(requestOf(), one, signal)).toEqual({})
})

test('names that depend on chance are a problem', async () => {
  const chart = chartOf({
    'templates/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: "x{{ randNumeric 8 }}" }\n',
  })
  const { problems, manifests } = await renderers.trusted.render(requestOf({ chart }), signal)
  expect(manifests).toEqual([])
  expect(problems.map(({ code }) => code)).toEqual(['STY318'])
})

const LOOP = actionWith('for (;;) {}')

/** Each oversteps in its own way; what follows must not notice. */
test.for<[string, () => Promise<{ readonly problems: readonly { readonly code: string }[] }>, RegExp]>([
  ['an endless loop', () => renderers.trusted.rehearse(rehearsalOf(LOOP), signal), /STY310/],
  [
    'a heap that grows',
    () =>
      renderers.trusted.rehearse(
        rehearsalOf(actionWith('const all = []; for (;;) all.push({ a: all.length })')),
        signal,
      ),
    /STY31[01]/,
  ],
  [
    'memory outside the heap',
    () =>
      renderers.trusted.rehearse(
        rehearsalOf(actionWith('const all = []; for (;;) all.push(new Uint8Array(1e7).fill(1))')),
        signal,
      ),
    /STY31[012]/,
  ],
  [
    'a chart that loops',
    () =>
      renderers.trusted.render(
        requestOf({
          chart: chartOf({ 'templates/a.yaml': '{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}' }),
        }),
        signal,
      ),
    /STY31[01]/,
  ],
  [
    'a chart that grows',
    () =>
      renderers.trusted.render(
        requestOf({
          chart: chartOf({
            'templates/a.yaml': '{{ $x := "0123456789" }}{{ range until 40 }}{{ $x = print $x $x }}{{ end }}{{ $x }}',
          }),
        }),
        signal,
      ),
    /STY31[0124]/,
  ],
  [
    'a template that doubles',
    () =>
      renderers.trusted.render(
        requestOf({ source: `{% set x = "ab" %}${'{% set x = x ~ x %}'.repeat(60)}a: 1` }),
        signal,
      ),
    /STY303/,
  ],
  [
    'a template of nested loops',
    () =>
      renderers.trusted.render(
        requestOf({ source: '{% for a in range(9000) %}{% for b in range(9000) %}{% endfor %}{% endfor %}' }),
        signal,
      ),
    /STY303/,
  ],
  [
    'a huge result',
    () => renderers.trusted.rehearse(rehearsalOf(actionWith("await primitives.log('x'.repeat(100_000_000))")), signal),
    /STY31[13]/,
  ],
])('%s is a problem of its own request only', async ([, overstep, code]) => {
  const { problems } = await overstep()
  expect(problems).toHaveLength(1)
  expect(problems[0]?.code).toMatch(code)
  const next = await renderers.trusted.render(requestOf(), signal)
  expect(next.problems).toEqual([])
  expect(next.manifests).toHaveLength(1)
})

test('a request that is given up ends at once, and the next one works', async () => {
  const giveUp = new AbortController()
  const running = renderers.trusted.rehearse(rehearsalOf(LOOP), giveUp.signal)
  setTimeout(() => giveUp.abort(new Error('given up')), 50)
  await expect(running).rejects.toThrow('given up')
  expect((await renderers.trusted.render(requestOf(), signal)).problems).toEqual([])
})

test('a process that was killed from outside is replaced, and the request is done', async () => {
  await renderers.trusted.render(requestOf(), signal)
  const [pid] = renderers.pids()
  if (pid !== undefined) process.kill(pid, 'SIGKILL')
  expect((await renderers.trusted.render(requestOf(), signal)).problems).toEqual([])
})

test('requests at the same time are all answered, each with its own', async () => {
  const all = Array.from({ length: 12 }, (_, n) =>
    renderers.trusted.render(requestOf({ source: `greeting: g${n}` }), signal),
  )
  const greetings = (await Promise.all(all)).map(({ values }) => values['greeting'])
  expect(greetings).toEqual(Array.from({ length: 12 }, (_, n) => `g${n}`))
})

test('an untrusted renderer leaves no process behind', async () => {
  const own = await openRenderers({ size: 1, spares: 1 })
  const untrusted = own.untrusted()
  const before = own.pids()
  expect((await untrusted.render(requestOf(), signal)).problems).toEqual([])
  await untrusted.close()
  await expect(untrusted.render(requestOf(), signal)).rejects.toThrow('closed')
  expect((await own.trusted.render(requestOf(), signal)).problems).toEqual([])
  await own.close()
  const alive = [...before, ...own.pids()].filter(isAlive)
  await expect.poll(() => alive.filter(isAlive), { timeout: 10_000 }).toEqual([])
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
