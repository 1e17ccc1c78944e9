import { expect, test } from 'vitest'
import { PROGRAMS } from './binaries.ts'
import { chooseControlPlane } from './choose.ts'

const envtest = ['etcd', 'kube-apiserver', 'kubectl']

test.for([
  {
    name: 'takes whole assets before all else',
    facts: { assets: PROGRAMS, engine: true, go: 'go1.26.0' },
    kind: 'assets',
  },
  { name: 'takes whole assets without Go', facts: { assets: PROGRAMS, engine: false }, kind: 'assets' },
  {
    name: 'takes envtest assets when Go can build the rest',
    facts: { assets: envtest, engine: true, go: 'go1.26.0' },
    kind: 'assets',
  },
  { name: 'leaves envtest assets for an engine without Go', facts: { assets: envtest, engine: true }, kind: 'engine' },
  {
    name: 'leaves envtest assets when Go is too old for the rest',
    facts: { assets: envtest, engine: false, go: 'go1.19.8' },
    kind: 'none',
  },
  { name: 'leaves an empty assets folder', facts: { assets: [], engine: false, go: 'go1.26.0' }, kind: 'go' },
  { name: 'takes an engine before Go', facts: { engine: true, go: 'go1.26.0' }, kind: 'engine' },
  { name: 'takes Go when no engine answers', facts: { engine: false, go: 'go1.24' }, kind: 'go' },
  { name: 'takes a Go that is a release candidate', facts: { engine: false, go: 'go1.27rc1' }, kind: 'go' },
  { name: 'has nothing with a Go too old', facts: { engine: false, go: 'go1.23.9' }, kind: 'none' },
  { name: 'has nothing with a Go of unknown version', facts: { engine: false, go: 'devel' }, kind: 'none' },
  { name: 'has nothing on a bare machine', facts: { engine: false }, kind: 'none' },
])('$name', ({ facts, kind }) => {
  expect(chooseControlPlane(facts).kind).toBe(kind)
})

test('a bare machine is told all three reasons', () => {
  expect(chooseControlPlane({ engine: false })).toEqual({
    kind: 'none',
    reason: 'KUBEBUILDER_ASSETS is not set, no container engine answers, there is no Go',
  })
})

test('assets that lack a program are told which', () => {
  const choice = chooseControlPlane({ assets: envtest, engine: false, go: 'go1.20' })
  expect(choice).toEqual({
    kind: 'none',
    reason:
      'KUBEBUILDER_ASSETS lacks kube-controller-manager, kube-scheduler, kwok, ' +
      'no container engine answers, go1.20 is older than 1.24',
  })
})
