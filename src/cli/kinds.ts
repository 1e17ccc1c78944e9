import { listAt, type Json, textAt, at } from '../util/json.ts'
import { ageText, shortDigest } from './print.ts'
import type { Column } from './world.ts'

/** A kind that `get` lists: its names, its query, its columns. */
export interface Kind {
  readonly names: readonly string[]
  /** Field of the query's root. */
  readonly field: string
  /** Whether the field is a connection with pages. */
  readonly paged: boolean
  readonly selection: string
  readonly columns: readonly (Column & { readonly cell: (item: Json, now: number) => string })[]
  readonly nameOf: (item: Json) => string
  /** The environment an item belongs to, for `-n`. */
  readonly environmentOf?: (item: Json) => string | undefined
}

const text =
  (...path: readonly string[]) =>
  (item: Json): string =>
    scalar(at(item, ...path))

const digest =
  (...path: readonly string[]) =>
  (item: Json): string =>
    shortDigest(textAt(item, ...path))

const age =
  (...path: readonly string[]) =>
  (item: Json, now: number): string => {
    const time = textAt(item, ...path)
    return time === undefined ? '' : ageText(now - Date.parse(time))
  }

function scalar(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

function readyText(item: Json): string {
  const counts = listAt(item, 'components').map((component) => [at(component, 'ready'), at(component, 'desired')])
  const sum = (index: number): number => counts.reduce((total, pair) => total + Number(pair[index] ?? 0), 0)
  return `${sum(0)}/${sum(1)}`
}

/** The environment in an `environment/name`. */
function ownerOf(item: Json): string | undefined {
  return textAt(item, 'deployment')?.split('/')[0]
}

const DEPLOYMENTS: Kind = {
  names: ['deployments', 'deployment', 'deploy', 'sd'],
  field: 'deployments',
  paged: true,
  selection:
    'environment { name cluster namespace } name id version phase ready health sync reason message blocked driver { name version } desired { digest } active { digest appVersion } components { name state desired ready } observedAt',
  columns: [
    { title: 'ENVIRONMENT', cell: text('environment', 'name') },
    { title: 'NAME', cell: text('name') },
    { title: 'READY', cell: (item) => (at(item, 'ready') === true ? 'True' : 'False') },
    { title: 'PODS', cell: readyText },
    { title: 'PHASE', cell: text('phase') },
    { title: 'HEALTH', cell: text('health') },
    { title: 'SYNC', cell: text('sync') },
    { title: 'VERSION', cell: text('active', 'appVersion') },
    { title: 'DRIVER', cell: text('driver', 'name') },
    { title: 'ACTIVE', wide: true, cell: digest('active', 'digest') },
    { title: 'DESIRED', wide: true, cell: digest('desired', 'digest') },
    { title: 'MESSAGE', wide: true, cell: text('message') },
    { title: 'SEEN', cell: age('observedAt') },
  ],
  nameOf: (item) => `deployment/${text('environment', 'name')(item)}/${text('name')(item)}`,
  environmentOf: (item) => textAt(item, 'environment', 'name'),
}

const CLUSTERS: Kind = {
  names: ['clusters', 'cluster'],
  field: 'clusters',
  paged: false,
  selection: 'name kubernetes agent { name kubernetes lastSeen silentSince } environments { name }',
  columns: [
    { title: 'NAME', cell: text('name') },
    { title: 'KUBERNETES', cell: text('kubernetes') },
    { title: 'AGENT', cell: text('agent', 'name') },
    { title: 'SEEN', cell: age('agent', 'lastSeen') },
    { title: 'SILENT SINCE', cell: text('agent', 'silentSince') },
  ],
  nameOf: (item) => `cluster/${text('name')(item)}`,
}

const ENVIRONMENTS: Kind = {
  names: ['environments', 'environment', 'env'],
  field: 'environments',
  paged: false,
  selection: 'name cluster namespace protected',
  columns: [
    { title: 'NAME', cell: text('name') },
    { title: 'CLUSTER', cell: text('cluster') },
    { title: 'NAMESPACE', cell: text('namespace') },
    { title: 'PROTECTED', cell: text('protected') },
  ],
  nameOf: (item) => `environment/${text('name')(item)}`,
  environmentOf: (item) => textAt(item, 'name'),
}

const PLANS: Kind = {
  names: ['plans', 'plan'],
  field: 'plans',
  paged: true,
  selection:
    'digest deployment class rule evidence commit at from to fromVersion toVersion steps { number name title }',
  columns: [
    { title: 'DEPLOYMENT', cell: text('deployment') },
    { title: 'CLASS', cell: text('class') },
    { title: 'FROM', cell: text('fromVersion') },
    { title: 'TO', cell: text('toVersion') },
    { title: 'STEPS', cell: (item) => String(listAt(item, 'steps').length) },
    { title: 'COMMIT', cell: (item) => text('commit')(item).slice(0, 10) },
    { title: 'RULE', wide: true, cell: text('rule') },
    { title: 'DIGEST', wide: true, cell: digest('digest') },
    { title: 'AGE', cell: age('at') },
  ],
  nameOf: (item) => `plan/${text('digest')(item)}`,
  environmentOf: ownerOf,
}

const RUNS: Kind = {
  names: ['runs', 'run', 'sr'],
  field: 'runs',
  paged: true,
  selection:
    'deployment epoch plan class commit phase message startedAt finishedAt steps { number name title state attempt message }',
  columns: [
    { title: 'DEPLOYMENT', cell: text('deployment') },
    { title: 'EPOCH', cell: text('epoch') },
    { title: 'CLASS', cell: text('class') },
    { title: 'PHASE', cell: text('phase') },
    {
      title: 'STEPS',
      cell: (item) =>
        `${listAt(item, 'steps').filter((step) => at(step, 'state') === 'succeeded').length}/${listAt(item, 'steps').length}`,
    },
    { title: 'COMMIT', cell: (item) => text('commit')(item).slice(0, 10) },
    { title: 'MESSAGE', wide: true, cell: text('message') },
    { title: 'AGE', cell: age('startedAt') },
  ],
  nameOf: (item) => `run/${text('deployment')(item)}/${text('epoch')(item)}`,
  environmentOf: ownerOf,
}

const COMMITS: Kind = {
  names: ['commits', 'commit'],
  field: 'commits',
  paged: true,
  selection: 'sha subject author time resolvedAt outcome planDigest statuses { context state description digest at }',
  columns: [
    { title: 'COMMIT', cell: (item) => text('sha')(item).slice(0, 10) },
    { title: 'OUTCOME', cell: text('outcome') },
    { title: 'SUBJECT', cell: text('subject') },
    { title: 'AUTHOR', wide: true, cell: text('author') },
    { title: 'STATUSES', cell: (item) => statusText(listAt(item, 'statuses')) },
    { title: 'AGE', cell: age('time') },
  ],
  nameOf: (item) => `commit/${text('sha')(item)}`,
}

function statusText(statuses: readonly Json[]): string {
  const bad = statuses.filter((status) => ['failure', 'error'].includes(textAt(status, 'state') ?? ''))
  const open = statuses.filter((status) => at(status, 'state') === 'pending')
  if (bad.length > 0) return `${bad.length} failed`
  return open.length > 0 ? `${open.length} pending` : `${statuses.length} ok`
}

const PROBLEMS: Kind = {
  names: ['problems', 'problem'],
  field: 'problems',
  paged: true,
  selection: 'code severity message hint file line col affects',
  columns: [
    { title: 'CODE', cell: text('code') },
    { title: 'SEVERITY', cell: text('severity') },
    {
      title: 'PLACE',
      cell: (item) =>
        textAt(item, 'file') === undefined ? '' : `${text('file')(item)}:${text('line')(item)}:${text('col')(item)}`,
    },
    { title: 'MESSAGE', cell: text('message') },
    { title: 'HINT', wide: true, cell: text('hint') },
  ],
  nameOf: (item) => `problem/${text('code')(item)}`,
}

/** Every kind that can be listed. */
export const KINDS: readonly Kind[] = [DEPLOYMENTS, CLUSTERS, ENVIRONMENTS, PLANS, RUNS, COMMITS, PROBLEMS]
