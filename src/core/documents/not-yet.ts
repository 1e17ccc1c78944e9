import type { StyrminDocument } from '../../domain/documents.ts'
import type { Problem } from '../../domain/problem.ts'
import { type Json, type JsonObject, listAt, textAt } from '../../util/json.ts'
import { pointerSteps, valueAt } from '../../util/pointer.ts'
import type { Places } from './schema-problems.ts'

/** Fields of the format that nothing acts on in this version; a line goes when its work lands. */
const LATER: Readonly<Record<StyrminDocument['kind'], readonly string[]>> = {
  Cluster: [],
  Environment: ['/spec/dedicated_ingress', '/spec/drift/ignore', '/spec/backups', '/spec/clone_from', '/spec/ttl'],
  Deployment: ['/spec/adopt', '/spec/drift/ignore'],
  ApplicationDriver: ['/spec/health'],
}

/** Values of the format that nothing acts on in this version. */
const LATER_VALUES: Readonly<Record<string, readonly Json[]>> = { 'Environment /spec/delivery': ['flux'] }

const LATER_HOOKS: readonly (string | undefined)[] = ['backup', 'restore', 'clone', 'delete']

/** A warning for each field that is written but has no effect yet, so that nothing is silently ignored. */
export function notYet(kind: StyrminDocument['kind'], root: JsonObject, { placeOf }: Places): readonly Problem[] {
  const fields = LATER[kind].filter((pointer) => valueAt(root, pointer) !== undefined)
  const values = Object.entries(LATER_VALUES)
    .map(([key, later]) => ({ of: key.split(' ')[0], pointer: key.split(' ')[1] ?? '', later }))
    .filter(({ of, pointer, later }) => of === kind && later.includes(valueAt(root, pointer) ?? null))
    .map(({ pointer }) => pointer)
  const hooks = listAt(root, 'spec', 'actions').flatMap((action, index) =>
    LATER_HOOKS.includes(textAt(action, 'hook')) ? [`/spec/actions/${index}/hook`] : [],
  )
  return [...fields, ...values, ...hooks].map((pointer) => ({
    code: 'STY115',
    severity: 'warning',
    message: `${pointerSteps(pointer).join('.')} is not carried out yet`,
    hint: 'Leave it for a later version, or remove it.',
    at: placeOf(pointer, 'key'),
  }))
}
