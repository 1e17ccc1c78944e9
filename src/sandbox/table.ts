import { at, isObject, type Json, type JsonObject, listAt, objectAt, own, textAt } from '../util/json.ts'
import type { Resource } from './registry.ts'
import { textOf } from './values.ts'

/** The table form of objects, as kubectl prints them. */
export function tableOf(resource: Resource, objects: readonly JsonObject[], more: TableOptions): JsonObject {
  const columns = columnsOf(resource)
  const cell = (object: JsonObject, column: Column): Json => column.read(object, more.now)
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: more.metadata,
    ...(more.headers
      ? {
          columnDefinitions: columns.map(({ name, type, format, priority }) => ({
            name,
            type,
            format,
            description: '',
            priority,
          })),
        }
      : {}),
    rows: objects.map((object) => ({
      cells: columns.map((column) => cell(object, column)),
      object: rowObject(object, more.include),
    })),
  }
}

/** What a table is asked for. */
export interface TableOptions {
  readonly metadata: JsonObject
  readonly headers: boolean
  readonly include: string
  readonly now: Date
}

function rowObject(object: JsonObject, include: string): Json {
  if (include === 'None') return null
  if (include === 'Object') return object
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: own(object, 'metadata') ?? {} }
}

interface Column {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly priority: number
  readonly read: (object: JsonObject, now: Date) => Json
}

const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  priority: 0,
  read: (object) => textAt(object, 'metadata', 'name') ?? '',
}
const AGE = column('Age', (object, now) => age(textAt(object, 'metadata', 'creationTimestamp'), now))

function column(name: string, read: Column['read'], more: Partial<Column> = {}): Column {
  return { name, type: 'string', format: '', priority: 0, read, ...more }
}

function columnsOf(resource: Resource): readonly Column[] {
  if (resource.custom === undefined) return [NAME, ...(COLUMNS[resource.key] ?? []), AGE]
  if (resource.custom.columns.length === 0) return [NAME, AGE]
  return [NAME, ...resource.custom.columns.map(customColumn)]
}

function customColumn(definition: JsonObject): Column {
  const type = textAt(definition, 'type') ?? 'string'
  const path = textAt(definition, 'jsonPath') ?? ''
  return column(
    textAt(definition, 'name') ?? '',
    (object, now) => {
      const found = readJsonPath(object, path)
      return type === 'date' ? (typeof found === 'string' ? age(found, now) : null) : printable(found, type)
    },
    { type, format: textAt(definition, 'format') ?? '', priority: Number(own(definition, 'priority') ?? 0) },
  )
}

function printable(found: Json | undefined, type: string): Json {
  if (found === undefined) return null
  if (type === 'integer' || type === 'number' || type === 'boolean') return found
  return typeof found === 'string' ? found : JSON.stringify(found)
}

const STEP = /\.([A-Za-z0-9_-]+)|\['([^']+)'\]|\[(\d+)\]|\[\?\(@\.([A-Za-z0-9_-]+)\s*==\s*["']([^"']*)["']\)\]/gy

/** The first value at a JSONPath of the simple kind that printer columns use. */
function readJsonPath(object: JsonObject, path: string): Json | undefined {
  let here: Json | undefined = object
  for (const [, field, quoted, index, key, wanted] of path.replaceAll(String.raw`\.`, '\u0001').matchAll(STEP)) {
    const name = (field ?? quoted)?.replaceAll('\u0001', '.')
    if (name !== undefined) here = isObject(here) ? own(here, name) : undefined
    else if (index !== undefined) here = at(here, Number(index))
    else here = listAt(here).find((item) => at(item, key ?? '') === wanted)
  }
  return here
}

const SECOND_MS = 1000

/** How long ago a time was, in the short form of kubectl. */
function age(time: string | undefined, now: Date): string {
  if (time === undefined) return '<unknown>'
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(time)) / SECOND_MS))
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)]
  if (seconds < 120) return `${seconds}s`
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`
  if (hours < 3) return `${minutes}m`
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`
  return hours < 48 ? `${hours}h` : `${days}d`
}

