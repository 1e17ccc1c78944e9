#!/usr/bin/env -S node --experimental-vm-modules --disable-warning=ExperimentalWarning
// In: arguments, the environment (read here, once), the files or the server a command names.
// Out: the answer on stdout, talk on stderr, an exit code of DESIGN's table.
// Never: a decision; commands take their whole world as an argument.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import pc from 'picocolors'
import { BugError, StyrminError } from '../domain/errors.ts'
import { formatProblem } from '../domain/problem.ts'
import type { DiffOptions } from './commands/diff.ts'
import type { GetOptions } from './commands/get.ts'
import type { PlanOptions } from './commands/plan.ts'
import type { RenderOptions } from './commands/render.ts'
import type { ValidateOptions } from './commands/validate.ts'
import type { WaitOptions } from './commands/wait.ts'
import type { ReachOptions } from './online.ts'
import type { UpOptions } from './up.ts'
import type { CliWorld, ExitCode } from './world.ts'

const world: CliWorld = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  color: pc.isColorSupported && process.stdout.isTTY,
  now: () => Date.now(),
  cwd: process.cwd(),
  env: process.env,
}

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', (cause: NodeJS.ErrnoException) => process.exit(cause.code === 'EPIPE' ? 0 : 4))

const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort(new Error(name)))

async function main(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = 0
  const program = build((result) => {
    code = result
  })
  try {
    await program.parseAsync(argv)
    return code
  } catch (cause) {
    return explain(cause)
  }
}

function explain(cause: unknown): ExitCode {
  if (interrupt.signal.aborted) return 130
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? 0 : 2
  if (cause instanceof StyrminError) return tell(cause)
  if (cause instanceof Error) world.err(`${cause.stack ?? cause.message}\n`)
  return tell(new BugError('STY900', String(cause), { hint: 'Report this with the text above.', cause }))
}

function tell(error: StyrminError): ExitCode {
  world.err(`${formatProblem(error.toProblem())}\n`)
  if (error.code === 'STY608') return 124
  return error.actor === 'author' || error.actor === 'operator' ? 2 : 4
}

type Finish = (code: ExitCode) => void

function build(finish: Finish): Command {
  const program = new Command('styrminctl')
    .description('Plan, check and watch deployments that are declared in git.')
    .showHelpAfterError('(run with --help for the arguments)')
    .exitOverride()
    .addHelpText('after', EXIT_CODES)
  addOffline(program, finish)
  addOnline(program, finish)
  addDriver(program, finish)
  addUp(program, finish)
  return program
}

const EXIT_CODES = `
Exit codes: 0 done, 1 differences (plan and diff), 2 bad input or usage, 3 refused by policy or precondition,
4 could not tell, 124 time-out, 130 interrupted.`

const LIST_FORMATS = ['table', 'wide', 'json', 'yaml', 'name']

function format(choices: readonly string[], fallback: string): Option {
  return new Option('-o, --output <format>', 'how the answer is written').choices(choices).default(fallback)
}

function addOffline(program: Command, finish: Finish): void {
  program
    .command('validate')
    .description('check every document of a folder, with all problems at once')
    .argument('[folder]', 'folder of the repository', '.')
    .addOption(format(['text', 'json'], 'text'))
    .action(async (folder: string, options: ValidateOptions) => {
      const { validate } = await import('./commands/validate.ts')
      finish(await validate(folder, options, world, interrupt.signal))
    })
  program
    .command('plan')
    .description('say what a change will do; without --base, what a first commit of the folder would do')
    .argument('[folder]', 'folder of the repository', '.')
    .option('--base <revision>', 'commit, branch or tag that is compared with')
    .option('--head <revision>', 'commit, branch or tag that is planned; the files as they lie there when left out')
    .addOption(format(['text', 'json'], 'text'))
    .action(async (folder: string, options: PlanOptions) => {
      const { plan } = await import('./commands/plan.ts')
      finish(await plan(folder, options, world, interrupt.signal))
    })
  program
    .command('diff')
    .description('show what differs between two commits, object by object')
    .argument('[folder]', 'folder of the repository', '.')
    .option('--base <revision>', 'commit, branch or tag that is compared with', 'HEAD')
    .option('--head <revision>', 'commit, branch or tag; the files as they lie there when left out')
    .action(async (folder: string, options: DiffOptions) => {
      const { diff } = await import('./commands/diff.ts')
      finish(await diff(folder, options, world, interrupt.signal))
    })
  program
    .command('render')
    .description('print the manifests of a deployment, as helm template would')
    .argument('<deployment>', 'environment/name')
    .argument('[folder]', 'folder of the repository', '.')
    .option('--revision <revision>', 'commit, branch or tag; the files as they lie there when left out')
    .addOption(
      new Option('--show <what>', 'what to print').choices(['manifests', 'values', 'context']).default('manifests'),
    )
    .action(async (deployment: string, folder: string, options: RenderOptions) => {
      const { render } = await import('./commands/render.ts')
      finish(await render({ deployment, folder }, options, world, interrupt.signal))
    })
}

