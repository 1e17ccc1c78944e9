import { describe, expect, test } from 'vitest'
import { at, listAt, textAt } from '../../../src/util/json.ts'
import { type Contract, configMap, corePath, failure, secret, versionOf } from './fixtures.ts'
import type { KubeHttp, Reply } from './http.ts'
import { podTemplate } from './watches.ts'

/** Lists are selected, ordered, cut into pages and versioned. */
export function listContract(contract: () => Contract): void {
  describe('lists', () => {
    test('are in name order, carry a version and name their kind once', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      await fill(kube, secrets, ['b', 'a', 'c'])
      const list = await kube.get(secrets)
      expect(list.body).toMatchObject({ kind: 'SecretList', apiVersion: 'v1' })
      expect(names(list)).toEqual(['a', 'b', 'c'])
      expect(versionOf(list).version).toMatch(/^\d+$/)
      expect(list.at('items', 0, 'kind')).toBeUndefined()
      expect(list.at('items', 0, 'apiVersion')).toBeUndefined()
    })

    test('of nothing have an empty list of items', async () => {
      const { kube, namespace } = contract()
      expect((await kube.get(corePath(await namespace(), 'secrets'))).at('items')).toEqual([])
    })

    test.for([
      { selector: 'tier=front', want: ['a', 'b'] },
      { selector: 'tier==front', want: ['a', 'b'] },
      { selector: 'tier!=front', want: ['c', 'd'] },
      { selector: 'tier in (front,back)', want: ['a', 'b', 'c'] },
      { selector: 'tier notin (front)', want: ['c', 'd'] },
      { selector: 'tier', want: ['a', 'b', 'c'] },
      { selector: '!tier', want: ['d'] },
      { selector: 'tier=front,size=2', want: ['b'] },
      { selector: 'tier=none', want: [] },
    ])('with label selector $selector', async ({ selector, want }) => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      await kube.post(secrets, secret('a', {}, { labels: { tier: 'front', size: '1' } }))
      await kube.post(secrets, secret('b', {}, { labels: { tier: 'front', size: '2' } }))
      await kube.post(secrets, secret('c', {}, { labels: { tier: 'back' } }))
      await kube.post(secrets, secret('d'))
      expect(names(await kube.get(`${secrets}?labelSelector=${encodeURIComponent(selector)}`))).toEqual(want)
    })

    test('with a broken label selector are 400', async () => {
      const { kube, namespace } = contract()
      const path = `${corePath(await namespace(), 'secrets')}?labelSelector=${encodeURIComponent('a in (')}`
      expect(await kube.get(path)).toMatchObject(failure(400, 'BadRequest'))
    })

    test.for([
      { selector: 'metadata.name=a', want: ['a'] },
      { selector: 'metadata.name!=a', want: ['b'] },
      { selector: 'metadata.name=none', want: [] },
    ])('with field selector $selector', async ({ selector, want }) => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      await fill(kube, secrets, ['a', 'b'])
      expect(names(await kube.get(`${secrets}?fieldSelector=${encodeURIComponent(selector)}`))).toEqual(want)
    })

    test('with a field selector that the resource does not know are 400', async () => {
      const { kube, namespace } = contract()
      const path = corePath(await namespace(), 'configmaps')
      expect(await kube.get(`${path}?fieldSelector=data.k%3Dv`)).toMatchObject(failure(400, 'BadRequest'))
    })

    test('of all namespaces are ordered by namespace and name', async () => {
      const { kube, namespace } = contract()
      const spaces = [await namespace(), await namespace()].sort()
      for (const space of spaces) {
        await kube.post(corePath(space, 'secrets'), secret('b', {}, { labels: { wide: 'list' } }))
        await kube.post(corePath(space, 'secrets'), secret('a', {}, { labels: { wide: 'list' } }))
      }
      const list = await kube.get('/api/v1/secrets?labelSelector=wide%3Dlist')
      const seen = listAt(list.body, 'items').map((item) => `${textAt(item, 'metadata', 'namespace')}/${nameOf(item)}`)
      expect(seen).toEqual(spaces.flatMap((space) => [`${space}/a`, `${space}/b`]))
    })

    test('come in pages of one version, each saying how many are left', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      await fill(kube, secrets, ['a', 'b', 'c', 'd', 'e'])
      const first = await kube.get(`${secrets}?limit=2`)
      expect(names(first)).toEqual(['a', 'b'])
      expect(first.at('metadata', 'remainingItemCount')).toBe(3)
      await kube.post(secrets, secret('bb'))
      const second = await kube.get(`${secrets}?limit=2&continue=${continueOf(first)}`)
      expect(names(second)).toEqual(['c', 'd'])
      expect(second.at('metadata', 'remainingItemCount')).toBe(1)
      expect(versionOf(second).version).toBe(versionOf(first).version)
      const last = await kube.get(`${secrets}?limit=2&continue=${continueOf(second)}`)
      expect(names(last)).toEqual(['e'])
      expect(last.textAt('metadata', 'continue')).toBe('')
      expect(last.at('metadata', 'remainingItemCount')).toBeUndefined()
    })

    test('in pages with a selector skip what does not match and count nothing', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      for (const name of ['a', 'b', 'c', 'd']) {
        await kube.post(secrets, secret(name, {}, { labels: { odd: name === 'b' || name === 'd' ? 'no' : 'yes' } }))
      }
      const first = await kube.get(`${secrets}?limit=1&labelSelector=odd%3Dyes`)
      expect(names(first)).toEqual(['a'])
      expect(first.at('metadata', 'remainingItemCount')).toBeUndefined()
      const second = await kube.get(`${secrets}?limit=1&labelSelector=odd%3Dyes&continue=${continueOf(first)}`)
      expect(names(second)).toEqual(['c'])
    })

    test('with a broken continue token are 400', async () => {
      const { kube, namespace } = contract()
      const path = `${corePath(await namespace(), 'secrets')}?limit=1&continue=broken`
      expect(await kube.get(path)).toMatchObject(failure(400, 'BadRequest'))
    })

    test('with a continue token from before a compaction are 410 with a token to go on inconsistently', async ({
      skip,
    }) => {
      const { kube, namespace, compact } = contract()
      if (compact === undefined) return skip('this server cannot be told to compact')
      const templates = corePath(await namespace(), 'podtemplates')
      for (const name of ['a', 'b', 'c']) await kube.post(templates, podTemplate(name))
      const first = await kube.get(`${templates}?limit=1`)
      await kube.post(templates, podTemplate('bb'))
      await compact()
      const expired = await kube.get(`${templates}?limit=1&continue=${continueOf(first)}`)
      expect(expired).toMatchObject(failure(410, 'Expired'))
      const onward = await kube.get(`${templates}?limit=5&continue=${continueOf(expired)}`)
      expect(names(onward)).toEqual(['b', 'bb', 'c'])
      expect(onward.at('items', 0, 'metadata', 'name')).toBe('b')
    })

    test('not older than a version hold that version', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      const { version } = versionOf(await kube.post(secrets, secret('a')))
      const list = await kube.get(`${secrets}?resourceVersion=${version}&resourceVersionMatch=NotOlderThan`)
      expect(names(list)).toEqual(['a'])
      expect(Number(versionOf(list).version)).toBeGreaterThanOrEqual(Number(version))
    })

    test('of an exact version show that moment', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      const { version } = versionOf(await kube.post(secrets, secret('a')))
      await kube.post(secrets, secret('b'))
      const list = await kube.get(`${secrets}?resourceVersion=${version}&resourceVersionMatch=Exact`)
      expect(names(list)).toEqual(['a'])
      expect(versionOf(list).version).toBe(version)
    })

    test('of metadata only carry no data', async () => {
      const { kube, namespace } = contract()
      const maps = corePath(await namespace(), 'configmaps')
      await kube.post(maps, configMap('a', { k: 'v' }))
      const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'
      const list = await kube.get(`${maps}?fieldSelector=metadata.name%3Da`, { accept })
      expect(list.body).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' })
      expect(names(list)).toEqual(['a'])
      expect(at(list.body, 'items', 0, 'data')).toBeUndefined()
    })
  })
}

async function fill(kube: KubeHttp, path: string, all: readonly string[]): Promise<void> {
  for (const name of all) await kube.post(path, secret(name))
}

function names(list: Reply): readonly string[] {
  return listAt(list.body, 'items').map(nameOf)
}

function nameOf(item: Parameters<typeof textAt>[0]): string {
  return textAt(item, 'metadata', 'name') ?? ''
}

function continueOf(list: Reply): string {
  return encodeURIComponent(list.textAt('metadata', 'continue'))
}
