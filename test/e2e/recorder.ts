import { setTimeout as sleep } from 'node:timers/promises'
import { at, type JsonObject, textAt } from '../../src/util/json.ts'
import type { KubeHttp, Watch, WatchEvent } from '../contract/kube/http.ts'

const AGAIN_MS = 100
const LONGEST_MS = 60_000

/** What was seen of one object at one moment, in the order of events. */
export interface Sighting {
  readonly kind: 'replicas' | 'job'
  readonly name: string
  readonly uid: string
  /** `spec.replicas` of a Deployment; for a Job 1 while it is open, 0 when it has ended. */
  readonly value: number
}

/** Watches a namespace from the outside while things happen in it. */
export interface Recorder {
  readonly sightings: readonly Sighting[]
  /** Distinct Jobs that ever were, by uid. */
  jobs(): ReadonlyMap<string, string>
  stop(): Promise<void>
}

/** Records every change of Deployments and Jobs in a namespace, beginning with what is there. */
export function record(kube: KubeHttp, namespace: string): Recorder {
  const sightings: Sighting[] = []
  const stopped = Promise.withResolvers<undefined>()
  let open = true
  const note = (sighting: Sighting): void => {
    const last = sightings.findLast(({ uid }) => uid === sighting.uid)
    if (last?.value !== sighting.value) sightings.push(sighting)
  }
  const follow = async (path: string, read: (object: JsonObject) => Sighting): Promise<void> => {
    while (open) {
      const watch = await kube.watch(`${path}?watch=1`).catch(() => undefined)
      if (watch !== undefined) await readAll(watch, read)
      if (open) await sleep(AGAIN_MS)
    }
  }
  const readAll = async (watch: Watch, read: (object: JsonObject) => Sighting): Promise<void> => {
    const next = (): Promise<WatchEvent | undefined> =>
      Promise.race([stopped.promise, watch.next(LONGEST_MS).catch(() => undefined)])
    for (let event = await next(); event !== undefined && event.type !== 'ERROR'; event = await next())
      note(read(event.object))
    watch.close()
  }
  const following = [
    follow(`/apis/apps/v1/namespaces/${namespace}/deployments`, replicasOf),
    follow(`/apis/batch/v1/namespaces/${namespace}/jobs`, jobOf),
  ]
  return {
    sightings,
    jobs: () => new Map(sightings.filter(({ kind }) => kind === 'job').map(({ uid, name }) => [uid, name])),
    stop: async () => {
      open = false
      stopped.resolve(undefined)
      await Promise.all(following)
    },
  }
}

function replicasOf(object: JsonObject): Sighting {
  return { kind: 'replicas', ...named(object), value: Number(at(object, 'spec', 'replicas')) }
}

function jobOf(object: JsonObject): Sighting {
  const ended = Number(at(object, 'status', 'succeeded') ?? 0) + Number(at(object, 'status', 'failed') ?? 0) > 0
  return { kind: 'job', ...named(object), value: ended ? 0 : 1 }
}

function named(object: JsonObject): { readonly name: string; readonly uid: string } {
  return { name: textAt(object, 'metadata', 'name') ?? '', uid: textAt(object, 'metadata', 'uid') ?? '' }
}