function addOnline(program: Command, finish: Finish): void {
  const reach = (command: Command): Command =>
    command
      .option(
        '--server <url>',
        'address of the server; STYRMIN_SERVER',
        world.env['STYRMIN_SERVER'] ?? 'http://127.0.0.1:7070',
      )
      .option('--token-file <file>', 'file with the token; STYRMIN_TOKEN_FILE', world.env['STYRMIN_TOKEN_FILE'])
  reach(program.command('get'))
    .description('list clusters, environments, deployments, instances, plans, runs, commits or problems')
    .argument('<kind>', 'what to list')
    .argument('[name]', 'only this one')
    .option('-n, --environment <name>', 'only of this environment')
    .addOption(format(LIST_FORMATS, 'table'))
    .action(async (kind: string, name: string | undefined, options: GetOptions) => {
      const { get } = await import('./commands/get.ts')
      finish(await get({ kind, ...(name === undefined ? {} : { name }) }, options, world, interrupt.signal))
    })
  reach(program.command('describe'))
    .description('say everything about a deployment: state, components, runs, problems')
    .argument('<deployment>', 'environment/name')
    .action(async (deployment: string, options: ReachOptions) => {
      const { describe } = await import('./commands/describe.ts')
      finish(await describe(deployment, options, world, interrupt.signal))
    })
  reach(program.command('wait'))
    .description('wait until deployments are ready at the digest their newest commit asks for')
    .argument('[deployment...]', 'environment/name; all when left out')
    .option('--for <what>', 'ready, or commit=<sha> for everything of a commit', 'ready')
    .option('--timeout <seconds>', 'how long at most', seconds, 300)
    .action(async (deployments: readonly string[], options: WaitOptions) => {
      const { wait } = await import('./commands/wait.ts')
      finish(await wait(deployments, options, world, interrupt.signal))
    })
}

function seconds(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('give a number of seconds above 0')
  return value
}

function addDriver(program: Command, finish: Finish): void {
  program
    .command('driver')
    .description('work with application drivers')
    .command('add')
    .description('put a bundled driver into a repository, under drivers/<name>')
    .argument('<name>', 'name of the driver')
    .argument('[folder]', 'folder of the repository', '.')
    .action(async (name: string, folder: string) => {
      const { driverAdd } = await import('./commands/driver-add.ts')
      finish(await driverAdd(name, { folder }, world))
    })
}

function addUp(program: Command, finish: Finish): void {
  program
    .command('up')
    .description('run server, agents and a sandbox cluster in one process, on a repository')
    .argument('[repository]', 'local repository or its HTTP address', '.')
    .option('--branch <name>', 'branch that is followed', 'main')
    .option('--sandbox', 'a sandbox cluster for each Cluster document (the default without --kubeconfig)')
    .option('--kubeconfig <file>', 'a real cluster instead; needs --cluster when the repository has several')
    .option('--cluster <name>', 'the Cluster document that the kubeconfig stands for')
    .option('--port <number>', 'port of GraphQL on 127.0.0.1', Number, 7070)
    .option('--data <folder>', 'where the store is kept; a temporary folder when left out')
    .option('--notes', 'write git notes into the repository')
    .action(async (repository: string, options: UpOptions) => {
      const { up } = await import('./up.ts')
      finish(await up(repository, options, world, interrupt.signal))
    })
}

process.exitCode = await main(process.argv)
