import { describe, expect, test } from 'vitest'
import { at, textAt } from '../../../src/util/json.ts'
import { type Contract, corePath, secret, versionOf } from './fixtures.ts'
import type { Watch, WatchEvent } from './http.ts'

/** Watches tell each change once, in order, and say when history is gone. */
export function watchContract(contract: () => Contract): void {
  describe('watches', () => {
    test('tell additions, changes and deletions after a version, in order', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      const before = await kube.post(secrets, secret('before'))
      const watch = await kube.watch(`${secrets}?watch=true&resourceVersion=${versionOf(before).version}`)
      expect(watch.status).toBe(200)
      const made = await kube.post(secrets, secret('a', { k: 'MQ==' }))
      const next = await kube.patch(`${secrets}/a`, { data: { k: 'Mg==' } }, 'merge')
      await kube.delete(`${secrets}/a`)
      const events = await take(watch, 3)
      expect(events.map(told)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a'])
      expect(events[0]?.object).toEqual(made.body)
      expect(events[1]?.object).toEqual(next.body)
      expect(at(events[2]?.object, 'data', 'k')).toBe('Mg==')
      expect(numberOf(events[2])).toBeGreaterThan(numberOf(events[1]))
      watch.close()
    })

    test('replay what happened between the version and the connect', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      const list = await kube.get(secrets)
      await kube.post(secrets, secret('a'))
      await kube.post(secrets, secret('b'))
      const watch = await kube.watch(`${secrets}?watch=true&resourceVersion=${versionOf(list).version}`)
      expect((await take(watch, 2)).map(told)).toEqual(['ADDED a', 'ADDED b'])
      watch.close()
    })

    test('without a version begin with what is there', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      await kube.post(secrets, secret('a'))
      const watch = await kube.watch(`${secrets}?watch=true&fieldSelector=metadata.name%3Da`)
      expect((await take(watch, 1)).map(told)).toEqual(['ADDED a'])
      watch.close()
    })

    test('of one name by a field selector tell nothing else', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      const { version } = versionOf(await kube.get(secrets))
      const watch = await kube.watch(`${secrets}?watch=true&resourceVersion=${version}&fieldSelector=metadata.name%3Db`)
      await kube.post(secrets, secret('a'))
      await kube.post(secrets, secret('b'))
      expect((await take(watch, 1)).map(told)).toEqual(['ADDED b'])
      watch.close()
    })

    test('of a label tell an object that gains it as added and one that loses it as deleted', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      const { version } = versionOf(await kube.post(secrets, secret('a')))
      const watch = await kube.watch(`${secrets}?watch=true&resourceVersion=${version}&labelSelector=on%3Dyes`)
      await kube.patch(`${secrets}/a`, { metadata: { labels: { on: 'yes' } } }, 'merge')
      await kube.patch(`${secrets}/a`, { metadata: { labels: { on: 'no' } } }, 'merge')
      expect((await take(watch, 2)).map(told)).toEqual(['ADDED a', 'DELETED a'])
      watch.close()
    })

    test('of all namespaces tell each namespace', async () => {
      const { kube, namespace } = contract()
      const [first, second] = [await namespace(), await namespace()]
      const { version } = versionOf(await kube.get('/api/v1/secrets?labelSelector=wide%3Dyes'))
      const watch = await kube.watch(`/api/v1/secrets?watch=true&resourceVersion=${version}&labelSelector=wide%3Dyes`)
      for (const name of [first, second]) {
        await kube.post(corePath(name, 'secrets'), secret('a', {}, { labels: { wide: 'yes' } }))
      }
      const events = await take(watch, 2)
      expect(events.map((event) => at(event.object, 'metadata', 'namespace'))).toEqual([first, second])
      watch.close()
    })

    test('end after timeoutSeconds', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      const { version } = versionOf(await kube.get(secrets))
      const watch = await kube.watch(`${secrets}?watch=true&resourceVersion=${version}&timeoutSeconds=1`)
      expect(await watch.next()).toBeUndefined()
    })

    test('with initial events send what is there, then a bookmark that says so, then changes', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      await kube.post(secrets, secret('a', {}, { labels: { initial: 'yes' } }))
      const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
      const watch = await kube.watch(`${secrets}?watch=true&labelSelector=initial%3Dyes&${query}`)
      const [added, bookmark] = await take(watch, 2)
      expect(added).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } })
      expect(bookmark).toMatchObject({
        type: 'BOOKMARK',
        object: { kind: 'Secret', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
      })
      expect(numberOf(bookmark)).toBeGreaterThanOrEqual(numberOf(added))
      await kube.post(secrets, secret('b', {}, { labels: { initial: 'yes' } }))
      expect((await take(watch, 1)).map(told)).toEqual(['ADDED b'])
      watch.close()
    })

    test('with bookmarks end with one, so that a reader can go on from there', async () => {
      const { kube, namespace } = contract()
      const [mine, other] = [await namespace(), await namespace()]
      const secrets = corePath(mine, 'secrets')
      const { version } = versionOf(await kube.get(secrets))
      const query = `resourceVersion=${version}&allowWatchBookmarks=true&timeoutSeconds=4`
      const watch = await kube.watch(`${secrets}?watch=true&${query}`)
      const elsewhere = await kube.post(corePath(other, 'secrets'), secret('a'))
      const bookmark = await watch.next()
      expect(bookmark).toMatchObject({ type: 'BOOKMARK', object: { kind: 'Secret', apiVersion: 'v1' } })
      expect(numberOf(bookmark)).toBeGreaterThanOrEqual(Number(versionOf(elsewhere).version))
      watch.close()
    })

    test('without bookmarks allowed get none', async () => {
      const { kube, namespace } = contract()
      const secrets = corePath(await namespace(), 'secrets')
      const { version } = versionOf(await kube.get(secrets))
      const watch = await kube.watch(`${secrets}?watch=true&resourceVersion=${version}&timeoutSeconds=3`)
      expect(await watch.next()).toBeUndefined()
    })

    test('from a version before a compaction are told 410', async ({ skip }) => {
      const { kube, namespace, compact } = contract()
      if (compact === undefined) return skip('this server cannot be told to compact')
      const templates = corePath(await namespace(), 'podtemplates')
      const { version } = versionOf(await kube.get(templates))
      await kube.post(templates, podTemplate('a'))
      await kube.post(templates, podTemplate('b'))
      await compact()
      const watch = await kube.watch(`${templates}?watch=true&resourceVersion=${version}`)
      expect(await gone(watch)).toMatchObject({ kind: 'Status', status: 'Failure', code: 410, reason: 'Expired' })
      watch.close()
    })
  })
}

/** A resource nobody else writes, so that its history is all ours. */
export function podTemplate(name: string): object {
  const spec = { containers: [{ name: 'main', image: 'x' }] }
  return { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name }, template: { spec } }
}

/** The 410 of a watch: a server may refuse at once, or open the stream and say it there. */
async function gone(watch: Watch): Promise<unknown> {
  const first = await watch.next()
  return watch.status === 200 && first?.type === 'ERROR' ? first.object : first
}

async function take(watch: Watch, count: number): Promise<readonly WatchEvent[]> {
  const events: WatchEvent[] = []
  while (events.length < count) {
    const event = await watch.next()
    if (event === undefined) throw new Error(`the watch ended after ${events.length} of ${count} events`)
    events.push(event)
  }
  return events
}

function told(event: WatchEvent): string {
  return `${event.type} ${textAt(event.object, 'metadata', 'name')}`
}

function numberOf(event: WatchEvent | undefined): number {
  return Number(at(event?.object, 'metadata', 'resourceVersion'))
}
