import type { StyrminDocument } from '../../domain/documents.ts'
import type { Problem } from '../../domain/problem.ts'
import { type JsonObject, listAt, textAt } from '../../util/json.ts'
import { pointerSteps, valueAt } from '../../util/pointer.ts'
import type { Places } from './schema-problems.ts'

/** Fields of the format that nothing acts on in this version; a line goes when its work lands. */
const LATER: Readonly<Record<StyrminDocument['kind'], readonly string[]>> = {
  Cluster: [],
  Environment: ['/spec/dedicated_ingress', '/spec/drift/ignore', '/spec/backups', '/spec/clone_from', '/spec/ttl'],
  Deployment: ['/spec/adopt', '/spec/approve', '/spec/drift/ignore'],
  ApplicationDriver: [
    '/spec/health',
    '/spec/upgrades/steps',
    '/spec/upgrades/requires_backup',
    '/spec/upgrades/point_of_no_return',
  ],
}

/** Values of the format that nothing acts on in this version. */
const LATER_VALUES: readonly {
  readonly kind: StyrminDocument['kind']
  readonly pointer: string
  readonly value: string
}[] = [
  { kind: 'Environment', pointer: '/spec/delivery', value: 'flux' },
  { kind: 'Deployment', pointer: '/spec/on_failure', value: 'rollback' },
]

const LATER_HOOKS: readonly string[] = ['backup', 'restore', 'clone', 'delete']

/** A warning for each field that is written but has no effect yet, so that nothing is silently ignored. */
export function notYet(kind: StyrminDocument['kind'], root: JsonObject, { placeOf }: Places): readonly Problem[] {
  const fields = LATER[kind].filter((pointer) => valueAt(root, pointer) !== undefined)
  const values = LATER_VALUES.filter((later) => later.kind === kind && valueAt(root, later.pointer) === later.value)
  const hooks = listAt(root, 'spec', 'actions').flatMap((action, index) => {
    const hook = textAt(action, 'hook') ?? ''
    return LATER_HOOKS.includes(hook) ? [{ pointer: `/spec/actions/${index}/hook`, value: hook }] : []
  })
  const found = [...fields.map((pointer) => ({ pointer, value: undefined })), ...values, ...hooks]
  return found.map(({ pointer, value }) => ({
    code: 'STY115',
    severity: 'warning',
    message: `${pointerSteps(pointer).join('.')}${value === undefined ? '' : `: ${value}`} is not carried out yet`,
    hint: 'Leave it for a later version, or remove it.',
    at: placeOf(pointer, 'key'),
  }))
}
