import { InputError } from '../../domain/errors.ts'
import { at, type Json, listAt, textAt } from '../../util/json.ts'
import { openClient, type ReachOptions, splitKey } from '../online.ts'
import { ageText } from '../print.ts'
import type { CliWorld, ExitCode } from '../world.ts'

const QUERY = `query ($environment: String!, $name: String!) {
  deployment(environment: $environment, name: $name) {
    environment { name cluster namespace } name id file version blocked phase ready health sync reason message observedAt
    driver { name version } desired { digest appVersion } active { digest appVersion }
    components { name state desired ready message }
    drift { object pointer state manager at }
    problems { code severity message hint file line col }
    runs(first: 3) { nodes { epoch class phase message commit startedAt steps { number title state attempt message } } }
  }
}`

/** Everything about one deployment, for the person on call: what is wanted, what is there, what it waits for, what is wrong. */
export async function describe(
  deployment: string,
  options: ReachOptions,
  world: CliWorld,
  signal: AbortSignal,
): Promise<ExitCode> {
  const client = await openClient(options, world)
  const answer = await client.query<Json>(QUERY, splitKey(deployment), signal)
  const found = at(answer, 'deployment')
  if (found === undefined || found === null) {
    throw new InputError('STY605', `there is no deployment "${deployment}"`, {
      hint: 'List them with "styrminctl get deployments".',
    })
  }
  world.out(
    [...facts(found, world.now()), ...parts(found), ...runs(found, world.now()), ...problems(found), ''].join('\n'),
  )
  return 0
}

function facts(found: Json, now: number): readonly string[] {
  const line = (title: string, value: string): string => `${`${title}:`.padEnd(14)}${value}`
  const text = (...path: readonly string[]): string => textAt(found, ...path) ?? ''
  const seen = textAt(found, 'observedAt')
  return [
    line('Deployment', `${text('environment', 'name')}/${text('name')} (${text('id')})`),
    line('Where', `cluster ${text('environment', 'cluster')}, namespace ${text('environment', 'namespace')}`),
    line('Declared in', text('file')),
    line('Driver', `${text('driver', 'name')} ${text('driver', 'version')}`),
    line('Wanted', `${text('version')} ${text('desired', 'digest')}`),
    line('Active', `${text('active', 'appVersion')} ${text('active', 'digest')}`),
    line('Phase', `${text('phase')} (${text('reason')})`),
    line('Ready', at(found, 'ready') === true ? 'True' : 'False'),
    line(
      'Health',
      `${text('health')}, ${text('sync')}${at(found, 'blocked') === true ? ', blocked by an error in its document' : ''}`,
    ),
    line('Message', text('message')),
    line('Seen', seen === undefined ? 'never' : `${ageText(now - Date.parse(seen))} ago`),
  ]
}

function parts(found: Json): readonly string[] {
  const components = listAt(found, 'components').map((one) => {
    const message = textAt(one, 'message') ?? ''
    const counts = `${Number(at(one, 'ready'))}/${Number(at(one, 'desired'))}`
    return `  ${(textAt(one, 'name') ?? '').padEnd(20)} ${(textAt(one, 'state') ?? '').padEnd(12)} ${counts} ${message}`.trimEnd()
  })
  const drift = listAt(found, 'drift').map(
    (one) =>
      `  ${textAt(one, 'object')} ${textAt(one, 'pointer')} ${textAt(one, 'state')}, changed by ${textAt(one, 'manager')}`,
  )
  return [...section('Components', components), ...section('Drift', drift)]
}

function runs(found: Json, now: number): readonly string[] {
  const lines = listAt(found, 'runs', 'nodes').flatMap((run) => {
    const started = Date.parse(textAt(run, 'startedAt') ?? '')
    const steps = listAt(run, 'steps').map((step) => {
      const message = textAt(step, 'message') ?? ''
      return `    ${String(Number(at(step, 'number'))).padStart(2)}. ${(textAt(step, 'state') ?? '').padEnd(10)} ${textAt(step, 'title')}${message === '' ? '' : `: ${message}`}`
    })
    return [
      `  ${textAt(run, 'class')} ${textAt(run, 'phase')}, commit ${(textAt(run, 'commit') ?? '').slice(0, 10)}, ${ageText(now - started)} ago`,
      ...steps,
    ]
  })
  return section('Runs', lines)
}

function problems(found: Json): readonly string[] {
  const lines = listAt(found, 'problems').flatMap((problem) => {
    const file = textAt(problem, 'file')
    const place = file === undefined ? '' : `${file}:${Number(at(problem, 'line'))}:${Number(at(problem, 'col'))}: `
    return [
      `  ${place}${textAt(problem, 'severity')} ${textAt(problem, 'code')}: ${textAt(problem, 'message')}`,
      `    hint: ${textAt(problem, 'hint')}`,
    ]
  })
  return section('Problems', lines)
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines]
}
