/**
 * Forgets all history of an etcd, so that old resource versions and continue tokens expire.
 *
 * Source: etcd's JSON gateway; numbers of 64 bits are text there.
 */
export async function compactEtcd(etcdUrl: string): Promise<void> {
  const key = Buffer.from('/').toString('base64')
  const { header } = (await ask(`${etcdUrl}/v3/kv/range`, { key, keys_only: true })) as { header: { revision: string } }
  await ask(`${etcdUrl}/v3/kv/compaction`, { revision: header.revision, physical: true })
}

async function ask(url: string, body: object): Promise<unknown> {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}
