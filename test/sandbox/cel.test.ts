import { expect, test } from 'vitest'
import { CelError, parseCel } from '../../src/sandbox/cel.ts'
import type { Json } from '../../src/util/json.ts'

const SELF: Json = { epoch: 3, name: 'abc', tags: ['x', 'y'], nested: { on: true }, labels: { a: '1' } }
const OLD: Json = { epoch: 2 }

test.for<{ readonly rule: string; readonly want: Json }>([
  { rule: 'self.epoch >= oldSelf.epoch', want: true },
  { rule: 'self.epoch < oldSelf.epoch || self.nested.on', want: true },
  { rule: '!has(self.missing) && has(self.nested.on)', want: true },
  { rule: 'size(self.tags) == 2 && self.name.size() == 3', want: true },
  { rule: '"x" in self.tags && !("z" in self.labels)', want: true },
  { rule: 'self.name in ["abc", "def"]', want: true },
  { rule: 'self.tags.all(t, size(t) == 1) && self.tags.exists(t, t == "y")', want: true },
  { rule: "self.name.startsWith('a') && self.name.matches('^[a-c]+$')", want: true },
  { rule: 'self.epoch + 2 * 3 - 1 == 8', want: true },
  { rule: 'self.epoch > 5 ? self.epoch : -1', want: -1 },
  { rule: "self.labels['a'] == '1' && self.tags[1] == 'y'", want: true },
  { rule: 'self.missing == 1 || true', want: true },
])('$rule', ({ rule, want }) => {
  expect(
    parseCel(rule).run(
      new Map([
        ['self', SELF],
        ['oldSelf', OLD],
      ]),
    ),
  ).toEqual(want)
})

test.for(['self.x.format("a")', 'other.y', 'self.x +', 'timestamp(self.x)', 'self.x == 1)', 'self.map(x, x)'])(
  'refuses to read %s',
  (rule) => {
    expect(() => parseCel(rule)).toThrow(CelError)
  },
)

test('a missing field is an error, not a false', () => {
  expect(() => parseCel('self.missing == 1').run(new Map([['self', SELF]]))).toThrow('no such key: missing')
})

test('a rule knows whether it compares with what was before', () => {
  expect(parseCel('self.epoch >= oldSelf.epoch').names.has('oldSelf')).toBe(true)
  expect(parseCel('self.epoch > 0').names.has('oldSelf')).toBe(false)
})