function number(object: JsonObject, ...path: readonly string[]): number {
  return Number(at(object, ...path) ?? 0)
}

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  '/namespaces': [column('Status', (object) => textAt(object, 'status', 'phase') ?? '')],
  '/configmaps': [column('Data', (object) => Object.keys(objectAt(object, 'data')).length)],
  '/secrets': [
    column('Type', (object) => textAt(object, 'type') ?? ''),
    column('Data', (object) => Object.keys(objectAt(object, 'data')).length),
  ],
  '/pods': [
    column(
      'Ready',
      (object) =>
        `${listAt(object, 'status', 'containerStatuses').filter((status) => at(status, 'ready') === true).length}/${listAt(object, 'spec', 'containers').length}`,
    ),
    column('Status', podStatus),
    column('Restarts', () => '0'),
  ],
  '/services': [
    column('Type', (object) => textAt(object, 'spec', 'type') ?? ''),
    column('Cluster-IP', (object) => textAt(object, 'spec', 'clusterIP') ?? '<none>'),
    column('External-IP', (object) => textAt(object, 'spec', 'externalName') ?? '<none>'),
    column('Port(s)', (object) => listAt(object, 'spec', 'ports').map(printPort).join(',') || '<none>'),
  ],
  '/persistentvolumeclaims': [
    column('Status', (object) => textAt(object, 'status', 'phase') ?? ''),
    column('Volume', (object) => textAt(object, 'spec', 'volumeName') ?? ''),
    column('Capacity', (object) => textAt(object, 'status', 'capacity', 'storage') ?? ''),
  ],
  'apps/deployments': [
    column('Ready', (object) => `${number(object, 'status', 'readyReplicas')}/${number(object, 'spec', 'replicas')}`),
    column('Up-to-date', (object) => number(object, 'status', 'updatedReplicas')),
    column('Available', (object) => number(object, 'status', 'availableReplicas')),
  ],
  'apps/statefulsets': [
    column('Ready', (object) => `${number(object, 'status', 'readyReplicas')}/${number(object, 'spec', 'replicas')}`),
  ],
  'apps/replicasets': [
    column('Desired', (object) => number(object, 'spec', 'replicas')),
    column('Current', (object) => number(object, 'status', 'replicas')),
    column('Ready', (object) => number(object, 'status', 'readyReplicas')),
  ],
  'apps/daemonsets': [
    column('Desired', (object) => number(object, 'status', 'desiredNumberScheduled')),
    column('Current', (object) => number(object, 'status', 'currentNumberScheduled')),
    column('Ready', (object) => number(object, 'status', 'numberReady')),
  ],
  'batch/jobs': [
    column('Status', jobStatus),
    column(
      'Completions',
      (object) => `${number(object, 'status', 'succeeded')}/${Number(at(object, 'spec', 'completions') ?? 1)}`,
    ),
  ],
  'batch/cronjobs': [
    column('Schedule', (object) => textAt(object, 'spec', 'schedule') ?? ''),
    column('Suspend', (object) => (at(object, 'spec', 'suspend') === true ? 'True' : 'False')),
  ],
  'networking.k8s.io/ingresses': [
    column('Class', (object) => textAt(object, 'spec', 'ingressClassName') ?? '<none>'),
    column(
      'Hosts',
      (object) =>
        listAt(object, 'spec', 'rules')
          .map((rule) => textAt(rule, 'host') ?? '*')
          .join(',') || '*',
    ),
  ],
  'apiextensions.k8s.io/customresourcedefinitions': [
    column('Created At', (object) => textAt(object, 'metadata', 'creationTimestamp') ?? ''),
  ],
}

function podStatus(object: JsonObject): string {
  if (at(object, 'metadata', 'deletionTimestamp') !== undefined) return 'Terminating'
  const phase = textAt(object, 'status', 'phase') ?? ''
  return phase === 'Succeeded' ? 'Completed' : phase
}

function jobStatus(object: JsonObject): string {
  const done = listAt(object, 'status', 'conditions').find((condition) => at(condition, 'status') === 'True')
  return textAt(done, 'type') ?? (at(object, 'spec', 'suspend') === true ? 'Suspended' : 'Running')
}

function printPort(port: Json): string {
  const node = at(port, 'nodePort')
  return `${textOf(at(port, 'port'))}${node === undefined ? '' : `:${textOf(node)}`}/${textAt(port, 'protocol') ?? 'TCP'}`
}
