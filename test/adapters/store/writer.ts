// Writes numbered events to the store in argv[2] until it is killed, and says on stdout which ones were acknowledged.
import { openStore } from '../../../src/adapters/store/sqlite-store.ts'
import { commit, note, shaOf } from './samples.ts'

const store = await openStore(process.argv[2] ?? '')
const { commits } = await store.history.counts()
for (let n = commits + 1; ; n++) {
  const lines = Array.from({ length: 20 }, (_, index) => note(n, index))
  await store.write({
    commits: [commit(n)],
    notes: lines,
    head: { commit: shaOf(n), clusters: [], environments: [], problems: [] },
  })
  process.stdout.write(`${n}\n`)
}
