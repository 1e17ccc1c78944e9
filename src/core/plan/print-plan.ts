import { objectTitle } from '../../domain/manifest.ts'
import type { Change, ChangeClass, InstanceDiff, ObjectDiff, Plan, Step } from '../../domain/plan.ts'
import type { Origin } from '../../domain/source.ts'
import type { Json } from '../../util/json.ts'
import { shorten, visible } from '../../util/text.ts'
import { paint, type Paint } from './paint.ts'

/** How a plan is printed. */
export interface PrintOptions {
  readonly color: boolean
}

/**
 * Plans as text for a reviewer: verdict, steps, what stops, who changed what, objects, and a summary line.
 *
 * Order: as given, which is by deployment. Values are cut to one line; the JSON form has them whole.
 */
export function printPlan(plans: readonly Plan[], { color }: PrintOptions): string {
  const ink = paint(color)
  const shown = plans.filter(({ verdict }) => verdict.class !== 'none')
  if (shown.length === 0) return 'No changes.\n'
  return `${shown.map((plan) => onePlan(plan, ink)).join('\n')}\n${summary(shown)}\n`
}

/** The objects of a difference as text, each with its changed fields. */
export function printObjectDiffs({ objects }: InstanceDiff, { color }: PrintOptions): string {
  const ink = paint(color)
  return objects
    .flatMap((object) => objectLines(object, ink))
    .map((line) => `  ${line}\n`)
    .join('')
}

const SIGN: Readonly<Partial<Record<ChangeClass, string>>> = {
  create: '+',
  delete: '-',
  'delete-data': '-',
  recreate: '-/+',
}

function onePlan(plan: Plan, ink: Paint): string {
  const { verdict, key, digest } = plan
  const sign = SIGN[verdict.class] ?? '~'
  return [
    `${ink.forClass(verdict.class, `${sign} ${key}`)}  ${ink.bold(verdict.class)}${versions(plan)}`,
    `    because ${verdict.rule}`,
    ...verdict.evidence.map((line) => `      ${visible(line)}`),
    `    plan ${digest}`,
    ...section('steps', plan.steps.map(stepLine)),
    ...section(
      'stopped',
      plan.stops.map(({ component, fromStep, toStep }) => stopLine(component, fromStep, toStep)),
    ),
    ...section('inputs', inputLines(plan, ink)),
    ...section(
      'objects',
      plan.diff.objects.flatMap((object) => objectLines(object, ink)),
    ),
    ...(verdict.class === 'create' ? section('generated once, in no digest', plan.generated) : []),
    '',
  ].join('\n')
}

function versions({ fromVersion, toVersion }: Plan): string {
  if (fromVersion === undefined || toVersion === undefined) return ` ${toVersion ?? fromVersion ?? ''}`
  return fromVersion === toVersion ? ` ${toVersion}` : ` ${fromVersion} -> ${toVersion}`
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`    ${title}`, ...lines.map((line) => `      ${line}`)]
}

function stepLine({ number, title, hook, mode, live }: Step): string {
  const from = hook === undefined ? '' : `  (${hook} ${mode ?? ''})`
  return `${String(number).padStart(2)}. ${visible(title)}${from}${live ? '  (arguments known only when it runs)' : ''}`
}

function stopLine(component: string, fromStep: number, toStep: number): string {
  return fromStep === toStep
    ? `${component} from step ${fromStep} on`
    : `${component} in steps ${fromStep} to ${toStep}`
}

/** Of a new deployment what its own document says, and how much comes from elsewhere; of a deleted one nothing. */
function inputLines({ diff, from, to }: Plan, ink: Paint): readonly string[] {
  if (to === undefined) return []
  const shownInputs = diff.inputs.filter(({ origin }) => from !== undefined || isWritten(origin))
  const rest = diff.inputs.length - shownInputs.length
  return [
    ...shownInputs.map((input) => `${changeLine(input, ink)}${originText(input.origin)}`),
    ...(rest === 0 ? [] : [`and ${rest} inherited or worked out`]),
  ]
}

function isWritten(origin: Origin | undefined): boolean {
  return origin?.layer === 'deployment'
}

function originText(origin: Origin | undefined): string {
  if (origin?.at === undefined) return ''
  return `  # ${origin.layer}, ${visible(origin.at.file)}:${origin.at.line}`
}

function objectLines({ kind, ref, changes }: ObjectDiff, ink: Paint): readonly string[] {
  const title = visible(`${objectTitle(ref)}${ref.namespace === '' ? '' : ` in ${ref.namespace}`}`)
  if (kind === 'added') return [ink.green(`+ ${title}`)]
  if (kind === 'removed') return [ink.red(`- ${title}`)]
  return [ink.yellow(`~ ${title}`), ...changes.map((change) => `    ${changeLine(change, ink)}`)]
}

function changeLine(change: Change, ink: Paint): string {
  const at = visible(change.at)
  switch (change.kind) {
    case 'added':
      return ink.green(`+ ${at} = ${shown(change.after)}`)
    case 'removed':
      return ink.red(`- ${at} (was ${shown(change.before)})`)
    case 'replaced':
      return ink.yellow(`~ ${at}: ${shown(change.before)} -> ${shown(change.after)}`)
    default:
      return change satisfies never
  }
}

const VALUE_LENGTH = 100

function shown(value: Json): string {
  return shorten(visible(JSON.stringify(value)), VALUE_LENGTH)
}

function summary(plans: readonly Plan[]): string {
  const counts = new Map<ChangeClass, number>()
  for (const { verdict } of plans) counts.set(verdict.class, (counts.get(verdict.class) ?? 0) + 1)
  const parts = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${count} ${name}`)
  return `${plans.length} ${plans.length === 1 ? 'deployment changes' : 'deployments change'}: ${parts.join(', ')}.`
}
